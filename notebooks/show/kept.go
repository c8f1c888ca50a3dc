package show

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

// Kept returns the results of an experiment that are kept in the project, in notebooks/results,
// such as "05_search": nothing is searched again. A copy of a notebook elsewhere finds them too.
func Kept(name string) (*experiment.Results, error) {
	_, source, _, _ := runtime.Caller(0) // cells are compiled from the project's source
	r, err := experiment.Load(filepath.Join(filepath.Dir(source), "..", "results", name))
	if err != nil {
		return nil, fmt.Errorf("no results of an experiment %q are kept: %w", name, err)
	}
	return r, nil
}

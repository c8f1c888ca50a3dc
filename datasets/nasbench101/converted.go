package nasbench101

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// converted is what a source holds as it is kept in the cache, by source.WriteConverted.
type converted struct {
	Version    int
	Stamp      string // of the source
	Accuracies *accuracies
}

// convertedVersion changes whenever an older file would be misread.
const convertedVersion = 2

func convertedPath(s Source) string { return cached(s.id() + ".table") }

// loadConverted returns the accuracies in the cache, or nil if there are none that can be used. It says
// on progress why a file that is there cannot be used.
func loadConverted(s Source, progress io.Writer) *accuracies {
	path, stamp := convertedPath(s), s.stamp()
	if stamp == "" {
		return nil
	}
	a, err := loadFrom(path, stamp)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(progress, "%s cannot be used and is made anew: %v\n", path, err)
		}
		return nil
	}
	return a
}

func loadFrom(path, stamp string) (*accuracies, error) {
	var c converted
	if err := source.ReadConverted(path, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Version != convertedVersion:
		return nil, fmt.Errorf("it has version %d, want %d", c.Version, convertedVersion)
	case c.Stamp != stamp:
		return nil, errors.New("its source has changed")
	}
	return c.Accuracies, nil
}

// saveConverted keeps the accuracies in the cache. It says on progress if that fails, since they are good
// nevertheless.
func (a *accuracies) saveConverted(s Source, progress io.Writer) {
	c := converted{convertedVersion, s.stamp(), a}
	if err := c.write(convertedPath(s)); err != nil {
		fmt.Fprintf(progress, "the table will be converted again next time: %v\n", err)
	}
}

func (c converted) write(path string) error { return source.WriteConverted(path, c) }

package nasbench101

import (
	"io"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// converted is what a source holds as it is kept in the cache, by source.WriteConverted.
type converted struct {
	Version    int
	Stamp      string // of the source
	Accuracies *accuracies
}

const convertedVersion = 2

func convertedPath(s Source) string { return cached(s.id() + ".table") }

// loadConverted returns the accuracies in the cache, or nil if there are none that can be used.
func loadConverted(s Source, progress io.Writer) *accuracies {
	var c converted
	origin := source.Origin{Version: convertedVersion, Stamp: s.stamp()}
	if origin.Stamp == "" || !source.LoadConverted(convertedPath(s), &c, progress, func() error {
		return origin.Check(source.Origin{Version: c.Version, Stamp: c.Stamp})
	}) {
		return nil
	}
	return c.Accuracies
}

func (a *accuracies) saveConverted(s Source, progress io.Writer) {
	source.SaveConverted(convertedPath(s), converted{convertedVersion, s.stamp(), a}, progress)
}

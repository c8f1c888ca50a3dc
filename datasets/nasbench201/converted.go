package nasbench201

import (
	"fmt"
	"io"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// converted is a table as it is kept in the cache, by source.WriteConverted.
type converted struct {
	Version int
	Stamp   string // of the source
	HasTest bool
	Records []datasets.Record
	Seconds []float64
}

const convertedVersion = 2

func convertedPath(d dataSet, s Source) string { return cached(d.name + "-" + s.id() + ".table") }

// loadConverted returns the table in the cache, or nil if there is none that can be used.
func loadConverted(d dataSet, s Source, progress io.Writer) *Table {
	var c converted
	var t *Table
	origin := source.Origin{Version: convertedVersion, Stamp: s.stamp()}
	if origin.Stamp == "" || !source.LoadConverted(convertedPath(d, s), &c, progress, func() error {
		if err := origin.Check(source.Origin{Version: c.Version, Stamp: c.Stamp}); err != nil {
			return err
		}
		if len(c.Records) != NumCells {
			return fmt.Errorf("it has %d cells, want %d", len(c.Records), NumCells)
		}
		t = &Table{data: d, source: s.Info().Name, hasTest: c.HasTest, records: c.Records, seconds: c.Seconds}
		return t.check()
	}) {
		return nil
	}
	return t
}

func (t *Table) saveConverted(s Source, progress io.Writer) {
	c := converted{convertedVersion, s.stamp(), t.hasTest, t.records, t.seconds}
	source.SaveConverted(convertedPath(t.data, s), c, progress)
}

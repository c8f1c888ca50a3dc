package nasbench201

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

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

// convertedVersion changes whenever an older file would be misread.
const convertedVersion = 2

func convertedPath(d dataSet, s Source) string { return cached(d.name + "-" + s.id() + ".table") }

// loadConverted returns the table in the cache, or nil if there is none that can be used. It says on
// progress why a file that is there cannot be used.
func loadConverted(d dataSet, s Source, progress io.Writer) *Table {
	path, stamp := convertedPath(d, s), s.stamp()
	if stamp == "" {
		return nil
	}
	t, err := loadFrom(path, stamp, d, s)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(progress, "%s cannot be used and is made anew: %v\n", path, err)
		}
		return nil
	}
	return t
}

func loadFrom(path, stamp string, d dataSet, s Source) (*Table, error) {
	var c converted
	if err := source.ReadConverted(path, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Version != convertedVersion:
		return nil, fmt.Errorf("it has version %d, want %d", c.Version, convertedVersion)
	case c.Stamp != stamp:
		return nil, errors.New("its source has changed")
	case len(c.Records) != NumCells:
		return nil, fmt.Errorf("it has %d cells, want %d", len(c.Records), NumCells)
	}
	t := &Table{data: d, source: s.Info().Name, hasTest: c.HasTest, records: c.Records, seconds: c.Seconds}
	return t, t.check()
}

// saveConverted keeps the table in the cache. It says on progress if that fails, since the table is
// good nevertheless.
func (t *Table) saveConverted(s Source, progress io.Writer) {
	c := converted{convertedVersion, s.stamp(), t.hasTest, t.records, t.seconds}
	if err := c.write(convertedPath(t.data, s)); err != nil {
		fmt.Fprintf(progress, "the table will be converted again next time: %v\n", err)
	}
}

func (c converted) write(path string) error { return source.WriteConverted(path, c) }

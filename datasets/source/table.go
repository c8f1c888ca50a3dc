package source

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
)

// maxTable is far above the size of any table. What follows is cut off.
const maxTable = 256 << 20

// NewTable reads the header of a gzipped CSV file, and returns it with a reader of its rows, which are valid until the next
// one is read.
func NewTable(file io.Reader) (table *csv.Reader, header []string, err error) {
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, nil, err
	}
	table = csv.NewReader(io.LimitReader(unzipped, maxTable))
	header, err = table.Read()
	table.ReuseRecord = true
	return table, header, err
}

// Columns returns where columns stand in a header, by name. The error names the first that is missing.
func Columns(header []string, names ...string) (map[string]int, error) {
	columns := make(map[string]int, len(names))
	for _, name := range names {
		i := slices.Index(header, name)
		if i < 0 {
			return nil, fmt.Errorf("there is no column %s", name)
		}
		columns[name] = i
	}
	return columns, nil
}

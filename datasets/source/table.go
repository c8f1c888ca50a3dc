package source

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// maxTable is far above the size of any table. What follows is cut off.
const maxTable = 256 << 20

// NewTable reads the header of a gzipped CSV file, and returns it with a reader of its rows, which
// are valid until the next one is read.
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

// Columns returns where columns stand in a header, by name. The error names the first that is
// missing.
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

// ReadTable calls header with the header of a gzipped CSV file and row with each of its rows,
// which are valid until the next one is read. Errors of row are returned with the line.
func ReadTable(ctx context.Context, path string, header, row func(fields []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	table, names, err := NewTable(file)
	if err == nil {
		err = header(names)
	}
	if err != nil {
		return err
	}
	for {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := row(fields); err != nil {
			line, _ := table.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// ReadColumns is ReadTable for a table that must have these columns. row gets a function for the
// text in a column.
func ReadColumns(ctx context.Context, path string, names []string, row func(field func(column string) string) error) error {
	var columns map[string]int
	header := func(fields []string) (err error) {
		columns, err = Columns(fields, names...)
		return err
	}
	return ReadTable(ctx, path, header, func(fields []string) error {
		return row(func(column string) string { return fields[columns[column]] })
	})
}

// ReadMaybeGzipped returns the content of a file, or of the one with .gz behind its name if there
// is no such file.
func ReadMaybeGzipped(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	file, err := os.Open(path + ".gz")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in, err := gzip.NewReader(file)
	if err == nil {
		content, err = io.ReadAll(in)
	}
	if err != nil {
		return nil, fmt.Errorf("%s.gz: %w", path, err)
	}
	return content, nil
}

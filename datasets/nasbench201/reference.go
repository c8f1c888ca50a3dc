package nasbench201

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// ReferenceCSV is the table that the test accuracies of the embedded one are made from: mean validation and test
// accuracy on all three data sets.
type ReferenceCSV struct {
	Path string // of the file, nb201.csv.gz
}

// Info implements Source.
func (s ReferenceCSV) Info() Info {
	return Info{
		Name:    "reference table nb201.csv.gz",
		Holds:   "mean validation and test accuracy over the training runs",
		Path:    s.Path,
		Present: exists(s.Path),
		Get:     "only needed to make the embedded table anew",
	}
}

func (ReferenceCSV) id() string { return "reference" }

func (s ReferenceCSV) stamp() string { return source.Stamp(s.Path) }

func (s ReferenceCSV) fetch(context.Context, io.Writer) (string, error) {
	if info := s.Info(); !info.Present {
		return "", fmt.Errorf("there is no file %s: %s", info.Path, info.Get)
	}
	return s.Path, nil
}

func (ReferenceCSV) read(_ context.Context, path string, t *Table, _ io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	table, header, err := source.NewTable(file)
	if err != nil {
		return err
	}
	val, test := t.data.column+"_val", t.data.column+"_test"
	column, err := source.Columns(header, "index", "arch_str", "ops", val, test)
	if err != nil {
		return err
	}
	t.hasTest = true
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := table.FieldPos(0)
		field := func(name string) string { return row[column[name]] }
		var r datasets.Record
		if r.Val, err = parseAccuracy(field(val)); err != nil {
			return fmt.Errorf("line %d, column %s: %w", line, val, err)
		}
		if r.Test, err = parseAccuracy(field(test)); err != nil {
			return fmt.Errorf("line %d, column %s: %w", line, test, err)
		}
		if err := t.addRow(field("index"), field("arch_str"), field("ops"), r); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func parseAccuracy(s string) (float64, error) {
	accuracy, err := strconv.ParseFloat(s, 64)
	if err != nil || !validAccuracy(accuracy) {
		return 0, fmt.Errorf("accuracy is %q, want a number from 0 to 100", s)
	}
	return accuracy, nil
}

func (t *Table) addRow(index, name, digits string, r datasets.Record) error {
	cell, err := ParseCell(name)
	if err != nil {
		return err
	}
	byDigits, err := parseDigits(digits)
	if err != nil {
		return err
	}
	if want := strconv.Itoa(Space{}.Index(cell)); index != want || byDigits != cell {
		return fmt.Errorf("index %s, operations %s and cell %v do not agree: that cell has index %s and operations %s",
			index, digits, cell, want, cell.Digits())
	}
	return t.add(cell, r)
}

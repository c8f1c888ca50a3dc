package nasbench201

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// ReferenceCSV is the table that the test accuracies of the embedded one are made from: mean
// validation and test accuracy on all three data sets.
type ReferenceCSV struct {
	Path string // of the file, nb201.csv.gz
}

// Info implements Source.
func (s ReferenceCSV) Info() Info {
	return source.ReferenceTable(s.Path, "nb201.csv.gz", "mean validation and test accuracy over the training runs")
}

func (ReferenceCSV) id() string { return "reference" }

func (s ReferenceCSV) stamp() string { return source.Stamp(s.Path) }

func (s ReferenceCSV) fetch(context.Context, io.Writer) (string, error) {
	return s.Info().There("file")
}

func (ReferenceCSV) read(ctx context.Context, path string, t *Table, _ io.Writer) error {
	val, test := t.data.column+"_val", t.data.column+"_test"
	t.hasTest = true
	columns := []string{"index", "arch_str", "ops", val, test}
	return source.ReadColumns(ctx, path, columns, func(field func(column string) string) (err error) {
		var r datasets.Record
		if r.Val, err = parseAccuracy(field(val)); err != nil {
			return fmt.Errorf("column %s: %w", val, err)
		}
		if r.Test, err = parseAccuracy(field(test)); err != nil {
			return fmt.Errorf("column %s: %w", test, err)
		}
		return t.addRow(field("index"), field("arch_str"), field("ops"), r)
	})
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

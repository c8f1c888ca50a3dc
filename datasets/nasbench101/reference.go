package nasbench101

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// ReferenceCSV is the table that the embedded one is made from: mean test accuracy of all cells,
// and the validation accuracy of one training run of 30,001 of them.
type ReferenceCSV struct {
	Path string // of the file, nb101.csv.gz
}

// Info implements Source.
func (s ReferenceCSV) Info() Info {
	return source.ReferenceTable(s.Path, "nb101.csv.gz",
		"mean test accuracy over three training runs; validation accuracy of one run of 30,001 cells")
}

func (ReferenceCSV) id() string { return "reference" }

func (s ReferenceCSV) stamp() string { return source.Stamp(s.Path) }

func (ReferenceCSV) valRuns() int { return 1 }

func (s ReferenceCSV) fetch(context.Context, io.Writer) (string, error) {
	return s.Info().There("file")
}

func (s ReferenceCSV) read(ctx context.Context, path string, _ io.Writer) (*accuracies, error) {
	a := newAccuracies(s.valRuns(), 0)
	columns := []string{"hash", "n", "adj", "ops", "test_acc", "val_acc_1run"}
	if err := source.ReadColumns(ctx, path, columns, a.addRow); err != nil {
		return nil, err
	}
	return a, nil
}

// addRow adds the values of one cell; field returns the text in a column.
func (a *accuracies) addRow(field func(column string) string) error {
	c, err := parseRow(field("n"), field("adj"), field("ops"))
	if err != nil {
		return err
	}
	i, err := identify(field("hash"), c)
	if err != nil {
		return err
	}
	if !math.IsNaN(a.Test[i]) {
		return fmt.Errorf("hash %s occurs twice", field("hash"))
	}
	if a.Test[i], err = parseAccuracy(field("test_acc")); err != nil {
		return fmt.Errorf("column test_acc: %w", err)
	}
	if val := field("val_acc_1run"); val != "" {
		if a.Val[i], err = parseAccuracy(val); err != nil {
			return fmt.Errorf("column val_acc_1run: %w", err)
		}
	}
	return nil
}

// parseRow reads a cell from the number of its vertices, its matrix above the diagonal, row by row,
// and the digits of its inner operations.
func parseRow(n, matrix, operations string) (Cell, error) {
	vertices, err := strconv.Atoi(n)
	if err != nil || vertices < 2 || vertices > MaxVertices {
		return Cell{}, fmt.Errorf("%q vertices, want 2 to %d", n, MaxVertices)
	}
	if want := vertices * (vertices - 1) / 2; len(matrix) != want || len(operations) != vertices-2 {
		return Cell{}, fmt.Errorf("matrix %q and operations %q, want %d and %d digits for %d vertices",
			matrix, operations, want, vertices-2, vertices)
	}
	g := graph{n: vertices}
	g.ops[0], g.ops[vertices-1] = Input, Output
	for i, digit := range []byte(operations) {
		if digit < '0' || digit > '2' {
			return Cell{}, fmt.Errorf("unknown operation %q, want a digit from 0 to 2", digit)
		}
		g.ops[i+1] = Conv3x3 + Op(digit-'0')
	}
	i := 0
	for x := range vertices {
		for y := x + 1; y < vertices; y++ {
			switch matrix[i] {
			case '1':
				g.add(x, y)
			case '0':
			default:
				return Cell{}, fmt.Errorf("the matrix has a %q, want 0 or 1", matrix[i])
			}
			i++
		}
	}
	return g.cell()
}

// parseAccuracy reads a fraction and returns it in percent.
func parseAccuracy(s string) (float64, error) {
	accuracy, err := strconv.ParseFloat(s, 64)
	if err != nil || !(accuracy >= 0 && accuracy <= 1) {
		return 0, fmt.Errorf("accuracy is %q, want a number from 0 to 1", s)
	}
	return 100 * accuracy, nil
}

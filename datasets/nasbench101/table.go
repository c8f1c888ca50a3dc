package nasbench101

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

// protocol says which accuracies a search is given as validation accuracies.
type protocol struct {
	name    string
	title   string // for figures
	valRuns int    // training runs with validation accuracy that a source must have; 0 if none are needed
}

const testAsLabel = "test-as-label"

var protocols = []protocol{
	{"validation", "validation mean of three runs", numRuns},
	{testAsLabel, "test as label, all cells", 0},
	{"single-run", "single-run validation, 30,001 cells", 1},
}

// Protocols returns the names of the protocols that Open knows:
//
//   - validation: the search sees the validation accuracy, mean of three runs, and the report shows the test
//     accuracy, as the benchmark's authors have it. It needs an official file: [TFRecord], or
//     [AuthorsJSON] with the means alone.
//   - test-as-label: the search sees the test accuracy itself, mean of three runs. Its results say
//     how well a search optimises, not how well it would do on unseen data.
//   - single-run: the search sees the validation accuracy of one run, and its space is the 30,001 cells
//     of which it is known. The embedded table has it, no file of the benchmark's.
func Protocols() []string {
	names := make([]string, len(protocols))
	for i, p := range protocols {
		names[i] = p.name
	}
	return names
}

// Table holds the accuracies of cells on CIFAR-10 after 108 epochs, under one protocol. It
// implements [datasets.Benchmark].
type Table struct {
	protocol  protocol
	source    string
	space     Space
	val, test []float64 // means by position of the cell among all, in the order of Enumerate
	runs      []float64 // of label, perCell for each cell
	perCell   int
	best      float64
}

var _ datasets.Benchmark = (*Table)(nil)

// Open returns the table under one of the [Protocols]. A nil source is the embedded table, which
// needs no file, or for the protocol validation the [TFRecord].
//
// What another source holds is read once, checked, and kept in compact form below
// source.CacheDir(); a kept file that is damaged, or older than its source, is made anew. What is
// fetched, read or made anew is told on progress, which may be nil.
//
// The table is complete and checked: all 423,624 cells once each, every hash that of its cell,
// accuracies within 0 and 100, the known best cells with their values, the known means of all
// cells.
func Open(ctx context.Context, protocol string, source Source, progress io.Writer) (*Table, error) {
	if progress == nil {
		progress = io.Discard
	}
	i := slices.Index(Protocols(), protocol)
	if i < 0 {
		return nil, fmt.Errorf("open NAS-Bench-101: unknown protocol %q, want one of %s", protocol, strings.Join(Protocols(), ", "))
	}
	p := protocols[i]
	if source == nil && p.valRuns == numRuns {
		source = TFRecord{}
	}
	name, a, err := Embedded().Name, (*accuracies)(nil), error(nil)
	if source == nil {
		a, err = embedded()
	} else {
		name = source.Info().Name
		a, err = open(ctx, p, source, progress)
	}
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-101, %s: %w", protocol, err)
	}
	return newTable(p, name, a), nil
}

// open returns what a source holds, from the cache if it is there.
func open(ctx context.Context, p protocol, source Source, progress io.Writer) (*accuracies, error) {
	if _, err := cacheDir(); err != nil {
		return nil, err
	}
	if p.valRuns != 0 && p.valRuns != source.valRuns() {
		return nil, fmt.Errorf("it needs %s; the %s does not have that, but %s: use no source, or another protocol",
			p.title, source.Info().Name, source.Info().Holds)
	}
	if a := loadConverted(source, progress); a != nil {
		return a, nil
	}
	path, err := source.fetch(ctx, progress)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "reading %s\n", path)
	a, err := source.read(ctx, path, progress)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, source.Info().Damaged(fmt.Errorf("%s: %w", path, err))
	}
	a.saveConverted(source, progress)
	return a, nil
}

// newTable returns the table that a protocol makes of complete accuracies.
func newTable(p protocol, source string, a *accuracies) *Table {
	t := &Table{protocol: p, source: source}
	test := means(a.Test, a.TestRuns)
	switch p.valRuns {
	case 0:
		t.val, t.test = test, test
		if t.perCell = a.TestRuns; t.perCell > 0 {
			t.runs = a.Test
		}
	case 1:
		var known []int
		for i, v := range a.Val {
			if !math.IsNaN(v) {
				known = append(known, i)
			}
		}
		t.space = subspace(known)
		t.val, t.test = a.Val, test
		t.runs, t.perCell = t.val, 1
	default:
		t.val, t.test = means(a.Val, a.ValRuns), test
		t.runs, t.perCell = a.Val, a.ValRuns
	}
	t.best = highest(t.val)
	return t
}

// highest returns the highest of values that are not NaN.
func highest(values []float64) float64 {
	best := math.Inf(-1)
	for _, v := range values {
		if v > best {
			best = v
		}
	}
	return best
}

// means returns the mean of the values of each cell.
func means(values []float64, runs int) []float64 {
	if runs <= 1 {
		return values
	}
	m := make([]float64, len(values)/runs)
	for i := range m {
		m[i] = stat.Mean(values[i*runs:][:runs], nil)
	}
	return m
}

// Name returns the name of the benchmark with its protocol, such as "NAS-Bench-101, test as label,
// all cells".
func (t *Table) Name() string { return "NAS-Bench-101, " + t.protocol.title }

// Source says where the accuracies come from.
func (t *Table) Source() string { return t.source }

// Space returns the cells that the table has labels for: all, but under the protocol single-run.
func (t *Table) Space() datasets.Space { return t.space }

// Lookup returns the accuracies of a. The error says that a is not in the table's space.
func (t *Table) Lookup(a datasets.Arch) (datasets.Record, error) {
	c, ok := a.(Cell)
	if !ok || c == (Cell{}) {
		return datasets.Record{}, fmt.Errorf("%T %v is not a cell of NAS-Bench-101", a, a)
	}
	i, ok := allCells().position(c)
	if !ok || math.IsNaN(t.val[i]) {
		return datasets.Record{}, fmt.Errorf("cell %v: %w, %s", c, ErrNotInSpace, t.space.Name())
	}
	first, end := i*t.perCell, (i+1)*t.perCell
	return datasets.Record{Val: t.val[i], Test: t.test[i], Runs: t.runs[first:end:end]}, nil
}

// HasTest returns true.
func (t *Table) HasTest() bool { return true }

// Best returns the highest label of any cell, mean of its runs, in percent.
func (t *Table) Best() float64 { return t.best }

// facts are known of the accuracies of cells, means over training runs.
type facts struct {
	what  string
	cells int     // number of cells that have one
	best  float64 // in percent
	hash  string  // of the best cell; empty if not known
	mean  float64 // over all cells, in percent; 0 if not known
}

// What a right file holds. The best means of three runs are also in the code of Bayesian
// optimisation benchmarks on this data set (y_star_valid and y_star_test of automl/nas_benchmarks,
// tabular_benchmarks/nas_cifar10.py).
var (
	testFacts       = facts{"test", NumCells, 94.317576, "02e5a0247bbdcf2860b7e96f74961594", 89.679846}
	validationFacts = facts{"validation", NumCells, 95.055423, "", 0}
	singleRunFacts  = facts{"validation", 30_001, 94.91186, "096f593e0f12d65f6220bf8565b764a9", 91.045568}
)

// check returns an error unless the accuracies are complete and agree with what is known of them.
func (a *accuracies) check() error {
	if err := testFacts.check(a.Test, a.TestRuns); err != nil {
		return err
	}
	if a.ValRuns != 1 {
		return validationFacts.check(a.Val, a.ValRuns)
	}
	return singleRunFacts.check(a.Val, a.ValRuns)
}

func (f facts) check(values []float64, runs int) error {
	// Sources round to 7 decimals of a fraction at the most, which moves a mean over all cells by
	// 1e-8.
	const rounding, drift = 1e-5, 1e-6
	values = means(values, runs)
	hash := func(i int) string { return Cell{allCodes()[i]}.Hash() }
	name := func(i int) string { return fmt.Sprintf("cell %v, hash %s", Cell{allCodes()[i]}, hash(i)) }
	n, best, sum, first := 0, 0, 0.0, -1
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			if first < 0 {
				first = i
			}
			continue
		case v > values[best] || math.IsNaN(values[best]):
			best = i
		}
		n++
		sum += v
	}
	switch {
	case n < f.cells:
		return fmt.Errorf("has the %s accuracy of %d cells, want %d; the first without is %s", f.what, n, f.cells, name(first))
	case n > f.cells:
		return fmt.Errorf("has the %s accuracy of %d cells, want %d", f.what, n, f.cells)
	case math.Abs(values[best]-f.best) > rounding || f.hash != "" && hash(best) != f.hash:
		want := fmt.Sprintf("%.4f", f.best)
		if f.hash != "" {
			want += " of hash " + f.hash
		}
		return fmt.Errorf("best %s accuracy is %.4f, of %s, want %s", f.what, values[best], name(best), want)
	case f.mean != 0 && math.Abs(sum/float64(n)-f.mean) > drift:
		return fmt.Errorf("mean %s accuracy of all cells is %.6f, want %.6f: a value was altered", f.what, sum/float64(n), f.mean)
	}
	return nil
}

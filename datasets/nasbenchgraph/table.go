package nasbenchgraph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

// dataSet is what is known beforehand of one of the nine data sets.
type dataSet struct {
	name, title string
	testUnits   float64 // what 100 % of test accuracy are, and all others a whole number of
	space       Space
}

// On eight data sets the units of test accuracy are the nodes of the test set in three runs: the
// least number that makes all accuracies whole, and the size of the usual split. On proteins it is
// an area under a curve, of which 9 decimals are kept.
var dataSets = []dataSet{
	{"cora", "Cora", runs * 1000, Space{}},
	{"citeseer", "CiteSeer", runs * 1000, Space{}},
	{"pubmed", "PubMed", runs * 1000, Space{}},
	{"cs", "Coauthor-CS", runs * 17_583, Space{}},
	{"physics", "Coauthor-Physics", runs * 34_243, Space{}},
	{"photo", "Amazon-Photo", runs * 7087, Space{}},
	{"computers", "Amazon-Computers", runs * 12_881, Space{}},
	{"arxiv", "ogbn-arxiv", runs * 48_603, Space{}},
	{"proteins", "ogbn-proteins", 1e9, Proteins()},
}

// DataSets returns the names of the data sets that Open knows, in the words of the benchmark.
func DataSets() []string {
	names := make([]string, len(dataSets))
	for i, d := range dataSets {
		names[i] = d.name
	}
	return names
}

func find(name string) (dataSet, error) {
	i := slices.IndexFunc(dataSets, func(d dataSet) bool { return d.name == name })
	if i < 0 {
		return dataSet{}, fmt.Errorf("unknown data set %q, want one of %s", name, strings.Join(DataSets(), ", "))
	}
	return dataSets[i], nil
}

// Table holds the accuracies of all architectures on one data set, and what they cost. It
// implements [datasets.Benchmark].
//
// Validation is valid_perf of the benchmark's files, test is perf; both are means of three
// training runs, which the files do not tell apart. On proteins they are areas under the receiver
// operating characteristic, in percent too. The search scripts of the benchmark's package take
// perf, the test accuracy, for their label: what they reach is not to be compared with a search
// here.
//
// Among the best, validation says little of test. Their correlation over the best 100
// architectures is -0.04 to 0.37, by data set, and -0.26 over the best 50 on proteins; over all it
// is 0.34 on PubMed and 0.64 to 0.99 on the others.
type Table struct {
	data   dataSet
	source string

	// By index in the space: accuracies in percent, milliseconds, millions of parameters.
	val, test, latency, parameters []float64
}

var _ datasets.Benchmark = (*Table)(nil)

// Open returns the embedded table of a data set, one of [DataSets]. The error says that there is
// no such data set.
func Open(dataSet string) (*Table, error) {
	d, err := find(dataSet)
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-Graph: %w", err)
	}
	t, err := embedded(d)
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-Graph %s: %w", dataSet, err)
	}
	return t, nil
}

// Name returns the name of benchmark and data set, such as "NAS-Bench-Graph Cora".
func (t *Table) Name() string { return "NAS-Bench-Graph " + t.data.title }

// Source returns the name of what the table was read from.
func (t *Table) Source() string { return t.source }

// Space returns Space{}, or [Proteins] for the data set proteins.
func (t *Table) Space() datasets.Space { return t.data.space }

// Lookup returns the accuracies of an [Arch], means of three runs in percent. The error says that
// it is not in the table's space.
func (t *Table) Lookup(a datasets.Arch) (datasets.Record, error) {
	i, err := t.index(a)
	if err != nil {
		return datasets.Record{}, err
	}
	return datasets.Record{Val: t.val[i], Test: t.test[i]}, nil
}

func (t *Table) index(a datasets.Arch) (int, error) {
	arch, ok := a.(Arch)
	if !ok {
		return 0, fmt.Errorf("%v (%T) is not an architecture of NAS-Bench-Graph", a, a)
	}
	if err := t.data.space.check(arch); err != nil {
		return 0, fmt.Errorf("%v is not in %s: %w", a, t.Name(), err)
	}
	return t.data.space.Index(arch), nil
}

// HasTest returns true.
func (t *Table) HasTest() bool { return true }

// Best returns the highest validation accuracy of any architecture, in percent.
func (t *Table) Best() float64 { return slices.Max(t.val) }

// Latency returns the latency of a network in milliseconds, as the authors measured it.
func (t *Table) Latency(a datasets.Arch) (float64, error) { return t.cost(t.latency, a) }

// Parameters returns the number of weights of a network, in millions. On physics some differ
// between the three runs; it is their mean.
func (t *Table) Parameters(a datasets.Arch) (float64, error) { return t.cost(t.parameters, a) }

func (t *Table) cost(values []float64, a datasets.Arch) (float64, error) {
	i, err := t.index(a)
	if err != nil {
		return 0, err
	}
	return values[i], nil
}

// WithLatency returns the table for searches of accuracy and latency.
func (t *Table) WithLatency() datasets.CostBenchmark {
	return datasets.OnDevice(t, "the authors' machine", t.Latency)
}

// WithParameters returns the table for searches of accuracy and few weights.
func (t *Table) WithParameters() datasets.CostBenchmark { return &withParameters{t} }

type withParameters struct{ *Table }

func (t *withParameters) Name() string { return t.Table.Name() + " with parameters" }

func (t *withParameters) Cost(a datasets.Arch) (float64, error) { return t.Parameters(a) }

func (t *withParameters) CostName() string { return "parameters (millions)" }

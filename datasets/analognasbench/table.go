// Package analognasbench is the benchmark AnalogNAS-Bench (arXiv 2506.18495): all 15,625 cells of
// NAS-Bench-201 with the accuracy of their networks on CIFAR-10, on digital hardware and on
// analogue in-memory hardware, whose weights are noisy and drift with time.
//
// The space is [nasbench201.Space]; [Open] adds how good its cells are by one of 13 measures, from
// the embedded table:
//
//	table, err := analognasbench.Open("analog_30d")
//	oracle, err := datasets.NewOracle(table, 100, datasets.MeanLabel)
package analognasbench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// dataSet is one of the accuracies that the benchmark has of a cell.
type dataSet struct {
	name, title string
	attribute   string // in the benchmark's file
	drift       bool   // there is a standard deviation beside the mean
}

var dataSets = []dataSet{
	{"baseline", "digital", "baseline_accuracy", false},
	{"ptq", "digital, quantised after training", "ptq_accuracy", false},
	{"qat", "digital, trained for quantisation", "qat_accuracy", false},
	{"noisy", "analogue", "noisy_accuracy", false},
	{"noisy_60s", "analogue after 60 s", "baseline_drift_60", true},
	{"noisy_1h", "analogue after 1 h", "baseline_drift_3600", true},
	{"noisy_1d", "analogue after 1 day", "baseline_drift_86400", true},
	{"noisy_30d", "analogue after 30 days", "baseline_drift_2592000", true},
	{"analog", "trained for analogue", "analog_accuracy", false},
	{"analog_60s", "trained for analogue after 60 s", "analog_drift_60", true},
	{"analog_1h", "trained for analogue after 1 h", "analog_drift_3600", true},
	{"analog_1d", "trained for analogue after 1 day", "analog_drift_86400", true},
	{"analog_30d", "trained for analogue after 30 days", "analog_drift_2592000", true},
}

// DataSets returns the names of the accuracies that Open knows:
//
//   - baseline, ptq, qat: on digital hardware, with weights as they are, quantised after training,
//     and trained with quantisation
//   - noisy, and noisy_60s, noisy_1h, noisy_1d, noisy_30d: the baseline's networks on analogue
//     hardware, at once and after so much time; these are noisy_drift in the benchmark's README,
//     and baseline_drift in its file
//   - analog, and analog_60s, analog_1h, analog_1d, analog_30d: the same of networks that were
//     trained for analogue hardware
func DataSets() []string {
	names := make([]string, len(dataSets))
	for i, d := range dataSets {
		names[i] = d.name
	}
	return names
}

// Table holds one accuracy of all cells, in percent. It implements [datasets.Benchmark].
//
// The benchmark reports one number for each cell and kind, and has no validation accuracies: test
// accuracies apart from that number do not exist. It is Record.Val here, the label, and HasTest is
// false. By its steps of 1/25 of an image it is the mean of 25 evaluations on 10,000 images.
//
// So what a search finds is the best that it saw, luck included. Cells with the same network, see
// [nasbench201.Space.Class], differ: in the better half, by a standard deviation of 0.2 points
// (baseline, ptq), 0.9 (qat, analog), 2.1 (analog_30d) and about 5 (noisy, noisy_30d).
type Table struct {
	data      dataSet
	source    string
	accuracy  []float64 // by official index, in percent
	deviation []float64 // nil if the benchmark has none
}

var _ datasets.Benchmark = (*Table)(nil)

// Open returns the embedded table of an accuracy, one of [DataSets]. The error says that there is
// no such accuracy.
func Open(dataSet string) (*Table, error) {
	i := slices.Index(DataSets(), dataSet)
	if i < 0 {
		return nil, fmt.Errorf("open AnalogNAS-Bench: unknown accuracy %q, want one of %s", dataSet, strings.Join(DataSets(), ", "))
	}
	t, err := embedded(dataSets[i])
	if err != nil {
		return nil, fmt.Errorf("open AnalogNAS-Bench %s: %w", dataSet, err)
	}
	return t, nil
}

// Name returns the name of the benchmark and the accuracy, such as "AnalogNAS-Bench analogue after
// 30 days".
func (t *Table) Name() string { return "AnalogNAS-Bench " + t.data.title }

// Source returns the name of what the table was read from.
func (t *Table) Source() string { return t.source }

// Space returns a [nasbench201.Space].
func (t *Table) Space() datasets.Space { return nasbench201.Space{} }

// Lookup returns the accuracy of a [nasbench201.Cell] as Val; Test is NaN. The error says that it
// is not a cell.
func (t *Table) Lookup(a datasets.Arch) (datasets.Record, error) {
	i, err := index(a)
	if err != nil {
		return datasets.Record{}, err
	}
	return datasets.Record{Val: t.accuracy[i], Test: math.NaN()}, nil
}

func index(a datasets.Arch) (int, error) {
	cell, ok := a.(nasbench201.Cell)
	if !ok || slices.Max(cell[:]) >= nasbench201.NumOps {
		return 0, fmt.Errorf("%v (%T) is not a cell of NAS-Bench-201", a, a)
	}
	return nasbench201.Space{}.Index(cell), nil
}

// HasTest returns false: the benchmark has one accuracy of each kind, and it is the label.
func (t *Table) HasTest() bool { return false }

// Best returns the highest accuracy of any cell, in percent.
func (t *Table) Best() float64 { return slices.Max(t.accuracy) }

// Deviation returns the standard deviation that the benchmark reports beside the accuracy of a
// cell, in percentage points. It has one for accuracies after some time alone; the error says so,
// or that a is not a cell.
func (t *Table) Deviation(a datasets.Arch) (float64, error) {
	if t.deviation == nil {
		return 0, fmt.Errorf("%s has no standard deviations, but accuracies after some time have", t.Name())
	}
	i, err := index(a)
	if err != nil {
		return 0, err
	}
	return t.deviation[i], nil
}

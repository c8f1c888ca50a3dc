package experiment

import (
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// separable is a benchmark on the genotypes of NAS-Bench-301 with made-up accuracies: five points
// for each separable convolution and two for each edge from the first input. As with the surrogate,
// nobody tells the best.
type separable struct{}

func (separable) Name() string          { return "separable" }
func (separable) Source() string        { return "made up" }
func (separable) Space() datasets.Space { return nasbench301.Space{} }
func (separable) HasTest() bool         { return false }
func (separable) Best() float64         { return math.NaN() }

func (separable) Lookup(a datasets.Arch) (datasets.Record, error) {
	g, val := a.(nasbench301.Genotype), 0.0
	for _, c := range []nasbench301.Cell{g.Normal, g.Reduce} {
		for _, edge := range c {
			if edge.Op == nasbench301.SepConv3x3 || edge.Op == nasbench301.SepConv5x5 {
				val += 5
			}
			if edge.From == 0 {
				val += 2
			}
		}
	}
	return datasets.Record{Val: val, Test: math.NaN()}, nil
}

// All rivals search a space of 10^18 architectures, and those that learn anything beat random
// search.
func TestRivalsOnNASBench301(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	plan := Plan{
		Methods: []Method{
			{Name: "random search", Searcher: search.Random{}},
			{Name: "evolution", Searcher: search.SmallEvolution()},
			{Name: "local search", Searcher: search.LocalSearch{}},
			{Name: "BANANAS on edges", Searcher: search.BANANAS{Epochs: 40}},
			{Name: "BANANAS on paths", Searcher: search.BANANAS{Epochs: 40, Encoding: nasbench301.PathEncoding}},
			{Name: "Gaussian process", Searcher: search.GaussianProcess{}},
		},
		Benchmarks: []datasets.Benchmark{separable{}},
		Seeds:      2,
		Budget:     60,
		Label:      datasets.MeanLabel,
	}
	r := run(t, t.TempDir(), plan)
	for _, method := range r.Methods()[1:] {
		c, err := r.Compare(method, "random search", "separable", Val, plan.Budget)
		if err != nil {
			t.Fatal(err)
		}
		if !(c.Difference > 0) {
			t.Errorf("%s minus random search is %+.1f points", method, c.Difference)
		}
	}
}

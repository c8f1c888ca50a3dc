package search_test

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// endless hides that a space can be enumerated.
type endless struct{ datasets.Space }

// Every searcher keeps to the contract, on the toy space and, where that takes less than a second,
// on NAS-Bench-201.
func TestContract(t *testing.T) {
	made, endlessToy := searchtest.MadeUp(nasbench201.Space{}), searchtest.MadeUp(endless{toy.Space{}})
	for name, c := range map[string]struct {
		searcher   search.Searcher
		benchmarks []datasets.Benchmark
	}{
		"Random":                    {search.Random{}, []datasets.Benchmark{searchtest.Toy(), made}},
		"RegularizedEvolution":      {search.SmallEvolution(), []datasets.Benchmark{searchtest.Toy(), made}},
		"LocalSearch":               {search.LocalSearch{}, []datasets.Benchmark{searchtest.Toy(), made}},
		"LocalSearch from 4":        {search.LocalSearch{Initial: 4}, []datasets.Benchmark{searchtest.Toy(), made}},
		"GaussianProcess":           {search.GaussianProcess{}, []datasets.Benchmark{searchtest.Toy(), endlessToy}},
		"GaussianProcess, a length": {search.GaussianProcess{Length: 4}, []datasets.Benchmark{searchtest.Toy()}},
		"GaussianProcess, subtrees": {search.GaussianProcess{Subtrees: 2}, []datasets.Benchmark{searchtest.Toy(), endlessToy}},
		"LatentGP":                  {search.LatentGP{Latents: toy.Latents()}, []datasets.Benchmark{searchtest.Toy()}},
		"BANANAS":                   {search.BANANAS{Epochs: 5}, []datasets.Benchmark{searchtest.Toy(), made}},
		"Assessor": {search.Assessor{Latents: toy.Latents(), Unlabelled: 30, Offspring: 100, Epochs: 20},
			[]datasets.Benchmark{searchtest.Toy()}},
		"ParetoLocalSearch":      {search.ParetoLocalSearch{}, []datasets.Benchmark{searchtest.WithCost(searchtest.Toy()), searchtest.WithCost(made)}},
		"NSGA2":                  {search.NSGA2{}, []datasets.Benchmark{searchtest.WithCost(searchtest.Toy()), searchtest.WithCost(made)}},
		"Greedy, of the example": {Greedy{}, []datasets.Benchmark{searchtest.Toy(), made}},
	} {
		for _, benchmark := range c.benchmarks {
			t.Run(name+", "+benchmark.Name(), func(t *testing.T) { searchtest.Run(t, c.searcher, benchmark) })
		}
	}
}

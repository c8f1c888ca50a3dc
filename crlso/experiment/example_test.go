package experiment_test

import (
	"context"
	"fmt"
	"os"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Ten seeds are enough to tell local search from random search.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "experiment")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	table, err := nasbench201.Open(context.Background(), "cifar10", nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := experiment.Run(context.Background(), dir, experiment.Plan{
		Methods:    []experiment.Method{{Name: "random search", Searcher: search.Random{}}, {Name: "local search", Searcher: search.LocalSearch{}}},
		Benchmarks: []datasets.Benchmark{table},
		Seeds:      10,
		Budget:     100,
		Label:      datasets.MeanLabel,
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := results.Compare("local search", "random search", table.Name(), experiment.Val, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+.1f points, 95 %% interval above zero: %t, p < 0.01: %t\n",
		c.Difference, c.Difference > c.HalfWidth, c.TTest < 0.01 && c.Wilcoxon < 0.01)
	// Output: +0.8 points, 95 % interval above zero: true, p < 0.01: true
}

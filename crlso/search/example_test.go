package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Greedy changes the best architecture it knows, and starts elsewhere when it knows the change
// already.
type Greedy struct{}

// Kind implements search.Searcher.
func (Greedy) Kind() string { return "greedy" }

// Search implements search.Searcher.
func (Greedy) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	space := oracle.Space()
	best := datasets.Query{Arch: space.Sample(rng)}
	for next := best.Arch; oracle.Remaining() > 0; next = space.Mutate(best.Arch, rng) {
		if oracle.Seen(next) {
			next = space.Sample(rng)
		}
		accuracy, err := oracle.Query(next)
		if err != nil {
			return err
		}
		if accuracy > best.Accuracy {
			best = datasets.Query{Arch: next, Accuracy: accuracy}
		}
	}
	return nil
}

// A search of your own is two methods. The oracle shows it validation accuracies only, and a report
// judges what it found.
func ExampleSearcher() {
	table, err := nasbench201.Open(context.Background(), "cifar10", nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, searcher := range []search.Searcher{Greedy{}, search.Random{}} {
		oracle, err := datasets.NewOracle(table, 150, datasets.MeanLabel)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := searcher.Search(oracle, rand.New(rand.NewPCG(1, 2))); err != nil {
			fmt.Println(err)
			return
		}
		oracle.Close()
		report, err := datasets.NewReport(oracle, table)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%T after %d queries: %.2f %%\n", searcher, len(report.Steps), report.Final().Val)
	}
	// Output:
	// search_test.Greedy after 150 queries: 91.61 %
	// search.Random after 150 queries: 91.44 %
}

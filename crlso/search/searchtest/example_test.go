package searchtest_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
)

// A search can be tried without a table, on accuracies that are made up: the sum of four digits
// from 0 to 2. In a test, searchtest.Run(t, search.LocalSearch{}, searchtest.Toy()) checks all rules.
func ExampleToy() {
	oracle, err := datasets.NewOracle(searchtest.Toy(), 30, datasets.MeanLabel)
	if err != nil {
		log.Fatal(err)
	}
	if err := (search.LocalSearch{}).Search(oracle, rand.New(rand.NewPCG(1, 2))); err != nil {
		log.Fatal(err)
	}
	best := oracle.Log()[0]
	for _, query := range oracle.Log() {
		if query.Accuracy > best.Accuracy {
			best = query
		}
	}
	fmt.Printf("%v: %.0f %%\n", best.Arch, best.Accuracy)
	// Output: [2 2 2 2]: 8 %
}

package ensemble_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/ensemble"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Ensemble is a search.Searcher, for budgets of tens of queries. Two small members and 30 epochs
// are for an example; Ensemble201 has five and 150.
func ExampleEnsemble() {
	table, err := nasbench201.Open(context.Background(), "cifar10", nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	slow, err := backend.Named("go") // backend.New returns the fastest one at hand
	if err != nil {
		fmt.Println(err)
		return
	}
	config := ensemble.Ensemble201()
	config.Members, config.Training.Epochs, config.Networks.HiddenDim = 2, 30, 8
	oracle, err := datasets.NewOracle(table, 12, datasets.MeanLabel)
	if err != nil {
		fmt.Println(err)
		return
	}
	search := &ensemble.Ensemble{Backend: slow, Config: config}
	if err := search.Search(oracle, rand.New(rand.NewPCG(1, 2))); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(search.Kind()+":", len(oracle.Log()), "queries")
	// Output: concave ensemble: 12 queries
}

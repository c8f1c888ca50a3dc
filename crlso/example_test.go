package crlso_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// The whole method, on networks that are too small for good results. It sees validation accuracies
// through the oracle; only the report knows test accuracies.
func Example() {
	table, err := nasbench201.Open(context.Background(), "cifar10", nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	slow, err := backend.Named("go") // backend.New() returns the fastest one at hand
	if err != nil {
		fmt.Println(err)
		return
	}
	method := &crlso.Searcher{Backend: slow, Config: crlso.Tiny201()}
	oracle, err := datasets.NewOracle(table, 50, datasets.MeanLabel)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := method.Search(oracle, rand.New(rand.NewPCG(1, 2))); err != nil {
		fmt.Println(err)
		return
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Steps), "queries, better than 90 %:", report.Final().Val > 90)
	// Output: 50 queries, better than 90 %: true
}

package standin_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/standin"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// A network that is fitted to a few cells of NAS-Bench-301 puts others in some order already. Refit
// makes the whole stand-in.
func ExampleFit() {
	rows, err := nasbench301.Reference()
	if err != nil {
		log.Fatal(err)
	}
	slow, err := backend.Named("go") // backend.New returns the fastest one at hand
	if err != nil {
		log.Fatal(err)
	}
	c := standin.Default()
	c.Networks, c.Epochs, c.Batch, c.Warmup = 1, 4, 32, 5
	fit, err := standin.Fit(context.Background(), slow, rows[:128], c, io.Discard)
	if err != nil {
		log.Fatal(err)
	}
	s, err := nasbench301.NewStandIn(fit)
	if err != nil {
		log.Fatal(err)
	}
	var predicted, accuracies []float64
	for _, row := range rows[len(rows)-standin.HeldOut:] {
		predicted = append(predicted, s.Predict(row.Arch.(nasbench301.Genotype)).Mean)
		accuracies = append(accuracies, row.Accuracy)
	}
	fmt.Println("fitted to", fit.Fitted, "cells; Kendall tau over 0.3 on others:", stats.KendallTau(predicted, accuracies) > 0.3)
	// Output: fitted to 128 cells; Kendall tau over 0.3 on others: true
}

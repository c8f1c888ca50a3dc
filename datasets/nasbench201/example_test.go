package nasbench201_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Random search for 100 queries.
func Example() {
	table, err := nasbench201.Open(context.Background(), "cifar10", nil, os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	oracle, err := datasets.NewOracle(table, 100, datasets.MeanLabel)
	if err != nil {
		log.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for oracle.Remaining() > 0 {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			log.Fatal(err)
		}
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		log.Fatal(err)
	}
	final := report.Final()
	fmt.Println(final.Incumbent)
	fmt.Printf("validation %.2f %%, %.2f points below the best cell; test %.2f %%\n", final.Val, final.Regret, final.Test)
	// Output:
	// |nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|
	// validation 91.01 %, 0.59 points below the best cell; test 93.90 %
}

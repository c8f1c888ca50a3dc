package nasbench301_test

import (
	"fmt"
	"log"

	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// What the stand-in predicts of the genotype that the second-order search of DARTS found.
func ExampleOpenStandIn() {
	darts, err := nasbench301.ParseGenotype("Genotype(" +
		"normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1)," +
		" ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], " +
		"reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1)," +
		" ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])")
	if err != nil {
		log.Fatal(err)
	}
	standIn, err := nasbench301.OpenStandIn() // nasbench301.Open reads the official surrogate
	if err != nil {
		log.Fatal(err)
	}
	record, err := standIn.Lookup(darts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("validation accuracy: %.1f %%\n", record.Val)
	// Output: validation accuracy: 94.1 %
}

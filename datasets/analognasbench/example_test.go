package analognasbench_test

import (
	"fmt"
	"log"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/analognasbench"
)

// The best cell of NAS-Bench-201 by validation accuracy is far from the best on analogue hardware.
func Example() {
	for _, name := range []string{"baseline", "noisy", "analog", "analog_30d"} {
		table, err := analognasbench.Open(name)
		if err != nil {
			log.Fatal(err)
		}
		cell, err := table.Space().Parse("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|")
		if err != nil {
			log.Fatal(err)
		}
		record, err := table.Lookup(cell)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-10s %.2f %%, the best cell %.2f %%\n", name, record.Val, table.Best())
	}
	// Output:
	// baseline   93.86 %, the best cell 94.07 %
	// noisy      72.54 %, the best cell 88.35 %
	// analog     88.90 %, the best cell 91.33 %
	// analog_30d 86.95 %, the best cell 90.00 %
}

// A search is the same as on NAS-Bench-201, with another table behind it.
func ExampleOpen() {
	table, err := analognasbench.Open("analog_30d")
	if err != nil {
		log.Fatal(err)
	}
	oracle, err := datasets.NewOracle(table, 25, datasets.MeanLabel)
	if err != nil {
		log.Fatal(err)
	}
	start, err := table.Space().Parse("333333") // a 3x3 convolution on each edge
	if err != nil {
		log.Fatal(err)
	}
	for _, cell := range append(table.Space().Neighbours(start), start) {
		if _, err := oracle.Query(cell); err != nil {
			log.Fatal(err)
		}
	}
	best, _ := oracle.Best()
	deviation, err := table.Deviation(best.Arch)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: %.2f +- %.2f %%\n", best.Arch, best.Accuracy, deviation)
	// Output: |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|skip_connect~2|: 86.91 +- 0.33 %
}

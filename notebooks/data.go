package main

import (
	"fmt"

	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// data says of each source of data whether it is there, and else how to get it.
func data() error {
	fmt.Println("NAS-Bench-201, used in this order:")
	for _, source := range nasbench201.Sources() {
		info := source.Info()
		fmt.Printf("\n  %s\n    holds:   %s\n", info.Name, info.Holds)
		if info.Present {
			fmt.Printf("    present: %s\n", info.Path)
		} else {
			fmt.Printf("    missing: %s\n", info.Get)
		}
	}
	return nil
}

package inspect_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/inspect"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// An untrained model decodes hardly anything; every score of NAS-Bench-201 makes some cell.
func ExampleReconstruct() {
	slow, err := backend.Named("go") // backend.New returns the fastest one at hand
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := crlso.NewModel(slow, nasbench201.Space{}, crlso.Tiny201())
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := inspect.Reconstruct(m, m.TrainingSet())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("to some cell: %.0f %%, to itself in one of ten at most: %v\n", 100*r.Valid, r.Exact < 0.1)
	// Output: to some cell: 100 %, to itself in one of ten at most: true
}

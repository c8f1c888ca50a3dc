package show_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/notebooks/show"
)

// What two searches of one method have found, and one of another. In a notebook, show.Table shows
// the table.
func ExampleFinals() {
	found := func(val, test, regret float64) *datasets.Report { // datasets.NewReport makes it of a search
		return &datasets.Report{HasTest: true, Steps: []datasets.Step{{Val: val, Test: test, Regret: regret}}}
	}
	fmt.Print(show.Finals(
		show.Group{Name: "CR-LSO", Reports: []*datasets.Report{found(91.55, 94.3, 0.06), found(91.57, 94.4, 0.04)}},
		show.Group{Name: "random search", Reports: []*datasets.Report{found(91.21, 93.9, 0.4)}},
	))
	// Output:
	//                searches     validation %  regret, points           test %
	// CR-LSO                2  91.560 +- 0.127  0.050 +- 0.127  94.350 +- 0.635
	// random search         1           91.210           0.400           93.900
}

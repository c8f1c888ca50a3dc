package stats_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Two searches from the same three seeds: the difference of their accuracies, with its interval.
func ExamplePaired() {
	c := stats.Paired([]float64{91.5, 91.6, 91.4}, []float64{91.3, 91.5, 91.3}, 0.95)
	fmt.Printf("%+.3f +- %.3f, p = %.3f\n", c.Difference, c.HalfWidth, c.TTest)
	// Output: +0.133 +- 0.143, p = 0.057
}

// Of the six pairs of four architectures, a predictor orders five as the truth does.
func ExampleKendallTau() {
	fmt.Printf("%.2f\n", stats.KendallTau([]float64{1, 2, 3, 4}, []float64{10, 30, 20, 40}))
	// Output: 0.67
}

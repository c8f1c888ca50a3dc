package stats

import (
	"math"
	"testing"
)

// TestNormalQuantiles compares with scipy's norm.ppf((rankdata(x) - 0.5) / n) (1.16.3).
func TestNormalQuantiles(t *testing.T) {
	want := []float64{0.5244005127080407, -1.2815515655446004, -0.2533471031357997, -0.2533471031357997, 1.2815515655446004}
	for i, got := range NormalQuantiles([]float64{3, 1, 2, 2, 5}) {
		if math.Abs(got-want[i]) > 1e-9 {
			t.Errorf("value %d: %g, want %g", i, got, want[i])
		}
	}
}

// TestExpectedImprovement compares with integrals over max(0, x - best) by scipy's quadrature.
func TestExpectedImprovement(t *testing.T) {
	for _, c := range []struct{ mean, deviation, best, want float64 }{
		{0, 1, 0, 1 / math.Sqrt(2*math.Pi)},
		{1, 0.5, 1.2, 0.1152194184737265},
		{-2, 0.7, 1, 1.3577310092565636e-06},
		{3, 0.1, 1, 2},
	} {
		if got := ExpectedImprovement(c.mean, c.deviation, c.best); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("ExpectedImprovement(%g, %g, %g) = %g, want %g", c.mean, c.deviation, c.best, got, c.want)
		}
	}
}

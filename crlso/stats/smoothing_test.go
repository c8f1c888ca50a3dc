package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A line stays as it is, at its ends too, in whatever order; noise on it becomes less, by the
// number of points that a window has.
func TestLocalLinear(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n, side = 2000, 50
	x, line, noisy := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = rng.Float64()
		line[i] = 3 - 2*x[i]
		noisy[i] = line[i] + rng.NormFloat64()
	}
	square := 0.0
	for i, y := range LocalLinear(x, line, side) {
		if math.Abs(y-line[i]) > 1e-9 {
			t.Fatalf("at %g the line is %g, smoothed %g", x[i], line[i], y)
		}
	}
	for i, y := range LocalLinear(x, noisy, side) {
		square += (y - line[i]) * (y - line[i]) / n
	}
	if want := 1.0 / (2*side + 1); square > 1.3*want || square < 0.7*want {
		t.Errorf("the noise has a variance of %g, want about %g", square, want)
	}
	for _, y := range LocalLinear([]float64{1, 1, 1}, []float64{1, 2, 6}, 5) {
		if y != 3 {
			t.Errorf("at three equal points it is %g, want their mean, 3", y)
		}
	}
}

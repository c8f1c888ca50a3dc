package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// By hand, and by its definition.
func TestMeanDifference(t *testing.T) {
	if got := MeanDifference([]float64{4, 1, 2}); math.Abs(got-2) > 1e-12 {
		t.Errorf("%g, want (3 + 2 + 1) / 3", got)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	values, sum := make([]float64, 50), 0.0
	for i := range values {
		values[i] = rng.NormFloat64()
		for j := range i {
			sum += math.Abs(values[i] - values[j])
		}
	}
	if got, want := MeanDifference(values), sum/(50*49/2); math.Abs(got-want) > 1e-12 {
		t.Errorf("%g, want %g", got, want)
	}
}

// On a line, neighbours are known.
func TestNeighbourDifference(t *testing.T) {
	points := [][]float64{{0}, {1}, {3}, {7}, {15}}
	values := []float64{10, 20, 40, 80, 160}
	for k, want := range map[int]float64{1: 20, 2: 25} { // the third point's: the second, and then the first
		if got := NeighbourDifference(points, values, []int{2}, k); got != want {
			t.Errorf("%d neighbours: %g, want %g", k, got, want)
		}
	}
	if got := NeighbourDifference(points, values, []int{0, 4}, 1); got != (10+80)/2 {
		t.Errorf("of both ends: %g, want 45", got)
	}
}

// Over all rows and all neighbours it is the mean difference.
func TestNeighbourDifferenceOfAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	points, values, rows := make([][]float64, 20), make([]float64, 20), make([]int, 20)
	for i := range points {
		points[i], values[i], rows[i] = []float64{rng.NormFloat64(), rng.NormFloat64()}, rng.Float64(), i
	}
	if got, want := NeighbourDifference(points, values, rows, 19), MeanDifference(values); math.Abs(got-want) > 1e-12 {
		t.Errorf("%g, want %g", got, want)
	}
}

func TestMidpointViolations(t *testing.T) {
	concave, convex := make([]float64, 5), make([]float64, 5)
	for i := range concave {
		x := float64(i) - 1
		concave[i], convex[i] = -x*x, x*x
	}
	if got := MidpointViolations([][]float64{concave, convex, {1, 2, 3}, {1, 1.9, 3}}, 0); got != 0.5 {
		t.Errorf("%g, want 0.5", got)
	}
	if got := MidpointViolations([][]float64{{1, 1.9, 3}}, 0.2); got != 0 {
		t.Errorf("within the tolerance: %g, want 0", got)
	}
}

package stats

import (
	"math"
	"testing"
)

// By hand: angles of 0, 45, 90 and 180 degrees, and the 3-4-5 triangle.
func TestCosineSimilarity(t *testing.T) {
	got := CosineSimilarity([][]float64{{2, 0}, {3, 4}}, [][]float64{{5, 0}, {1, 1}, {0, 7}, {-1e200, 0}})
	want := [][]float64{{1, math.Sqrt2 / 2, 0, -1}, {0.6, 7 / (5 * math.Sqrt2), 0.8, -0.6}}
	for i := range want {
		for j := range want[i] {
			if math.Abs(got[i][j]-want[i][j]) > 1e-12 {
				t.Errorf("rows %d and %d: %g, want %g", i, j, got[i][j], want[i][j])
			}
		}
	}
}

// Rounding must not take a row's similarity to itself above 1.
func TestCosineSimilarityOfARowToItself(t *testing.T) {
	for i := range 100 {
		x := [][]float64{{math.Sin(float64(i)), math.Cos(float64(i)), 0.1 * float64(i)}}
		if s := CosineSimilarity(x, x)[0][0]; s > 1 || s < 1-1e-12 {
			t.Errorf("%v: similarity to itself %.17g", x[0], s)
		}
	}
}

func TestCosineSimilarityOfZero(t *testing.T) {
	if s := CosineSimilarity([][]float64{{0, 0}}, [][]float64{{1, 0}})[0][0]; !math.IsNaN(s) {
		t.Errorf("similarity to zero is %g, want NaN", s)
	}
}

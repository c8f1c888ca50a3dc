package stats

import (
	"math"
	"reflect"
	"testing"
)

func TestPoints(t *testing.T) {
	points := [][]float64{{0, 0}, {0.1, 0}, {3, 4}, {3, 4.05}, {-1, 0}}
	if i, d := Nearest(points, []float64{3, 4.04}); i != 3 || math.Abs(d-0.01) > 1e-12 {
		t.Errorf("nearest is %d at %v", i, d)
	}
	if i, d := Nearest(nil, []float64{0}); i != -1 || !math.IsInf(d, 1) {
		t.Errorf("nearest of none is %d at %v", i, d)
	}
	if got, want := Distinct(points, 0.2), [][]float64{{0, 0}, {3, 4}, {-1, 0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("distinct are %v, want %v", got, want)
	}
}

// A parabola is below its chords; upside down it is 1 above the chord from -1 to 1 at 0.
func TestRiseAboveChords(t *testing.T) {
	up, down := []float64{1, 0.25, 0, 0.25, 1}, []float64{-1, -0.25, 0, -0.25, -1}
	if got := RiseAboveChords([][]float64{up}); got != 0 {
		t.Errorf("a parabola rises by %v", got)
	}
	if got := RiseAboveChords([][]float64{up, down}); got != 1 {
		t.Errorf("rise is %v, want 1", got)
	}
}

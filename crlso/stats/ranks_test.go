package stats

import (
	"slices"
	"testing"
)

func TestOfSameRank(t *testing.T) {
	values, others := []float64{-1, 3, 0.5, 2}, []float64{90, 60, 80, 70}
	if got, want := OfSameRank(values, others), []float64{60, 90, 70, 80}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if !slices.Equal(values, []float64{-1, 3, 0.5, 2}) || !slices.Equal(others, []float64{90, 60, 80, 70}) {
		t.Error("it changes what it was given")
	}
}

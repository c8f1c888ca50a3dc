package stats

import (
	"math"
	"slices"
	"testing"
)

// TestInterval compares with scipy.stats.t.interval(0.95, 4, loc=mean, scale=sem) (1.16.3).
func TestInterval(t *testing.T) {
	mean, half := Interval([]float64{91.2, 91.5, 91.6, 91.1, 91.4}, 0.95)
	if math.Abs(mean-91.36) > 1e-9 || math.Abs(half-0.257476926792908) > 1e-9 {
		t.Errorf("%v +- %v", mean, half)
	}
	if _, half := Interval([]float64{1}, 0.95); !math.IsNaN(half) {
		t.Errorf("half-width of one sample is %v, want NaN", half)
	}
}

func TestBand(t *testing.T) {
	mean, low, high := Band([][]float64{{1, 5}, {3, 5}}, 0.95)
	if !slices.Equal(mean, []float64{2, 5}) || low[0] >= 1 || high[0] <= 3 || low[1] != 5 || high[1] != 5 {
		t.Errorf("%v in %v..%v", mean, low, high)
	}
	if mean, low, high := Band([][]float64{{1, 2}}, 0.95); !slices.Equal(mean, []float64{1, 2}) || low != nil || high != nil {
		t.Errorf("one curve: %v in %v..%v", mean, low, high)
	}
}

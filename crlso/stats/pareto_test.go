package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestParetoFrontByHand(t *testing.T) {
	costs, values := []float64{3, 1, 2, 2, 4, 1, 3}, []float64{92, 90, 91, 89, 92, 88, 92}
	if got, want := ParetoFront(costs, values), []int{1, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("front %v, want %v", got, want)
	}
}

// The front of (1, 90), (2, 91), (3, 92) up to cost 5 and down to value 89: 4*1 + 3*1 + 2*1. Points
// out of reach and dominated ones change nothing.
func TestHypervolumeByHand(t *testing.T) {
	costs, values := []float64{2, 1, 3, 3, 6, 0.5}, []float64{91, 90, 92, 90, 99, 80}
	if got := Hypervolume(costs, values, 5, 89); math.Abs(got-9) > 1e-12 {
		t.Errorf("hypervolume %v, want 9", got)
	}
	if got := Hypervolume(nil, nil, 5, 89); got != 0 {
		t.Errorf("hypervolume of nothing %v, want 0", got)
	}
}

// The area agrees with the share of random points that are dominated.
func TestHypervolumeIsTheDominatedShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var costs, values []float64
	for range 30 {
		costs, values = append(costs, rng.Float64()), append(values, rng.Float64())
	}
	const n = 100_000
	dominated := 0
	for range n {
		cost, value := rng.Float64(), rng.Float64()
		for i := range costs {
			if costs[i] <= cost && values[i] >= value {
				dominated++
				break
			}
		}
	}
	if got, want := Hypervolume(costs, values, 1, 0), float64(dominated)/n; math.Abs(got-want) > 0.006 { // four deviations
		t.Errorf("hypervolume %v, but a share of %v is dominated", got, want)
	}
}

package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// ParetoFront returns the indices of the points that none dominates, from the lowest cost to the
// highest. A point dominates another if its cost is not higher and its value not lower, and one of
// the two is better. Of equal points the first is taken. It panics if the lengths differ.
func ParetoFront(costs, values []float64) []int {
	if len(costs) != len(values) {
		panic(fmt.Sprintf("stats: %d costs and %d values", len(costs), len(values)))
	}
	order := make([]int, len(costs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(costs[a], costs[b]), cmp.Compare(values[b], values[a]))
	})
	best := math.Inf(-1)
	return slices.DeleteFunc(order, func(i int) bool {
		if values[i] <= best {
			return true
		}
		best = values[i]
		return false
	})
}

// Hypervolume is the area that points dominate together: of all (cost, value) with cost up to
// maxCost and value down to minValue, the part that some point is at least as good as (Zitzler and
// Thiele 1999). It is exact. Points that are dearer than maxCost or worth less than minValue add
// nothing.
func Hypervolume(costs, values []float64, maxCost, minValue float64) float64 {
	area, reached := 0.0, minValue
	for _, i := range ParetoFront(costs, values) {
		if costs[i] < maxCost && values[i] > reached {
			area += (maxCost - costs[i]) * (values[i] - reached)
			reached = values[i]
		}
	}
	return area
}

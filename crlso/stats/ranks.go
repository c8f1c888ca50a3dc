package stats

import (
	"slices"

	"gonum.org/v1/gonum/floats"
)

// OfSameRank returns for each value the one among others that has its rank: predictions on a scale
// of their own become accuracies, which can be compared with the measured ones. Both are equally
// many.
func OfSameRank(values, others []float64) []float64 {
	order, out := make([]int, len(values)), make([]float64, len(values))
	floats.Argsort(slices.Clone(values), order)
	for rank, other := range slices.Sorted(slices.Values(others)) {
		out[order[rank]] = other
	}
	return out
}

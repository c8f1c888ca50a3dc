package stats

import (
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// NormalQuantiles maps each of n values to the standard normal's quantile of (rank - 1/2) / n, rank
// 1 the lowest: it keeps their order, and nothing else of them. Values that tie have the mean of
// their ranks.
func NormalQuantiles(values []float64) []float64 {
	n := len(values)
	sorted, order, quantiles := slices.Clone(values), make([]int, n), make([]float64, n)
	floats.Argsort(sorted, order)
	for first := 0; first < n; {
		end := first + 1
		for end < n && sorted[end] == sorted[first] {
			end++
		}
		quantile := distuv.UnitNormal.Quantile(float64(first+end) / 2 / float64(n))
		for _, i := range order[first:end] {
			quantiles[i] = quantile
		}
		first = end
	}
	return quantiles
}

// ExpectedImprovement is the expectation of max(0, X - best) for a normal X.
func ExpectedImprovement(mean, deviation, best float64) float64 {
	u := (mean - best) / deviation
	return deviation * (u*distuv.UnitNormal.CDF(u) + distuv.UnitNormal.Prob(u))
}

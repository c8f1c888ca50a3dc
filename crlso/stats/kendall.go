// Package stats holds the statistics of the field that gonum lacks.
package stats

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
)

// KendallTau is the rank correlation tau-b of two samples of equal length n, which allows for ties,
// in O(n log n) (Knight 1966). It is NaN if one of them is constant. It panics if the lengths
// differ.
func KendallTau(x, y []float64) float64 {
	if len(x) != len(y) {
		panic(fmt.Sprintf("stats: %d and %d values", len(x), len(y)))
	}
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(x[i], x[j]), cmp.Compare(y[i], y[j]))
	})
	sorted := make([]float64, len(y)) // y in the order of x
	for i, k := range order {
		sorted[i] = y[k]
	}
	tiedX := tiedPairs(len(x), func(i, j int) bool { return x[order[i]] == x[order[j]] })
	tiedBoth := tiedPairs(len(x), func(i, j int) bool {
		return x[order[i]] == x[order[j]] && sorted[i] == sorted[j]
	})
	discordant := sortCountingSwaps(sorted)
	tiedY := tiedPairs(len(y), func(i, j int) bool { return sorted[i] == sorted[j] })

	pairs := float64(len(x)) * float64(len(x)-1) / 2
	concordantMinusDiscordant := pairs - tiedX - tiedY + tiedBoth - 2*discordant
	return concordantMinusDiscordant / (math.Sqrt(pairs-tiedX) * math.Sqrt(pairs-tiedY))
}

// TopKendallTau is KendallTau among the n samples with the highest truth: how well a predictor
// ranks the ones that a search is after. All samples that tie with the last of them count too.
func TopKendallTau(predicted, truth []float64, n int) float64 {
	if n >= len(truth) {
		return KendallTau(predicted, truth)
	}
	descending := slices.Clone(truth)
	sort.Sort(sort.Reverse(sort.Float64Slice(descending)))
	var p, t []float64
	for i, value := range truth {
		if value >= descending[n-1] {
			p, t = append(p, predicted[i]), append(t, value)
		}
	}
	return KendallTau(p, t)
}

// tiedPairs counts the pairs within runs of equal neighbours among n sorted elements.
func tiedPairs(n int, equal func(i, j int) bool) float64 {
	pairs, run := 0.0, 0
	for i := 1; i < n; i++ {
		if equal(i-1, i) {
			run++
			pairs += float64(run)
		} else {
			run = 0
		}
	}
	return pairs
}

// sortCountingSwaps sorts x and returns the number of pairs that were in the wrong order, by
// merging.
func sortCountingSwaps(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	left, right := slices.Clone(x[:len(x)/2]), slices.Clone(x[len(x)/2:])
	swaps := sortCountingSwaps(left) + sortCountingSwaps(right)
	i, j := 0, 0
	for k := range x {
		if j == len(right) || (i < len(left) && left[i] <= right[j]) {
			x[k] = left[i]
			i++
		} else {
			x[k] = right[j]
			j++
			swaps += float64(len(left) - i)
		}
	}
	return swaps
}

// bootstraps is how many samples a bootstrap draws.
const bootstraps = 1000

// KendallTauInterval returns the ends of the confidence interval of [KendallTau] at the given
// level, such as 0.95, for pairs that are a sample: by the percentiles of 1,000 bootstrap samples
// of the pairs (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3). The
// same pairs have the same interval.
func KendallTauInterval(x, y []float64, level float64) (low, high float64) {
	rng := rand.New(rand.NewPCG(1, 1))
	var taus []float64
	sampleX, sampleY := make([]float64, len(x)), make([]float64, len(x))
	for range bootstraps {
		for j := range sampleX {
			k := rng.IntN(len(x))
			sampleX[j], sampleY[j] = x[k], y[k]
		}
		if tau := KendallTau(sampleX, sampleY); !math.IsNaN(tau) { // not of one pair drawn again and again
			taus = append(taus, tau)
		}
	}
	if len(taus) == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(taus)
	at := func(p float64) float64 { return stat.Quantile(p, stat.LinInterp, taus, nil) }
	return at((1 - level) / 2), at((1 + level) / 2)
}

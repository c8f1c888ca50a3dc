package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Comparison is what paired samples say of the difference between two methods. The p-values are
// two-sided and not corrected for the number of comparisons: see [Holm].
type Comparison struct {
	Pairs      int
	Difference float64 // mean difference
	HalfWidth  float64 // of its confidence interval by Student's t; NaN with one pair
	TTest      float64 // p-value of the paired t-test; NaN with one pair, and 1 if the pairs are all equal
	Wilcoxon   float64 // p-value of [WilcoxonSignedRank]
}

// Paired compares a with b, where a[i] and b[i] belong together because they come from the same
// seed: the differences are a[i] - b[i]. The level is that of the confidence interval, such as
// 0.95. It panics if the lengths differ or are zero.
func Paired(a, b []float64, level float64) Comparison {
	d := differences(a, b)
	n := len(d)
	mean, halfWidth := Interval(d, level)
	c := Comparison{Pairs: n, Difference: mean, HalfWidth: halfWidth, TTest: math.NaN(), Wilcoxon: WilcoxonSignedRank(a, b)}
	switch {
	case n < 2:
	case mean == 0:
		c.TTest = 1
	default:
		t := mean / stat.StdErr(stat.StdDev(d, nil), float64(n))
		c.TTest = 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.CDF(-math.Abs(t))
	}
	return c
}

// WilcoxonSignedRank is the two-sided p-value of Wilcoxon's signed-rank test of paired samples, by
// the normal approximation with the correction for tied ranks and without a correction for
// continuity. Pairs that are equal are dropped (Wilcoxon 1945); it is 1 if all are. It panics if
// the lengths differ or are zero.
func WilcoxonSignedRank(a, b []float64) float64 {
	nonzero := slices.DeleteFunc(differences(a, b), func(d float64) bool { return d == 0 })
	if len(nonzero) == 0 {
		return 1
	}
	slices.SortFunc(nonzero, func(x, y float64) int { return cmp.Compare(math.Abs(x), math.Abs(y)) })
	n := float64(len(nonzero))
	positive, ties := 0.0, 0.0 // sum of the ranks of positive differences; sum of t^3 - t over runs of t ties
	for first := 0; first < len(nonzero); {
		end := first + 1
		for end < len(nonzero) && math.Abs(nonzero[end]) == math.Abs(nonzero[first]) {
			end++
		}
		rank := float64(first+1+end) / 2
		for _, d := range nonzero[first:end] {
			if d > 0 {
				positive += rank
			}
		}
		t := float64(end - first)
		ties += t*t*t - t
		first = end
	}
	deviation := math.Sqrt((n*(n+1)*(2*n+1) - ties/2) / 24)
	z := (positive - n*(n+1)/4) / deviation
	return 2 * distuv.UnitNormal.CDF(-math.Abs(z))
}

// differences returns a[i] - b[i].
func differences(a, b []float64) []float64 {
	if len(a) != len(b) || len(a) == 0 {
		panic(fmt.Sprintf("stats: %d and %d values, want equally many and at least one", len(a), len(b)))
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

// Holm corrects the p-values of a family of comparisons, so that the probability of finding any
// difference where there is none stays below the level they are read at (Holm, "A Simple
// Sequentially Rejective Multiple Test Procedure", 1979). It returns them in the order given. It
// panics if one is not between 0 and 1.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i, x := range p {
		if !(x >= 0 && x <= 1) {
			panic(fmt.Sprintf("stats: p-value %d is %v, want 0 to 1", i, x))
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	corrected := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, float64(len(p)-rank)*p[i]))
		corrected[i] = highest
	}
	return corrected
}

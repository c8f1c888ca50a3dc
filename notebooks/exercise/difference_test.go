package exercise

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

func TestInterval(t *testing.T) {
	student := func(p, freedom float64) float64 { return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(p) }
	of := func(half func(d []float64, n float64) float64) func() {
		return func() {
			Interval(func(a, b []float64) (float64, float64) {
				floats.Sub(a, b)
				return stat.Mean(a, nil), half(a, float64(len(a)))
			})
		}
	}
	apart := func(a, b []float64) float64 {
		return math.Sqrt((stat.Variance(a, nil) + stat.Variance(b, nil)) / float64(len(a)))
	}
	difference := func(a, b []float64) float64 { return stat.Mean(a, nil) - stat.Mean(b, nil) }
	wantAnswers(t, "interval",
		answer{"right", of(func(d []float64, n float64) float64 { return student(0.975, n-1) * stat.StdDev(d, nil) / math.Sqrt(n) }), ""},
		answer{"stub", func() { Interval(func(a, b []float64) (float64, float64) { return difference(a, b), 0 }) }, "half-width is 0"},
		answer{"no mean", func() { Interval(func(a, b []float64) (float64, float64) { return 0, 0 }) }, "The mean is not that"},
		answer{"sign", func() { Interval(func(a, b []float64) (float64, float64) { return difference(b, a), 1 }) }, "The sign is wrong"},
		answer{"no root", of(func(d []float64, n float64) float64 { return student(0.975, n-1) * stat.StdDev(d, nil) }), "single difference"},
		answer{"standard error", of(func(d []float64, n float64) float64 { return stat.StdDev(d, nil) / math.Sqrt(n) }), "the standard error"},
		answer{"one-sided", of(func(d []float64, n float64) float64 { return student(0.95, n-1) * stat.StdDev(d, nil) / math.Sqrt(n) }), "2.5 % at either end"},
		answer{"normal", of(func(d []float64, n float64) float64 {
			return distuv.UnitNormal.Quantile(0.975) * stat.StdDev(d, nil) / math.Sqrt(n)
		}), "a normal distribution"},
		answer{"freedom", of(func(d []float64, n float64) float64 { return student(0.975, n) * stat.StdDev(d, nil) / math.Sqrt(n) }), "n - 1 degrees"},
		answer{"by n", of(func(d []float64, n float64) float64 { return student(0.975, n-1) * stat.StdDev(d, nil) / n }), "not by n"},
		answer{"population", of(func(d []float64, n float64) float64 {
			return student(0.975, n-1) * stat.PopStdDev(d, nil) / math.Sqrt(n)
		}), "not PopStdDev"},
		answer{"unpaired", func() {
			Interval(func(a, b []float64) (float64, float64) { return difference(a, b), student(0.975, 4) * apart(a, b) })
		}, "takes the methods as independent"},
		answer{"two samples", func() {
			Interval(func(a, b []float64) (float64, float64) { return difference(a, b), student(0.975, 8) * apart(a, b) })
		}, "two independent samples"},
		answer{"other", of(func(d []float64, n float64) float64 { return 7 }), "half-width of 7.0000"})
}

func TestHolm(t *testing.T) {
	// sorted calls f with each p-value from the smallest on, its rank from 0 and the one before.
	sorted := func(p []float64, f func(p, rank, n, before float64) float64) []float64 {
		order, corrected, before := make([]int, len(p)), make([]float64, len(p)), 0.0
		floats.Argsort(slices.Clone(p), order)
		for rank, i := range order {
			before = f(p[i], float64(rank), float64(len(p)), before)
			corrected[i] = before
		}
		return corrected
	}
	of := func(f func(p, rank, n, before float64) float64) func() {
		return func() { Holm(func(p []float64) []float64 { return sorted(p, f) }) }
	}
	wantAnswers(t, "holm",
		answer{"right", of(func(p, rank, n, before float64) float64 { return min(1, max(before, p*(n-rank))) }), ""},
		answer{"the project's", func() { Holm(stats.Holm) }, ""},
		answer{"nothing", func() { Holm(func([]float64) []float64 { return nil }) }, "it makes 0"},
		answer{"stub", of(func(p, _, _, _ float64) float64 { return p }), "as they were"},
		answer{"Bonferroni", of(func(p, _, n, _ float64) float64 { return min(1, p*n) }), "Bonferroni"},
		answer{"reverse", of(func(p, rank, _, _ float64) float64 { return min(1, p*(rank+1)) }), "multiplied by most"},
		answer{"falls", of(func(p, rank, n, _ float64) float64 { return min(1, p*(n-rank)) }), "0.03 becomes 0.09"},
		answer{"sorted", func() {
			Holm(func(p []float64) []float64 { return slices.Sorted(slices.Values(stats.Holm(p))) })
		}, "They come sorted"},
		answer{"above 1", of(func(p, rank, n, before float64) float64 { return max(before, p*(n-rank)) }), "above 1"},
		answer{"one off", of(func(p, rank, n, before float64) float64 { return min(1, max(before, p*(n-rank-1))) }), "should become 0.025"})
}

func TestSeeds(t *testing.T) {
	z := distuv.UnitNormal.Quantile
	of := func(f func(ratio float64) float64) func() {
		return func() { Seeds(func(d, s float64) int { return int(math.Ceil(f(s / d))) }) }
	}
	both := z(0.975) + z(0.8)
	wantAnswers(t, "seeds",
		answer{"right", of(func(r float64) float64 { return both * both * r * r }), ""},
		answer{"stub", of(func(r float64) float64 { return 0 }), "How large is the standard error"},
		answer{"no power", of(func(r float64) float64 { return z(0.975) * z(0.975) * r * r }), "half of all experiments"},
		answer{"rounded down", of(func(r float64) float64 { return math.Floor(both * both * r * r) }), "one too few"},
		answer{"one-sided", of(func(r float64) float64 { return (z(0.95) + z(0.8)) * (z(0.95) + z(0.8)) * r * r }), "one-sided"},
		answer{"no square", of(func(r float64) float64 { return both * r }), ": square"},
		answer{"two samples", of(func(r float64) float64 { return 2 * both * both * r * r }), "two independent samples"},
		answer{"other", of(func(r float64) float64 { return 1000 }), "as many standard errors"})
}

func TestChoice(t *testing.T) {
	// best is the rival with the highest mean over the first n seeds.
	best := func(rivals [][]float64, n int) []float64 {
		return slices.MaxFunc(rivals, func(a, b []float64) int {
			return int(1e9 * (stat.Mean(a[:n], nil) - stat.Mean(b[:n], nil)))
		})
	}
	of := func(f func(method []float64, rivals [][]float64) float64) func() { return func() { Choice(f) } }
	over := func(chosen, from int) func() {
		return of(func(method []float64, rivals [][]float64) float64 {
			return stat.Mean(method[from:], nil) - stat.Mean(best(rivals, chosen)[from:], nil)
		})
	}
	wantAnswers(t, "choice",
		answer{"right", over(20, 20), ""},
		answer{"stub", over(40, 0), "may not judge it"},
		answer{"overlap", over(20, 0), "some of the seeds"},
		answer{"no seeds", over(40, 40), "no number"},
		answer{"any rival", of(func(m []float64, r [][]float64) float64 { return stat.Mean(m, nil) - stat.Mean(r[0], nil) }), "not with any"},
		answer{"sign", of(func(m []float64, r [][]float64) float64 {
			return stat.Mean(best(r, 20)[20:], nil) - stat.Mean(m[20:], nil)
		}), "The sign is wrong"},
		answer{"factor", of(func(m []float64, r [][]float64) float64 {
			return 2 * (stat.Mean(m[20:], nil) - stat.Mean(best(r, 20)[20:], nil))
		}), "by 0 and 1 points"})
}

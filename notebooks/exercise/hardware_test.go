package exercise

import (
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestFront(t *testing.T) {
	with := func(f func(latencies, accuracies []float64) []int) func() { return func() { Front(f) } }
	// by has the cells that no other is better than, in the order of their latency.
	by := func(better func(fast, accurate, faster, moreAccurate bool) bool, sorted bool) func() {
		return with(func(l, a []float64) (front []int) {
			for i := range l {
				beaten := false
				for j := range l {
					beaten = beaten || better(l[j] <= l[i], a[j] >= a[i], l[j] < l[i], a[j] > a[i])
				}
				if !beaten {
					front = append(front, i)
				}
			}
			if sorted {
				slices.SortStableFunc(front, func(i, j int) int { return int(l[i] - l[j]) })
			}
			return front
		})
	}
	dominates := func(fast, accurate, faster, moreAccurate bool) bool {
		return fast && accurate && (faster || moreAccurate)
	}
	wantAnswers(t, "front",
		answer{"right", with(stats.ParetoFront), ""},
		answer{"right, with equals", by(dominates, true), ""},
		answer{"stub", with(func(l, a []float64) []int { return nil }), "it returns none"},
		answer{"all", with(func(l, a []float64) []int { return []int{0, 1, 2, 3, 4, 5} }), "it returns all"},
		answer{"in the order of cells", by(dominates, false), "These are the right cells. Return"},
		answer{"slowest first", with(func(l, a []float64) []int {
			front := stats.ParetoFront(l, a)
			slices.Reverse(front)
			return front
		}), "the other way round"},
		answer{"slow", with(func(l, a []float64) []int {
			floats.Scale(-1, l)
			return stats.ParetoFront(l, a)
		}), "lower is better"},
		answer{"strictly", by(func(fast, accurate, faster, moreAccurate bool) bool { return faster && moreAccurate }, true), "Cell 5 is as fast"},
		answer{"ends", with(func(l, a []float64) []int {
			front := stats.ParetoFront(l, a)
			return []int{front[0], front[len(front)-1]}
		}), "These are the ends"},
		answer{"fastest", with(func(l, a []float64) []int { return []int{floats.MinIdx(l)} }), "it makes [1], not"},
		answer{"at least four", with(func(l, a []float64) []int { return append(stats.ParetoFront(l, a), 0, 1)[:4] }), "it makes the front"})
}

func TestHypervolume(t *testing.T) {
	with := func(f func(l, a []float64, slowest, lowest float64) float64) func() { return func() { Hypervolume(f) } }
	// steps adds one rectangle for each cell, of a width and a height.
	steps := func(rectangle func(l, a []float64, i int, slowest, lowest float64) float64) func() {
		return with(func(l, a []float64, slowest, lowest float64) (area float64) {
			for i := range l {
				area += rectangle(l, a, i, slowest, lowest)
			}
			return area
		})
	}
	next := func(l []float64, i int, slowest float64) float64 { return append(l[:len(l):len(l)], slowest)[i+1] }
	wantAnswers(t, "hypervolume",
		answer{"right", with(stats.Hypervolume), ""},
		answer{"stub", with(func(l, a []float64, slowest, lowest float64) float64 { return 0 }), "It returns 0"},
		answer{"sum", steps(func(l, a []float64, i int, slowest, lowest float64) float64 {
			return (slowest - l[i]) * (a[i] - lowest)
		}), "They overlap"},
		answer{"upper stairs", steps(func(l, a []float64, i int, slowest, lowest float64) float64 {
			return (next(l, i, slowest) - l[i]) * (append(a[:len(a):len(a)], a[len(a)-1])[i+1] - lowest)
		}), "not what is faster"},
		answer{"without the end", steps(func(l, a []float64, i int, slowest, lowest float64) float64 {
			return (next(l, i, l[len(l)-1]) - l[i]) * (a[i] - lowest)
		}), "is missing"},
		answer{"one", with(func(l, a []float64, slowest, lowest float64) float64 { return (slowest - l[1]) * (a[1] - lowest) }), "what one cell dominates"},
		answer{"down to 0", with(func(l, a []float64, slowest, lowest float64) float64 { return stats.Hypervolume(l, a, slowest, 0) }), "count from 50"},
		answer{"share", with(func(l, a []float64, slowest, lowest float64) float64 {
			return stats.Hypervolume(l, a, slowest, lowest) / 80
		}), "That is a share"},
		answer{"sorted only", steps(func(l, a []float64, i int, slowest, lowest float64) float64 {
			return (next(l, i, slowest) - l[i]) * (a[i] - lowest)
		}), "adds nothing"})
}

func TestWithin(t *testing.T) {
	// by combines improvement, and probability and density of the limit.
	by := func(f func(improvement, within, density float64) float64) func() {
		return func() {
			Within(func(accuracy, latency distuv.Normal, best, limit float64) float64 {
				return f(stats.ExpectedImprovement(accuracy.Mu, accuracy.Sigma, best), latency.CDF(limit), latency.Prob(limit))
			})
		}
	}
	wantAnswers(t, "within",
		answer{"right", by(func(i, within, density float64) float64 { return i * within }), ""},
		answer{"stub", by(func(i, within, density float64) float64 { return 0 }), "it returns 0"},
		answer{"improvement", by(func(i, within, density float64) float64 { return i }), "may be beyond"},
		answer{"probability", by(func(i, within, density float64) float64 { return within }), "is accurate counts"},
		answer{"beyond", by(func(i, within, density float64) float64 { return i * (1 - within) }), "probability to be beyond"},
		answer{"sum", by(func(i, within, density float64) float64 { return i + within }), "it adds"},
		answer{"density", by(func(i, within, density float64) float64 { return i * density }), "density at the limit"},
		answer{"known", by(func(i, within, density float64) float64 { return stats.ExpectedImprovement(70, 2, 71) * within }), "a best of 0.5"})
}

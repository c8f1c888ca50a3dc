package exercise

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

func TestReported(t *testing.T) {
	with := func(f func(validation, test []float64) float64) func() { return func() { Reported(f) } }
	wantAnswers(t, "reported",
		answer{"right", with(func(v, t []float64) float64 { return t[floats.MaxIdx(v)] }), ""},
		answer{"stub", with(func(v, t []float64) float64 { return 0 }), "It returns 0"},
		answer{"best test", with(func(v, t []float64) float64 { return floats.Max(t) }), "best test accuracy"},
		answer{"validation", with(func(v, t []float64) float64 { return floats.Max(v) }), "the incumbent's validation accuracy"},
		answer{"last of equals", with(func(v, t []float64) (x float64) {
			best := 0.0
			for i := range v {
				if v[i] >= best {
					best, x = v[i], t[i]
				}
			}
			return x
		}), "the first stays"},
		answer{"last", with(func(v, t []float64) float64 { return t[len(t)-1] }), "the last query"},
		answer{"good ones only", with(func(v, t []float64) (x float64) {
			best := 90.0
			for i := range v {
				if v[i] > best {
					best, x = v[i], t[i]
				}
			}
			return x
		}), "random cells of ImageNet16-120 it makes 0"})
}

func TestCharged(t *testing.T) {
	// until counts questions until stop, which sees how many are distinct, says so.
	until := func(stop func(distinct int, isNew bool, budget int) bool) func() {
		return func() {
			Charged(func(asked []string, budget int) (n int) {
				seen := map[string]bool{}
				for _, a := range asked {
					isNew := !seen[a]
					if stop(len(seen), isNew, budget) {
						return n
					}
					seen[a] = true
					n++
				}
				return n
			})
		}
	}
	wantAnswers(t, "charged",
		answer{"right", until(func(distinct int, isNew bool, budget int) bool { return isNew && distinct == budget }), ""},
		answer{"stub", func() { Charged(func([]string, int) int { return 0 }) }, "It returns 0"},
		answer{"all", until(func(int, bool, int) bool { return false }), "That is all of"},
		answer{"repeats are charged", func() { Charged(func(asked []string, budget int) int { return min(len(asked), budget) }) }, "That is the budget"},
		answer{"ends with the budget", until(func(distinct int, isNew bool, budget int) bool { return distinct == budget }), "what is known is still answered"},
		answer{"one more", until(func(distinct int, isNew bool, budget int) bool { return isNew && distinct > budget }), "answers 4 distinct cells"},
		answer{"goes on", func() {
			Charged(func(asked []string, budget int) (n int) {
				var seen []string
				for _, a := range asked {
					if !slices.Contains(seen, a) && len(seen) < budget {
						seen = append(seen, a)
					}
					if slices.Contains(seen, a) {
						n++
					}
				}
				return n
			})
		}, "after the first refusal"},
		answer{"neighbours only", func() {
			Charged(func(asked []string, budget int) int {
				if budget == 3 {
					return 5
				}
				return len(slices.Compact(slices.Clone(asked)))
			})
		}, "of the cells with the numbers"})
}

func TestStandardError(t *testing.T) {
	with := func(f func(trainings [][]float64) float64) func() { return func() { StandardError(f) } }
	means := func(trainings [][]float64) (m []float64) {
		for _, t := range trainings {
			m = append(m, stat.Mean(t, nil))
		}
		return m
	}
	all := func(trainings [][]float64) []float64 { return slices.Concat(trainings...) }
	wantAnswers(t, "standard-error",
		answer{"right", with(func(x [][]float64) float64 { return stat.StdDev(means(x), nil) / math.Sqrt(float64(len(x))) }), ""},
		answer{"stub", with(func(x [][]float64) float64 { return 0 }), "It returns 0"},
		answer{"independent", with(func(x [][]float64) float64 { return stat.StdDev(all(x), nil) / math.Sqrt(float64(len(all(x)))) }), "as independent"},
		answer{"root of searches", with(func(x [][]float64) float64 { return stat.StdDev(means(x), nil) / math.Sqrt(float64(len(all(x)))) }), "no more samples"},
		answer{"deviation", with(func(x [][]float64) float64 { return stat.StdDev(means(x), nil) }), "how far one training"},
		answer{"of a population", with(func(x [][]float64) float64 { return stat.PopStdDev(means(x), nil) / 2 }), "divides by n - 1"},
		answer{"within", with(func(x [][]float64) float64 {
			variance := 0.0
			for _, t := range x {
				variance += stat.Variance(t, nil) / float64(len(x))
			}
			return math.Sqrt(variance / 3)
		}), "searches of one training differ"},
		answer{"all, root of trainings", with(func(x [][]float64) float64 { return stat.StdDev(all(x), nil) / 2 }), "mean of each training first"},
		answer{"variance", with(func(x [][]float64) float64 { return stat.Variance(means(x), nil) }), "it makes"})
}

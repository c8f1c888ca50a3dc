package exercise

import (
	"math"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"gonum.org/v1/gonum/floats"
)

// bySums multiplies, over choices that always exist, what the options of each come to.
func bySums(options func(c datasets.Choice, all []datasets.Choice) int) func() {
	return func() {
		Size(func(choices []datasets.Choice) int {
			n := 1
			for _, c := range choices {
				if c.When == "" {
					n *= options(c, choices)
				}
			}
			return n
		})
	}
}

// sumOver adds, over the options of a choice, what the choices under the option come to.
func sumOver(start int, join func(under, options int) int) func(c datasets.Choice, all []datasets.Choice) int {
	return func(c datasets.Choice, all []datasets.Choice) (n int) {
		for _, option := range c.Options {
			under := start
			for _, d := range all {
				if d.When == c.Name && slices.Contains(d.Equals, option) {
					under = join(under, len(d.Options))
				}
			}
			n += max(under, 1)
		}
		return n
	}
}

func TestSize(t *testing.T) {
	times := func(under, options int) int { return under * options }
	all := func(join func(n int, c datasets.Choice) int) func() {
		return func() {
			Size(func(choices []datasets.Choice) int {
				n := join(0, choices[0])
				for _, c := range choices[1:] {
					n = join(n, c)
				}
				return n
			})
		}
	}
	wantAnswers(t, "size",
		answer{"right", bySums(sumOver(1, times)), ""},
		answer{"stub", func() { Size(func([]datasets.Choice) int { return 0 }) }, "It returns 0"},
		answer{"product", all(func(n int, c datasets.Choice) int { return max(n, 1) * len(c.Options) }), "product of all"},
		answer{"sum", all(func(n int, c datasets.Choice) int { return n + len(c.Options) }), "number of options"},
		answer{"unconditional", bySums(func(c datasets.Choice, all []datasets.Choice) int { return len(c.Options) }), "depths and methods"},
		answer{"one method", func() { Size(func([]datasets.Choice) int { return 40 }) }, "architectures of method 1"},
		answer{"each by itself", func() { Size(func([]datasets.Choice) int { return 4 * 4 * 7 }) }, "or none"},
		answer{"one more option", all(func(n int, c datasets.Choice) int {
			if c.When != "" {
				return max(n, 1) * (len(c.Options) + 1)
			}
			return max(n, 1) * len(c.Options)
		}), "not under each"},
		answer{"under added", bySums(sumOver(0, func(under, options int) int { return under + options })), "2 plus 5"},
		answer{"first of Equals", bySums(func(c datasets.Choice, all []datasets.Choice) int {
			n := 1
			for _, d := range all {
				if d.When == c.Name {
					n *= len(d.Options)
				}
			}
			return n + len(c.Options) - 1
		}), "Equals:[0 2]"})
}

// inBatches is how long evaluations take if all wait for the slowest of a batch.
func inBatches(durations []float64, workers int) (sum float64) {
	for batch := range slices.Chunk(durations, workers) {
		sum += slices.Max(batch)
	}
	return sum
}

// begun is how long evaluations take if each begins as soon as a worker is free.
func begun(durations []float64, workers int) float64 {
	free := make([]float64, workers)
	for _, d := range durations {
		free[floats.MinIdx(free)] += d
	}
	return slices.Max(free)
}

func TestWaiting(t *testing.T) {
	type time = func(durations []float64, workers int) float64
	both := func(batches, asynchronous time) func() {
		return func() {
			Waiting(func(d []float64, workers int) (float64, float64) {
				return batches(d, workers), asynchronous(d, workers)
			})
		}
	}
	none := func([]float64, int) float64 { return 0 }
	shared := func(d []float64, workers int) float64 { return floats.Sum(d) / float64(workers) }
	wantAnswers(t, "waiting",
		answer{"right", both(inBatches, begun), ""},
		answer{"stub", both(none, none), "How long does the first batch"},
		answer{"alone", both(func(d []float64, _ int) float64 { return floats.Sum(d) }, begun), "by a single worker"},
		answer{"shared", both(shared, begun), "both wait for the slower"},
		answer{"slowest", both(func(d []float64, _ int) float64 { return slices.Max(d) }, begun), "the slowest of all"},
		answer{"fastest", both(func(d []float64, workers int) (sum float64) {
			for batch := range slices.Chunk(d, workers) {
				sum += slices.Min(batch)
			}
			return sum
		}, begun), "not with its fastest"},
		answer{"no second", both(inBatches, none), "When is a worker free"},
		answer{"batches twice", both(inBatches, inBatches), "no worker waits"},
		answer{"shared asynchronously", both(inBatches, shared), "nothing left to begin"},
		answer{"longest first", both(inBatches, func(d []float64, workers int) float64 {
			return begun(slices.SortedFunc(slices.Values(d), func(a, b float64) int { return int(b - a) }), workers)
		}), "in the order given"},
		answer{"in turn", both(inBatches, func(d []float64, workers int) float64 {
			free := make([]float64, workers)
			for i, x := range d {
				free[i%workers] += x
			}
			return slices.Max(free)
		}), "not each in turn"},
		answer{"two workers", both(inBatches, func(d []float64, workers int) float64 { return begun(d, 2) }), "asynchronously, it makes"})
}

func TestTrainings(t *testing.T) {
	by := func(f func(ratio float64) float64) func() {
		return func() { Trainings(func(deviation, most float64) int { return int(f(deviation / most)) }) }
	}
	wantAnswers(t, "trainings",
		answer{"right", by(func(r float64) float64 { return math.Ceil(2 * r * r) }), ""},
		answer{"stub", by(func(float64) float64 { return 0 }), "it says 0"},
		answer{"one mean", by(func(r float64) float64 { return math.Ceil(r * r) }), "right for one architecture"},
		answer{"deviations", by(func(r float64) float64 { return math.Ceil(4 * r * r) }), "it adds deviations"},
		answer{"down", by(func(r float64) float64 { return 2 * r * r }), "one too few"},
		answer{"no square", by(func(r float64) float64 { return math.Ceil(math.Sqrt2 * r) }), "root of n only"},
		answer{"both", by(func(r float64) float64 { return 2 * math.Ceil(2*r*r) }), "counts both"},
		answer{"known", by(func(float64) float64 { return 11 }), "it makes 11, not 16"})
}

package exercise

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

func TestTogether(t *testing.T) {
	type way = func(dataSets [][]float64) float64
	both := func(ofSeeds, ofDataSets way) func() {
		return func() { Together(func(d [][]float64) (float64, float64) { return ofSeeds(d), ofDataSets(d) }) }
	}
	none := func([][]float64) float64 { return 0 }
	means := func(dataSets [][]float64) (m []float64) {
		for _, d := range dataSets {
			m = append(m, stat.Mean(d, nil))
		}
		return m
	}
	seeds := func(d [][]float64) float64 { return stat.Mean(slices.Concat(d...), nil) }
	sets := func(d [][]float64) float64 { return stat.Mean(means(d), nil) }
	sum := func(d [][]float64) float64 { return floats.Sum(slices.Concat(d...)) }
	wantAnswers(t, "together",
		answer{"right", both(seeds, sets), ""},
		answer{"stub", both(none, none), "it returns 0 over seeds"},
		answer{"exchanged", both(sets, seeds), "the mean of means over seeds"},
		answer{"sum", both(sum, sets), "the sum over seeds"},
		answer{"by data sets", both(func(d [][]float64) float64 { return sum(d) / float64(len(d)) }, sets), "by the three data sets"},
		answer{"no second", both(seeds, none), "Over data sets it returns 0"},
		answer{"same", both(seeds, seeds), "four ninths"},
		answer{"sum of means", both(seeds, func(d [][]float64) float64 { return floats.Sum(means(d)) }), "the sum of the means"},
		answer{"three data sets", both(seeds, func(d [][]float64) float64 { return floats.Sum(means(d)) / 3 }), "not 3.25 and 2.5"})
}

func TestCurse(t *testing.T) {
	// by makes an answer of the luckiest of many drawn rivals.
	by := func(f func(luck float64, rivals int, noise float64) float64, better func(x float64) float64) func() {
		return func() {
			Curse(func(rivals int, noise float64) float64 {
				const draws = 40000
				rng, sum := rand.New(rand.NewPCG(1, 1)), 0.0
				for range draws {
					best := math.Inf(-1)
					for range rivals {
						best = max(best, better(rng.NormFloat64()))
					}
					sum += best
				}
				return f(sum/draws, rivals, noise)
			})
		}
	}
	luck := func(x float64) float64 { return x }
	wantAnswers(t, "curse",
		answer{"right", by(func(l float64, k int, s float64) float64 { return l * s }, luck), ""},
		answer{"stub", by(func(l float64, k int, s float64) float64 { return 0 }, luck), "it returns 0"},
		answer{"noise", by(func(l float64, k int, s float64) float64 { return s }, luck), "returns the noise"},
		answer{"rivals", by(func(l float64, k int, s float64) float64 { return l }, luck), "grows with the noise."},
		answer{"square", by(func(l float64, k int, s float64) float64 { return l * s * s }, luck), "not with its square"},
		answer{"many rivals", by(func(l float64, k int, s float64) float64 { return s * math.Sqrt(2*math.Log(float64(k))) }, luck), "for very many rivals"},
		answer{"median", func() { Curse(func(k int, s float64) float64 { return s * quantileOfLargest(k, 0.5) }) }, "its mean"},
		answer{"size", by(func(l float64, k int, s float64) float64 { return l * s }, math.Abs), "Bad luck"},
		answer{"root", by(func(l float64, k int, s float64) float64 { return s * float64(k) }, luck), "not about 0.7"},
		answer{"one", by(func(l float64, k int, s float64) float64 { return max(l, 0.5) * s }, luck), "A single rival"},
		answer{"eight", by(func(l float64, k int, s float64) float64 { return 1.4236 * s * math.Log(float64(k)) / math.Log(8) }, luck), "Of 2 rivals"})
}

func TestShrunk(t *testing.T) {
	// by adds a share of what the label is above the mean.
	by := func(share func(structure, luck float64) float64) func() {
		return func() {
			Shrunk(func(label, mean, s, l float64) float64 { return mean + share(s, l)*(label-mean) })
		}
	}
	wantAnswers(t, "shrunk",
		answer{"right", by(func(s, l float64) float64 { return s * s / (s*s + l*l) }), ""},
		answer{"stub", func() { Shrunk(func(label, mean, s, l float64) float64 { return 0 }) }, "it returns 0"},
		answer{"label", by(func(s, l float64) float64 { return 1 }), "That is the label"},
		answer{"mean", by(func(s, l float64) float64 { return 0 }), "That is the mean"},
		answer{"above", func() {
			Shrunk(func(label, mean, s, l float64) float64 { return s * s / (s*s + l*l) * (label - mean) })
		}, "add the mean"},
		answer{"deviations", by(func(s, l float64) float64 { return s / (s + l) }), "variances add"},
		answer{"luck", by(func(s, l float64) float64 { return l * l / (s*s + l*l) }), "share of luck"},
		answer{"root", by(func(s, l float64) float64 { return s / math.Hypot(s, l) }), "ratio of deviations"},
		answer{"odds", by(func(s, l float64) float64 { return s * s / (l * l) }), "varies by both"},
		answer{"known", by(func(s, l float64) float64 { return 0.2 }), "a mean of 80"})
}

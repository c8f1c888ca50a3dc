package exercise

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestQuantiles(t *testing.T) {
	with := func(f func(values []float64) []float64) func() { return func() { Quantiles(f) } }
	// by maps the probability of a rank of n.
	by := func(f func(rank, n float64) float64) func() {
		return with(func(values []float64) []float64 {
			sorted, mapped := slices.Sorted(slices.Values(values)), make([]float64, len(values))
			for i, v := range values {
				mapped[i] = f(float64(slices.Index(sorted, v)+1), float64(len(values)))
			}
			return mapped
		})
	}
	quantile := distuv.UnitNormal.Quantile
	wantAnswers(t, "quantiles",
		answer{"right", by(func(rank, n float64) float64 { return quantile((rank - 0.5) / n) }), ""},
		answer{"none", with(func([]float64) []float64 { return nil }), "it makes 0."},
		answer{"stub", with(func(values []float64) []float64 { return values }), "as they were"},
		answer{"standardised", with(func(values []float64) []float64 {
			mean, deviation := stat.MeanStdDev(values, nil)
			floats.AddConst(-mean, values)
			floats.Scale(1/deviation, values)
			return values
		}), "standardised accuracies"},
		answer{"rank of n", by(func(rank, n float64) float64 { return quantile(rank / n) }), "infinite"},
		answer{"probabilities", by(func(rank, n float64) float64 { return (rank - 0.5) / n }), "Those are the probabilities"},
		answer{"n + 1", by(func(rank, n float64) float64 { return quantile(rank / (n + 1)) }), "rank / (n + 1)"},
		answer{"sign", by(func(rank, n float64) float64 { return -quantile((rank - 0.5) / n) }), "sign is wrong"},
		answer{"sorted", with(func(values []float64) []float64 { return slices.Sorted(slices.Values(stats.NormalQuantiles(values))) }), "come sorted"},
		answer{"ranks", by(func(rank, n float64) float64 { return rank }), "[1.000 4.000"},
		answer{"of four", by(func(rank, n float64) float64 { return quantile((rank - 0.5) / max(n, 4)) }), "it makes [-1"})
}

func TestInteraction(t *testing.T) {
	with := func(f func(o, a, b, ab float64) (float64, float64)) func() { return func() { Interaction(f) } }
	effect := func(f func(o, a, b, ab float64) float64) func() {
		return with(func(o, a, b, ab float64) (float64, float64) { return f(o, a, b, ab), 0 })
	}
	interaction := func(f func(o, a, b, ab float64) float64) func() {
		return with(func(o, a, b, ab float64) (float64, float64) { return (a - o + ab - b) / 2, f(o, a, b, ab) })
	}
	wantAnswers(t, "interaction",
		answer{"right", interaction(func(o, a, b, ab float64) float64 { return ab - b - a + o }), ""},
		answer{"stub", effect(func(o, a, b, ab float64) float64 { return 0 }), "an effect of 0"},
		answer{"alone", effect(func(o, a, b, ab float64) float64 { return a - o }), "one change at a time"},
		answer{"with", effect(func(o, a, b, ab float64) float64 { return ab - b }), "with the second; take the mean"},
		answer{"sum", effect(func(o, a, b, ab float64) float64 { return a - o + ab - b }), "asked is for their mean"},
		answer{"second", effect(func(o, a, b, ab float64) float64 { return (b - o + ab - a) / 2 }), "effect of the second change"},
		answer{"sign", effect(func(o, a, b, ab float64) float64 { return (o - a + b - ab) / 2 }), "The sign is wrong"},
		answer{"none", interaction(func(o, a, b, ab float64) float64 { return 0 }), "they do interact"},
		answer{"half", interaction(func(o, a, b, ab float64) float64 { return (ab - b - a + o) / 2 }), "a convention"},
		answer{"sign of the interaction", interaction(func(o, a, b, ab float64) float64 { return a - o - ab + b }), "sign of the interaction"},
		answer{"both", interaction(func(o, a, b, ab float64) float64 { return ab - o }), "what both are worth together"},
		answer{"size", interaction(func(o, a, b, ab float64) float64 { return ab - max(a, b) }), "it makes 3.5, not 3"},
		answer{"known", interaction(func(o, a, b, ab float64) float64 { return 3 }), "where nothing interacts"})
}

func TestLength(t *testing.T) {
	with := func(f func(d, s float64) float64) func() {
		return func() { Length(func(dimensions int, s float64) float64 { return f(float64(dimensions), s) }) }
	}
	absolute := math.Sqrt(2 / math.Pi)
	wantAnswers(t, "length",
		answer{"right", func() { Length(drawn) }, ""},
		answer{"stub", with(func(d, s float64) float64 { return 0 }), "it returns 0"},
		answer{"s", with(func(d, s float64) float64 { return s }), "It says s"},
		answer{"dimensions", with(func(d, s float64) float64 { return d * s }), "grows with the number"},
		answer{"axes", with(func(d, s float64) float64 { return d * s * absolute }), "along each axis"},
		answer{"square", with(func(d, s float64) float64 { return d * s * s }), "expected square of the length"},
		answer{"mean size", with(func(d, s float64) float64 { return math.Sqrt(d) * s * absolute }), "not its mean size"},
		answer{"cubic", with(func(d, s float64) float64 { return math.Cbrt(d) * s }), "not about"},
		answer{"mean square", with(func(d, s float64) float64 { return math.Sqrt(d) * s }), "In one, the mean of"},
		answer{"one dimension known", with(func(d, s float64) float64 {
			if d == 1 {
				return absolute * s
			}
			return math.Sqrt(d) * s
		}), "Of 2 dimensions"})
}

// drawn is the mean length of many random vectors.
func drawn(dimensions int, s float64) float64 {
	const draws = 40000
	rng, sum := rand.New(rand.NewPCG(1, 1)), 0.0
	for range draws {
		square := 0.0
		for range dimensions {
			x := s * rng.NormFloat64()
			square += x * x
		}
		sum += math.Sqrt(square)
	}
	return sum / draws
}

package exercise

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

func TestChord(t *testing.T) {
	above := func(values []float64) (all []float64) {
		for i, v := range values {
			t := float64(i) / float64(len(values)-1)
			all = append(all, v-(1-t)*values[0]-t*values[len(values)-1])
		}
		return all
	}
	with := func(f func(values []float64) float64) func() { return func() { Chord(f) } }
	wantAnswers(t, "chord",
		answer{"right", with(func(v []float64) float64 { return slices.Max(above(v)) }), ""},
		answer{"stub", with(func(v []float64) float64 { return 0 }), "it returns 0"},
		answer{"above the first", with(func(v []float64) float64 { return slices.Max(v) - v[0] }), "no horizontal line"},
		answer{"sign", with(func(v []float64) float64 { return -slices.Max(above(v)) }), "sign is wrong"},
		answer{"one point", with(func(v []float64) float64 { return above(v)[1] }), "one point only"},
		answer{"without ends", with(func(v []float64) float64 { a := above(v); return slices.Max(a[1 : len(a)-1]) }), "never below 0"},
		answer{"size", with(func(v []float64) float64 {
			return stats.RiseAboveChords([][]float64{v}) + math.Abs(slices.Min(above(v)))
		}), "nowhere above"},
		answer{"t of i / n", with(func(v []float64) float64 {
			if len(v) == 5 {
				return slices.Max(above(v))
			}
			return slices.Max(above(v)) * 0.9
		}), "point i of n"})
}

func TestConvex(t *testing.T) {
	right := map[string]bool{
		"relu(2z - 1)": true, "relu(z) + relu(-z)": true, "relu(z) - relu(z - 1)": false,
		"relu(1 - relu(z))": false, "relu(3 relu(z) - z)": true, "max(z, 2z - 1) - 5z": true,
		"tanh(z)": false, "log(1 + exp(z))": true, "relu(z) times relu(-z)": true,
	}
	but := func(name string) func() {
		answers := maps.Clone(right)
		answers[name] = !answers[name]
		return func() { Convex(answers) }
	}
	wantAnswers(t, "convex",
		answer{"right", func() { Convex(right) }, ""},
		answer{"stub", func() { Convex(nil) }, "no answer for"},
		answer{"tanh", but("tanh(z)"), "tanh(z) is not: from z ="},
		answer{"sum of a concave one", but("relu(1 - relu(z))"), "relu(1 - relu(z)) is not"},
		answer{"zero", but("relu(z) times relu(-z)"), "relu(z) times relu(-z) is: on no segment"})
}

func TestSoftplus(t *testing.T) {
	with := func(f func(x float64) float64) func() { return func() { Softplus(f) } }
	wantAnswers(t, "softplus",
		answer{"right", with(func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }), ""},
		answer{"stub", with(func(x float64) float64 { return 0 }), "At 0 it is log 2"},
		answer{"relu", with(relu), "That is a ReLU"},
		answer{"as written", with(func(x float64) float64 { return math.Log(1 + math.Exp(x)) }), "no number of 64 bits"},
		answer{"other form", with(func(x float64) float64 { return x + math.Log(1+math.Exp(-x)) }), "Choose by the sign"},
		answer{"rounded", with(func(x float64) float64 {
			if x > 0 {
				return x + math.Log(1+math.Exp(-x))
			}
			return math.Log(1 + math.Exp(x))
		}), "math.Log1p"},
		answer{"base two", with(func(x float64) float64 {
			return (max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))) * (1 + math.Abs(x)/1e6)
		}), "and it returns"})
}

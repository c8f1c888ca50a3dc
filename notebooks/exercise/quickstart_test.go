package exercise

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// concordance returns how many pairs of two lists are in the same order, and how many in the other.
func concordance(x, y []float64) (same, other float64) {
	for i := range x {
		for j := range i {
			if (x[i]-x[j])*(y[i]-y[j]) > 0 {
				same++
			} else {
				other++
			}
		}
	}
	return same, other
}

func TestTau(t *testing.T) {
	from := func(f func(same, other float64) float64) func() {
		return func() { Tau(func(x, y []float64) float64 { return f(concordance(x, y)) }) }
	}
	wantAnswers(t, "tau",
		answer{"right", from(func(s, o float64) float64 { return (s - o) / (s + o) }), ""},
		answer{"stub", from(func(s, o float64) float64 { return 0 }), "count the pairs"},
		answer{"share", from(func(s, o float64) float64 { return s / (s + o) }), "share of pairs"},
		answer{"sign", from(func(s, o float64) float64 { return (o - s) / (s + o) }), "sign is wrong"},
		answer{"number", from(func(s, o float64) float64 { return s - o }), "divide it by how many"},
		answer{"ordered pairs", from(func(s, o float64) float64 { return (s - o) / (s + o) / 2 }), "each counted once"},
		answer{"neighbours", func() {
			Tau(func(x, y []float64) float64 {
				sum := 0.0
				for i := range len(x) - 1 {
					sum += math.Copysign(1, (x[i+1]-x[i])*(y[i+1]-y[i])) / float64(len(x)-1)
				}
				return sum
			})
		}, "where both differences have one sign"})
}

func TestMidpoint(t *testing.T) {
	type model = func(z []float64) float64
	middle := func(a, b []float64) []float64 {
		m := floats.AddTo(make([]float64, len(a)), a, b)
		floats.Scale(0.5, m)
		return m
	}
	with := func(f func(p model, a, b []float64) float64) func() { return func() { Midpoint(f) } }
	wantAnswers(t, "midpoint",
		answer{"right", with(func(p model, a, b []float64) float64 { return p(middle(a, b)) - (p(a)+p(b))/2 }), ""},
		answer{"stub", with(func(model, []float64, []float64) float64 { return 0 }), "the gap is |a - b|²"},
		answer{"sign", with(func(p model, a, b []float64) float64 { return (p(a)+p(b))/2 - p(middle(a, b)) }), "sign is wrong"},
		answer{"middle alone", with(func(p model, a, b []float64) float64 { return p(middle(a, b)) }), "take away the mean"},
		answer{"sum of ends", with(func(p model, a, b []float64) float64 { return p(middle(a, b)) - p(a) - p(b) }), "not minus their mean"},
		answer{"sum", with(func(p model, a, b []float64) float64 {
			return p(floats.AddTo(make([]float64, len(a)), a, b)) - (p(a)+p(b))/2
		}), "not the middle"},
		answer{"distance", with(func(_ model, a, b []float64) float64 { return math.Pow(floats.Distance(a, b, 2), 2) / 4 }), "linear model"})
}

func TestStep(t *testing.T) {
	type gradient = func(z []float64) []float64
	add := func(z []float64, by float64, d []float64) []float64 {
		return floats.AddScaledTo(make([]float64, len(z)), z, by, d)
	}
	with := func(f func(z, noise []float64, s, eta float64, g gradient) []float64) func() {
		return func() { Step(f) }
	}
	wantAnswers(t, "step",
		answer{"right", with(func(z, e []float64, s, eta float64, g gradient) []float64 {
			z = add(z, s, e)
			return add(z, -eta, g(z))
		}), ""},
		answer{"stub", with(func(z, e []float64, s, eta float64, g gradient) []float64 { return nil }), "a latent has 2"},
		answer{"up", with(func(z, e []float64, s, eta float64, g gradient) []float64 {
			z = add(z, s, e)
			return add(z, eta, g(z))
		}), "goes up f"},
		answer{"gradient at z", with(func(z, e []float64, s, eta float64, g gradient) []float64 { return add(add(z, s, e), -eta, g(z)) }), "taken at z;"},
		answer{"no noise", with(func(z, e []float64, s, eta float64, g gradient) []float64 { return add(z, -eta, g(z)) }), "noise is missing"},
		answer{"from z", with(func(z, e []float64, s, eta float64, g gradient) []float64 { return add(z, -eta, g(add(z, s, e))) }), "step begins at z;"},
		answer{"no gradient", with(func(z, e []float64, s, eta float64, g gradient) []float64 { return add(z, s, e) }), "only noise"},
		answer{"whole noise", with(func(z, e []float64, s, eta float64, g gradient) []float64 { return add(z, 1, e) }), "and should to"})
}

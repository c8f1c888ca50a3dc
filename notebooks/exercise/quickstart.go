package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/floats"
)

// Tau checks f, Kendall's tau of two lists of equal length in which no value occurs twice.
func Tau(f func(x, y []float64) float64) {
	Check("tau", func() error {
		x := []float64{1, 2, 3, 4}
		switch same, reverse := f(x, []float64{5, 6, 7, 9}), f(x, []float64{9, 7, 6, 5}); {
		case same == 0:
			return errors.New("Two lists in the same order have a tau of 1, and it returns 0: count the pairs that both lists put in the same order.")
		case same == 1 && reverse == 0:
			return errors.New("It is the share of pairs in the same order. Tau is -1 for reversed lists: pairs in the other order count against it.")
		case same == -1 && reverse == 1:
			return errors.New("The sign is wrong: the same order is 1.")
		case same == 6 && reverse == -6:
			return errors.New("That is a number of pairs; divide it by how many there are, n (n - 1) / 2.")
		case !near(same, 1):
			return fmt.Errorf("For four values in the same order it returns %.3f, not 1: there are n (n - 1) / 2 pairs, each counted once.", same)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for n := 2; n < 12; n++ {
			x, y := make([]float64, n), make([]float64, n)
			for i := range x {
				x[i], y[i] = rng.NormFloat64(), rng.NormFloat64()
			}
			if got, want := f(x, y), stats.KendallTau(x, y); !near(got, want) {
				return fmt.Errorf("Of %.1f and %.1f it makes %.3f, not %.3f: a pair is in the same order where both differences have one sign.", x, y, got, want)
			}
		}
		return nil
	})
}

// Midpoint checks f, by how much the model is higher at the middle of a and b than the mean of what
// it is there.
func Midpoint(f func(model func(z []float64) float64, a, b []float64) float64) {
	Check("midpoint", func() error {
		dome := func(z []float64) float64 { return -floats.Dot(z, z) } // at the middle |a - b|² / 4 higher
		a, b := []float64{1, 2, 0}, []float64{3, -2, 1}
		want, middle := floats.Distance(a, b, 2)*floats.Distance(a, b, 2)/4, dome([]float64{2, 0, 0.5})
		got := f(dome, a, b)
		switch is := func(x float64) bool { return math.Abs(got-x) < 1e-9 }; {
		case is(-want):
			return errors.New("The sign is wrong: a concave model has gaps that are not negative.")
		case is(middle):
			return errors.New("That is the model at the middle; take away the mean of what it is at both ends.")
		case is(middle - dome(a) - dome(b)):
			return errors.New("That is the middle minus the sum of the ends, not minus their mean.")
		case is(dome([]float64{4, 0, 1}) - (dome(a)+dome(b))/2):
			return errors.New("a + b is not the middle between a and b.")
		case !is(want):
			return fmt.Errorf("For P(z) = -|z|², a = %v and b = %v it returns %.3f, and the gap is |a - b|² / 4 = %.3f.", a, b, got, want)
		}
		if linear := f(func(z []float64) float64 { return 3*z[0] - z[2] }, a, b); math.Abs(linear) > 1e-9 {
			return fmt.Errorf("A linear model has a gap of 0 everywhere, and it returns %.3f.", linear)
		}
		return nil
	})
}

// Step checks f, a step of the search: noise of size s, then eta times the gradient of f against
// it.
func Step(f func(z, noise []float64, s, eta float64, gradient func(z []float64) []float64) []float64) {
	Check("step", func() error {
		const s, eta = 0.5, 0.25
		gradient := func(z []float64) []float64 { return []float64{2 * z[0], 4 * z[1]} }
		z, noise := []float64{1, -2}, []float64{2, 1}
		got := f(append([]float64(nil), z...), append([]float64(nil), noise...), s, eta, gradient)
		if len(got) != len(z) {
			return fmt.Errorf("It returns %d numbers, and a latent has %d.", len(got), len(z))
		}
		noisy := []float64{z[0] + s*noise[0], z[1] + s*noise[1]}
		from := func(start []float64, step float64, at []float64) []float64 {
			return floats.AddScaledTo(make([]float64, 2), start, step, gradient(at))
		}
		for _, c := range []struct {
			result []float64
			wrong  string
		}{
			{from(noisy, -eta, noisy), ""},
			{from(noisy, eta, noisy), "It goes up f. The model of accuracy is 1 - f, so the step goes down f."},
			{from(noisy, -eta, z), "The gradient is taken at z; the search takes it where the noise has led."},
			{from(z, -eta, z), "The noise is missing: the gradient is taken, and the step begins, at z + s times the noise."},
			{from(z, -eta, noisy), "The step begins at z; it begins where the noise has led."},
			{noisy, "The gradient is missing: this is only noise."},
		} {
			if floats.EqualApprox(got, c.result, 1e-9) {
				if c.wrong == "" {
					return nil
				}
				return errors.New(c.wrong)
			}
		}
		return fmt.Errorf("From %v with noise %v it steps to %.3f, and should to %.3f.", z, noise, got, from(noisy, -eta, noisy))
	})
}

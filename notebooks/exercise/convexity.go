package exercise

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Chord checks f, the most by which a function rises above its chord on a segment. It gets the
// values of the function at points of even distance from one end of the segment to the other.
func Chord(f func(values []float64) float64) {
	Check("chord", func() error {
		valley, hill := []float64{4, 1, 0, 1, 4}, []float64{0, 3, 4, 3, 2}
		const risen = 3 // at the middle, 4, where the chord is 1
		got := f(hill)
		switch {
		case got == 0:
			return errors.New("The values 0, 3, 4, 3, 2 rise above the chord from 0 to 2, and it returns 0.")
		case got == 4 || got == 2:
			return errors.New("The chord is no horizontal line: at the middle of a segment from 0 to 2 it is 1.")
		case got == -risen:
			return errors.New("The sign is wrong: above the chord is positive.")
		case got != risen && math.Abs(got-2.5) < 1e-9:
			return errors.New("It looks at one point only; 0, 3, 4, 3, 2 is the furthest above its chord at its middle.")
		case f(valley) < 0:
			return errors.New("At its ends a function is on its chord, so the most is never below 0.")
		case f(valley) > 0:
			return fmt.Errorf("The values 4, 1, 0, 1, 4 are nowhere above their chord, and it returns %.2f.", f(valley))
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for n := 3; n < 10; n++ {
			values := make([]float64, n)
			for i := range values {
				values[i] = rng.NormFloat64()
			}
			if got, want := f(values), stats.RiseAboveChords([][]float64{values}); math.Abs(got-want) > 1e-9 {
				return fmt.Errorf("Of %d values %.2f it makes %.3f, not %.3f; point i of n has the chord (1 - t) first + t last with t = i / (n - 1).", n, values, got, want)
			}
		}
		return nil
	})
}

// functions of one variable, by their names in the exercise.
var functions = map[string]func(z float64) float64{
	"relu(2z - 1)":           func(z float64) float64 { return relu(2*z - 1) },
	"relu(z) + relu(-z)":     func(z float64) float64 { return relu(z) + relu(-z) },
	"relu(z) - relu(z - 1)":  func(z float64) float64 { return relu(z) - relu(z-1) },
	"relu(1 - relu(z))":      func(z float64) float64 { return relu(1 - relu(z)) },
	"relu(3 relu(z) - z)":    func(z float64) float64 { return relu(3*relu(z) - z) },
	"max(z, 2z - 1) - 5z":    func(z float64) float64 { return math.Max(z, 2*z-1) - 5*z },
	"tanh(z)":                math.Tanh,
	"log(1 + exp(z))":        func(z float64) float64 { return math.Log1p(math.Exp(z)) },
	"relu(z) times relu(-z)": func(z float64) float64 { return relu(z) * relu(-z) },
}

func relu(z float64) float64 { return math.Max(z, 0) }

// Convex checks answers: of some functions of one variable, by their names, whether they are
// convex.
func Convex(answers map[string]bool) {
	Check("convex", func() error {
		wrong := 0
		var first error
		for _, name := range slices.Sorted(maps.Keys(functions)) {
			answer, given := answers[name]
			if !given {
				return fmt.Errorf("There is no answer for %q.", name)
			}
			a, b, rise := highest(functions[name])
			if answer == (rise < 1e-9) {
				continue
			}
			if wrong++; first == nil && answer {
				first = fmt.Errorf("%s is not: from z = %.1f to %.1f it is up to %.2f above its chord.", name, a, b, rise)
			} else if first == nil {
				first = fmt.Errorf("%s is: on no segment between -3 and 3 it is above its chord. Use the three rules.", name)
			}
		}
		if wrong > 0 {
			return fmt.Errorf("%d of %d answers are wrong. %w", wrong, len(functions), first)
		}
		return nil
	})
}

// highest returns the segment between -3 and 3 on which a function rises the most above its chord.
func highest(f func(z float64) float64) (a, b, rise float64) {
	const points = 31
	for i := range points {
		for j := i + 1; j < points; j++ {
			from, to := -3+0.2*float64(i), -3+0.2*float64(j)
			var values []float64
			for k := range 21 {
				values = append(values, f(from+(to-from)*float64(k)/20))
			}
			if r := stats.RiseAboveChords([][]float64{values}); r > rise {
				a, b, rise = from, to, r
			}
		}
	}
	return a, b, rise
}

// Softplus checks f, log(1 + exp(x)), for which a large x is no problem.
func Softplus(f func(x float64) float64) {
	Check("softplus", func() error {
		switch {
		case f(0) == 0 && f(1) == 1 && f(-1) == 0:
			return errors.New("That is a ReLU, which is 0 over half of the line. Softplus is above 0 everywhere.")
		case math.Abs(f(0)-math.Ln2) > 1e-9:
			return fmt.Errorf("At 0 it is log 2 = 0.693, and it returns %.3f.", f(0))
		case math.IsInf(f(1000), 0) || math.IsNaN(f(1000)):
			return fmt.Errorf("At 1000 it returns %v: exp(1000) is no number of 64 bits. Softplus is x + log(1 + exp(-x)) as well.", f(1000))
		case math.IsInf(f(-1000), 0) || math.IsNaN(f(-1000)):
			return fmt.Errorf("At -1000 it returns %v: the other form fails there. Choose by the sign of x.", f(-1000))
		case f(-40) == 0:
			return errors.New("At -40 it returns 0, and it is 4.2e-18: 1 + exp(-40) is rounded to 1. Look at math.Log1p.")
		}
		for _, x := range []float64{-40, -3, 0.5, 2, 30, 1000} {
			want := math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
			if math.Abs(f(x)-want) > 1e-9*want {
				return fmt.Errorf("At %v it is %.6g, and it returns %.6g.", x, want, f(x))
			}
		}
		return nil
	})
}

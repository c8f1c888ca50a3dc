package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Quantiles checks f, which maps each of n different values to the standard normal's quantile of
// (rank - 1/2) / n.
func Quantiles(f func(values []float64) []float64) {
	Check("quantiles", func() error {
		values, ranks := []float64{60, 94, 90, 91}, []float64{1, 4, 2, 3}
		got, want := f(slices.Clone(values)), stats.NormalQuantiles(values)
		each := func(f func(i int) float64) bool {
			for i := range want {
				if !near(got[i], f(i)) {
					return false
				}
			}
			return true
		}
		mean, deviation := stat.MeanStdDev(values, nil)
		population := stat.PopStdDev(values, nil)
		switch {
		case len(got) != len(values):
			return fmt.Errorf("Of %d values it makes %d.", len(values), len(got))
		case each(func(i int) float64 { return values[i] }):
			return errors.New("They are as they were: 60 is still 30 below the others, and 90 and 94 are neighbours.")
		case each(func(i int) float64 { return (values[i] - mean) / deviation }), each(func(i int) float64 { return (values[i] - mean) / population }):
			return errors.New("Those are standardised accuracies: 60 is still far from the others, and the good ones are close together.")
		case slices.ContainsFunc(got, func(x float64) bool { return math.IsInf(x, 0) }):
			return errors.New("One is infinite: the ranks are 1 to n, and the quantile that of (rank - 1/2) / n.")
		case each(func(i int) float64 { return (ranks[i] - 0.5) / 4 }):
			return errors.New("Those are the probabilities (rank - 1/2) / n; take the standard normal's quantiles of them.")
		case each(func(i int) float64 { return distuv.UnitNormal.Quantile(ranks[i] / 5) }):
			return errors.New("Those are quantiles of rank / (n + 1); asked is for (rank - 1/2) / n.")
		case each(func(i int) float64 { return -want[i] }):
			return errors.New("The sign is wrong: rank 1 is the lowest.")
		case each(func(i int) float64 { return want[slices.Index(ranks, float64(i+1))] }):
			return errors.New("They come sorted; value i and quantile i belong together.")
		case !floats.EqualApprox(got, want, 1e-9):
			return fmt.Errorf("Of %v it makes %.3f, not %.3f.", values, got, want)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for n := 1; n < 12; n++ {
			values := make([]float64, n)
			for i := range values {
				values[i] = rng.NormFloat64()
			}
			if got, want := f(slices.Clone(values)), stats.NormalQuantiles(values); !floats.EqualApprox(got, want, 1e-9) {
				return fmt.Errorf("Of %.2f it makes %.3f, not %.3f.", values, got, want)
			}
		}
		return nil
	})
}

// Interaction checks f, what two changes of a method are worth: the mean effect of the first, with
// and without the second, and by how much more it is worth with the second than without.
func Interaction(f func(neither, first, second, both float64) (effect, interaction float64)) {
	Check("interaction", func() error {
		const neither, first, second, both = 90.0, 91.0, 90.5, 94.5
		const of = "Of accuracies 90 without changes, 91 with the first, 90.5 with the second and 94.5 with both"
		effect, interaction := f(neither, first, second, both)
		err := compare(of+", as the effect of the first,", effect, 2.5,
			mistake{0, of + " it returns an effect of 0."},
			mistake{1, "That is the effect of the first change without the second, which is all that one change at a time can tell."},
			mistake{4, "That is the effect of the first change with the second; take the mean with that without it."},
			mistake{5, "That is the sum of both effects of the first change; asked is for their mean."},
			mistake{2, "That is the effect of the second change."},
			mistake{-2.5, "The sign is wrong: a change that makes it better has an effect above 0."})
		if err != nil {
			return err
		}
		err = compare("The effect is right. As the interaction", interaction, 3,
			mistake{0, "The effect is right. With the second change the first is worth 4, without it 1: they do interact."},
			mistake{1.5, "The effect is right. Half of this difference is a convention, too; here it is the whole."},
			mistake{-3, "The effect is right. The sign of the interaction is wrong: together they are worth more than one by one."},
			mistake{4.5, "The effect is right. That is what both are worth together; take away what each is worth alone."})
		if err != nil {
			return err
		}
		effect, interaction = f(1, 2, 4, 5)
		return errors.Join(compare("Of 1, 2, 4 and 5, as the effect,", effect, 1), compare("Of 1, 2, 4 and 5, where nothing interacts, as the interaction,", interaction, 0))
	})
}

// Length checks f, the expected length of s times a standard normal vector, to a hundredth.
func Length(f func(dimensions int, s float64) float64) {
	Check("length", func() error {
		about := func(got, want float64) bool { return math.Abs(got/want-1) < 0.01 }
		const s = 0.5
		got, absolute := f(64, s), math.Sqrt(2/math.Pi)
		switch {
		case got == 0:
			return errors.New("Of 64 dimensions and s = 0.5 it returns 0. What is the expected square of the length?")
		case about(got, s):
			return errors.New("It says s: every dimension adds to the length.")
		case about(got, 64*s):
			return errors.New("It grows with the number of dimensions; lengths are added as squares.")
		case about(got, 64*s*absolute):
			return errors.New("That is the sum of 64 sizes, as if one walked along each axis. The length is the straight way.")
		case about(got, 64*s*s):
			return errors.New("That is the expected square of the length.")
		case about(got, 8*s*absolute):
			return errors.New("Squares are added, so it is the mean square of a coordinate that counts, not its mean size.")
		case !about(got, length(64, s)):
			return fmt.Errorf("Of 64 dimensions and s = 0.5 it makes %.3f, not about %.3f.", got, length(64, s))
		case about(f(1, s), s):
			return errors.New("The root of the mean square is near in 64 dimensions. In one, the mean of |ε| is 0.80: draw many, and take the mean of lengths.")
		}
		for _, dimensions := range []int{1, 2, 4, 16, 64} {
			for _, s := range []float64{0.1, 1} {
				if got, want := f(dimensions, s), length(dimensions, s); !about(got, want) {
					return fmt.Errorf("Of %d dimensions and s = %v it makes %.3f, not %.3f.", dimensions, s, got, want)
				}
			}
		}
		return nil
	})
}

// length is s times the mean of a chi distribution.
func length(dimensions int, s float64) float64 {
	upper, _ := math.Lgamma(float64(dimensions+1) / 2)
	lower, _ := math.Lgamma(float64(dimensions) / 2)
	return s * math.Sqrt2 * math.Exp(upper-lower)
}

package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Interval checks f, the mean of the differences a[i] - b[i] of two methods from the same seeds,
// and the half-width of its 95 % interval by Student's t distribution.
func Interval(f func(a, b []float64) (mean, half float64)) {
	Check("interval", func() error {
		a, b := []float64{3, 5, 4, 7, 6}, []float64{1, 4, 4, 3, 5}
		n, d := float64(len(a)), []float64{2, 1, 0, 4, 1}
		want := stats.Paired(a, b, experiment.Level)
		quantile := func(p, freedom float64) float64 { return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(p) }
		deviation, t := stat.StdDev(d, nil), quantile(0.975, n-1)
		apart := math.Sqrt((stat.Variance(a, nil) + stat.Variance(b, nil)) / n)

		mean, half := f(slices.Clone(a), slices.Clone(b))
		is := func(half float64) func(float64) bool { return func(got float64) bool { return near(got, half) } }
		for _, mistake := range []struct {
			made func(half float64) bool
			say  string
		}{
			{func(float64) bool { return near(mean, -want.Difference) }, "The sign is wrong: the difference is the first minus the second."},
			{func(float64) bool { return !near(mean, want.Difference) }, "The mean is not that of the differences, seed by seed."},
			{is(want.HalfWidth), ""},
			{is(0), "The mean is right. Its half-width is 0: how far do differences scatter?"},
			{is(deviation * t), "That is how far a single difference scatters. The mean of n scatters less, by the square root of n."},
			{is(deviation / math.Sqrt(n)), "That is the standard error. Multiply it by the quantile of Student's t."},
			{is(deviation * quantile(0.95, n-1) / math.Sqrt(n)), "A 95 % interval leaves 2.5 % at either end: the quantile is that of 0.975."},
			{is(deviation * distuv.UnitNormal.Quantile(0.975) / math.Sqrt(n)), "That is the quantile of a normal distribution; of few seeds, Student's t has a larger one."},
			{is(deviation * quantile(0.975, n) / math.Sqrt(n)), "Of n differences, the t distribution has n - 1 degrees of freedom, as the mean takes one."},
			{is(deviation * t / n), "Divide the standard deviation by the square root of n, not by n."},
			{is(stat.PopStdDev(d, nil) * t / math.Sqrt(n)), "The standard deviation of a sample divides by n - 1: stat.StdDev, not PopStdDev."},
			{is(apart * t), "That takes the methods as independent. They come from the same seeds: the deviation is that of the differences."},
			{is(apart * quantile(0.975, 2*n-2)), "That is the interval of two independent samples; these are pairs, so begin with their differences."},
		} {
			if mistake.made(half) {
				if mistake.say == "" {
					return nil
				}
				return errors.New(mistake.say)
			}
		}
		return fmt.Errorf("The mean is right, the half-width of %.4f is not: quantile times standard deviation of the differences, by the root of n.", half)
	})
}

// Holm checks f, which corrects the p-values of a family of comparisons by Holm's method and
// returns them in the order given.
func Holm(f func(p []float64) []float64) {
	Check("holm", func() error {
		p := []float64{0.01, 0.04, 0.03, 0.005, 0.6}
		got := f(slices.Clone(p))
		same := func(want ...float64) bool { return slices.EqualFunc(got, want, near) }
		switch {
		case len(got) != len(p):
			return fmt.Errorf("Of %d p-values it makes %d: each comparison has one.", len(p), len(got))
		case same(p...):
			return errors.New("They are as they were. The smallest of n is multiplied by n, the next by n - 1, and so on.")
		case same(0.05, 0.2, 0.15, 0.025, 3), same(0.05, 0.2, 0.15, 0.025, 1):
			return errors.New("That is Bonferroni's correction, which multiplies all by n. Holm's multiplies the second smallest by n - 1.")
		case same(0.04, 0.08, 0.09, 0.025, 0.6):
			return errors.New("0.03 becomes 0.09 and 0.04 becomes 0.08: who is the larger must stay so. None may be below that of a smaller one.")
		case same(0.025, 0.04, 0.09, 0.09, 0.6):
			return errors.New("They come sorted, and nobody knows which comparison is which: return them in the order given.")
		case same(0.02, 0.16, 0.09, 0.005, 3), same(0.02, 0.16, 0.09, 0.005, 1):
			return errors.New("The largest is multiplied by most: it is the smallest that needs the most.")
		case !same(0.04, 0.09, 0.09, 0.025, 0.6):
			return fmt.Errorf("Of %v it makes %v; the two smallest, 0.005 and 0.01, should become 0.025 and 0.04.", p, got)
		}
		if got := f([]float64{0.7, 0.9}); len(got) != 2 || got[0] != 1 || got[1] != 1 {
			return fmt.Errorf("Of 0.7 and 0.9 it makes %v: no probability is above 1.", got)
		}
		return nil
	})
}

// Seeds checks f, how many seeds a comparison needs to find a difference with a probability of 80 %
// at the level of 5 %, two-sided: by the normal approximation, of the standard deviation of the
// differences.
func Seeds(f func(difference, deviation float64) int) {
	Check("seeds", func() error {
		level, power := distuv.UnitNormal.Quantile(0.975), distuv.UnitNormal.Quantile(0.8)
		for _, c := range [][2]float64{{0.1, 0.3}, {0.26, 1.3}, {0.5, 0.5}} {
			ratio := c[1] / c[0]
			square := func(z float64) int { return int(math.Ceil(z * z * ratio * ratio)) }
			want, got := square(level+power), f(c[0], c[1])
			of := fmt.Sprintf("For a difference of %g and a deviation of %g it says %d seeds.", c[0], c[1], got)
			switch got {
			case want:
			case 0:
				return fmt.Errorf("%s How large is the standard error of the mean of n differences?", of)
			case square(level):
				return fmt.Errorf("%s Then half of all experiments miss it, as often as the mean comes out below the true one: 80 %% are asked for.", of)
			case want - 1:
				return fmt.Errorf("%s That is one too few: round up.", of)
			case square(distuv.UnitNormal.Quantile(0.95) + power):
				return fmt.Errorf("%s That is for a one-sided test: two-sided, the quantile is that of 0.975.", of)
			case int(math.Ceil((level + power) * ratio)):
				return fmt.Errorf("%s The error falls with the square root of n only: square.", of)
			case int(math.Ceil(2 * (level + power) * (level + power) * ratio * ratio)):
				return fmt.Errorf("%s Twice as many are for two independent samples; the deviation here is that of the differences.", of)
			default:
				return fmt.Errorf("%s The difference has to be as many standard errors as the two quantiles make together.", of)
			}
		}
		return nil
	})
}

// Choice checks f, the mean difference of a method to the best of its rivals, of accuracies from
// the same seeds: one that is zero on average where all are equally good.
func Choice(f func(method []float64, rivals [][]float64) float64) {
	Check("choice", func() error {
		// average is the mean over many experiments in which the method is better than the rivals
		// by so much, and the last rival by so much.
		average := func(method, last float64) float64 {
			const experiments, rivals, seeds = 400, 8, 40
			rng, sum := rand.New(rand.NewPCG(5, 6)), 0.0
			normal := func(mean float64) (x []float64) {
				for range seeds {
					x = append(x, mean+rng.NormFloat64())
				}
				return x
			}
			for range experiments {
				var others [][]float64
				for range rivals - 1 {
					others = append(others, normal(70))
				}
				sum += f(normal(70+method), append(others, normal(70+last)))
			}
			return sum / experiments
		}
		better, equal, worse := average(1, 0), average(0, 0), average(0, 1)
		switch {
		case math.IsNaN(better + equal + worse):
			return errors.New("It returns no number: is there a mean of no seeds?")
		case better < 0:
			return errors.New("The sign is wrong: a method that is better than all its rivals comes out negative.")
		case worse > -0.7:
			return fmt.Errorf("One rival is better by 1 point, and on average it says %.2f: compare with the best rival, not with any.", worse)
		case equal < -0.19:
			return fmt.Errorf("All are equally good, and on average it says %.2f: the seeds that choose the rival flatter it, and may not judge it.", equal)
		case equal < -0.08:
			return fmt.Errorf("All are equally good, and on average it says %.2f: some of the seeds that judge the rival have chosen it.", equal)
		case equal > 0.08 || math.Abs(better-1) > 0.1:
			return fmt.Errorf("Where the method is better by 0 and 1 points, on average it says %.2f and %.2f.", equal, better)
		}
		return nil
	})
}

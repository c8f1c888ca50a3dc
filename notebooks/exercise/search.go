package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/distuv"
)

// Improvement checks f, the expected improvement on the best so far by an accuracy of which a model
// says the mean and the standard deviation.
func Improvement(f func(mean, deviation, best float64) float64) {
	Check("improvement", func() error {
		const mean, deviation, best = 92.5, 2.0, 92.0
		u := (mean - best) / deviation
		above, density := distuv.UnitNormal.CDF(u), distuv.UnitNormal.Prob(u)
		err := compare("Of a mean of 92.5, a deviation of 2 and a best of 92", f(mean, deviation, best), stats.ExpectedImprovement(mean, deviation, best),
			mistake{0, "It returns 0, and a mean of 92.5 is above the best of 92."},
			mistake{mean - best, "That is the improvement of the mean. Above the best there is more to win, and below it nothing to lose: weigh both."},
			mistake{above, "That is the probability of an improvement; it does not say by how much."},
			mistake{stats.ExpectedImprovement(-mean, deviation, -best), "That is for a loss: here higher is better, so u = (mean - best) / deviation."},
			mistake{(mean-best)*above + density, "The density belongs to u; multiply it by the deviation."},
			mistake{u*above + density, "That is in deviations; multiply all of it by the deviation."},
			mistake{(mean - best) * above, "That forgets how far above the best it is if it is above: the term with the density is missing."},
			mistake{mean + deviation, "That is an upper confidence bound."})
		if err != nil {
			return err
		}
		for _, mean := range []float64{90, 95} {
			if got, want := f(mean, 0, best), max(0, mean-best); !near(got, want) {
				return fmt.Errorf("Of a mean of %v without any deviation it makes %v, and the improvement on 92 is %v: do not divide by 0.", mean, got, want)
			}
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			mean, deviation, best := rng.NormFloat64(), 0.1+rng.Float64(), rng.NormFloat64()
			of := fmt.Sprintf("Of a mean of %.3f, a deviation of %.3f and a best of %.3f", mean, deviation, best)
			if err := compare(of, f(mean, deviation, best), stats.ExpectedImprovement(mean, deviation, best)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tournament checks f, a step of regularised evolution: which member becomes the parent, and which
// leaves. It gets the accuracies of the population, the oldest first, and who is drawn to compete.
func Tournament(f func(population []float64, drawn []int) (parent, leaves int)) {
	Check("tournament", func() error {
		parent, leaves := f([]float64{93, 90, 85, 88, 91, 94}, []int{1, 4, 3})
		switch {
		case parent == 0 && leaves == 0:
			return errors.New("It returns 0 and 0. The parent is one of those drawn, 1, 4 and 3.")
		case parent == 5:
			return errors.New("That is the best of all as parent. Only those drawn compete, so others have their turn.")
		case parent == 1:
			return errors.New("It returns a place among those drawn; asked is for the member, which stands in drawn.")
		case parent == 91:
			return errors.New("That is the parent's accuracy; asked is which member it is.")
		case parent != 4:
			return fmt.Errorf("Of the accuracies 93 90 85 88 91 94, those drawn, 1, 4 and 3, have 90, 91 and 88: %d is not the best.", parent)
		case leaves == 2:
			return errors.New("The parent is right. The worst leaves in ordinary evolution; in the regularised one the oldest does, however good.")
		case leaves == 3:
			return errors.New("The parent is right. Who leaves is not the worst of those drawn: the whole population ages.")
		case leaves == 5:
			return errors.New("The parent is right. Member 5 is the youngest; the oldest comes first.")
		case leaves != 0:
			return fmt.Errorf("The parent is right. Member %d leaves, and it is not the oldest.", leaves)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 30 {
			population, drawn := make([]float64, 8), rng.Perm(8)[:3]
			for i := range population {
				population[i] = -float64(rng.IntN(1000))
			}
			want := slices.MaxFunc(drawn, func(a, b int) int { return int(population[a] - population[b]) })
			if parent, leaves := f(population, drawn); parent != want || leaves != 0 {
				return fmt.Errorf("Of %v, where %v are drawn, %d becomes parent and %d leaves; it should be %d and 0.", population, drawn, parent, leaves, want)
			}
		}
		return nil
	})
}

// Posterior checks f, what a Gaussian process of mean 0 says of the value at a place: mean and
// standard deviation, of the values y measured at x with noise of that standard deviation.
func Posterior(f func(kernel func(a, b float64) float64, x, y []float64, noise, at float64) (mean, deviation float64)) {
	Check("posterior", func() error {
		kernel := func(a, b float64) float64 { return 1.5 * math.Exp(-(a-b)*(a-b)/2) }
		x, y := []float64{-1, 0.5, 2}, []float64{1, -0.5, 2}
		const noise, at = 0.5, 1.2
		mean, deviation := f(kernel, slices.Clone(x), slices.Clone(y), noise, at)
		want, wantDeviation := gaussianPosterior(kernel, x, y, noise, at)
		exact, exactDeviation := gaussianPosterior(kernel, x, y, 0, at)
		rooted, _ := gaussianPosterior(kernel, x, y, math.Sqrt(noise), at)
		err := compare("As the mean", mean, want,
			mistake{0, "It returns a mean of 0, the one before any measurement."},
			mistake{exact, "That mean is as if measurements had no noise: add noise² to the diagonal of the kernel's matrix."},
			mistake{rooted, "Noise is a standard deviation: add its square to the diagonal."})
		if err != nil {
			return err
		}
		err = compare("The mean is right. As the deviation", deviation, wantDeviation,
			mistake{0, "The mean is right. The deviation is 0: start from kernel(at, at), and take away what the measurements tell."},
			mistake{wantDeviation * wantDeviation, "The mean is right. That is the variance; the deviation is its root."},
			mistake{math.Sqrt(kernel(at, at)), "The mean is right. That is the deviation before any measurement."},
			mistake{exactDeviation, "The mean is right. The deviation is as if measurements had no noise."},
			mistake{math.Hypot(wantDeviation, noise), "The mean is right. That is the deviation of a new noisy label; asked is for the value itself."})
		if err != nil {
			return err
		}
		few, fewDeviation := f(kernel, x[:1], y[:1], 0.1, 0)
		want, wantDeviation = gaussianPosterior(kernel, x[:1], y[:1], 0.1, 0)
		return errors.Join(compare("Of a single measurement, as the mean", few, want), compare("Of a single measurement, as the deviation", fewDeviation, wantDeviation))
	})
}

// gaussianPosterior is that of a Gaussian process, by gonum: the measurements and the value are one
// normal vector, of which all but the last number are known.
func gaussianPosterior(kernel func(a, b float64) float64, x, y []float64, noise, at float64) (mean, deviation float64) {
	places, known := append(slices.Clone(x), at), make([]int, len(x))
	covariance := mat.NewSymDense(len(places), nil)
	for i, a := range places {
		for j, b := range places[:i+1] {
			covariance.SetSym(i, j, kernel(a, b))
		}
	}
	for i := range known {
		known[i] = i
		covariance.SetSym(i, i, covariance.At(i, i)+noise*noise)
	}
	joint, _ := distmv.NewNormal(make([]float64, len(places)), covariance, nil)
	value, _ := joint.ConditionNormal(known, y, nil)
	var variance mat.SymDense
	value.CovarianceMatrix(&variance)
	return value.Mean(nil)[0], math.Sqrt(variance.At(0, 0))
}

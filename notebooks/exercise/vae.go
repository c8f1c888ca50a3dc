package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// posterior is a normal distribution of a latent, of independent dimensions.
type posterior struct{ mu, logVar []float64 }

// somePosteriors are those that answers are tried on; the first is the standard normal itself.
var somePosteriors = []posterior{
	{[]float64{0}, []float64{0}},
	{[]float64{1}, []float64{0}},
	{[]float64{0.5, -1}, []float64{-1, 0.6}},
	{[]float64{2, 0.3, -0.7}, []float64{-3, 0.2, 1}},
}

// overDimensions adds up a function of mean and log-variance.
func overDimensions(f func(mu, logVar float64) float64) func(posterior) float64 {
	return func(q posterior) (sum float64) {
		for i := range q.mu {
			sum += f(q.mu[i], q.logVar[i])
		}
		return sum
	}
}

// divergence is the integral of q log(q/p) for the standard normal p.
func divergence(mu, logVar float64) float64 {
	q := distuv.Normal{Mu: mu, Sigma: math.Exp(logVar / 2)}
	integrand := func(z float64) float64 {
		return q.Prob(z) * (q.LogProb(z) - distuv.UnitNormal.LogProb(z))
	}
	return quad.Fixed(integrand, mu-12*q.Sigma, mu+12*q.Sigma, 200, nil, 0)
}

// closedForm is a form of the divergence with the variance that a mistake takes.
func closedForm(variance func(logVar float64) float64) func(posterior) float64 {
	return overDimensions(func(mu, logVar float64) float64 {
		v := variance(logVar)
		return (mu*mu + v - 1 - math.Log(v)) / 2
	})
}

func times(factor float64, f func(posterior) float64) func(posterior) float64 {
	return func(q posterior) float64 { return factor * f(q) }
}

var wrongDivergences = []struct {
	answer func(posterior) float64
	say    string
}{
	{func(posterior) float64 { return 0 }, "It is 0 for every distribution: only the standard normal itself has no divergence."},
	{times(-1, overDimensions(divergence)), "The sign is wrong: a divergence is never negative."},
	{times(2, overDimensions(divergence)), "It is twice as large: the factor 1/2 is missing."},
	{times(-2, overDimensions(divergence)), "The factor -1/2 is missing."},
	{func(q posterior) float64 { return overDimensions(divergence)(q) / float64(len(q.mu)) },
		"That is the mean over dimensions, as crlso.KLDivergence has it: here the sum is asked for."},
	{closedForm(func(logVar float64) float64 { return math.Exp(2 * logVar) }),
		"You take logVar for the logarithm of the standard deviation: it is that of the variance, so exp(logVar) is the variance."},
	{overDimensions(func(mu, logVar float64) float64 { return (mu*mu + logVar*logVar - 1 - logVar) / 2 }),
		"You take logVar for the standard deviation: the variance is exp(logVar)."},
	{overDimensions(func(mu, logVar float64) float64 { return (mu*mu + math.Exp(logVar/2) - 1 - logVar) / 2 }),
		"The standard deviation, exp(logVar/2), stands where the variance belongs."},
	{overDimensions(func(mu, logVar float64) float64 { return (mu*mu + math.Exp(logVar) - logVar) / 2 }),
		"It is too large by 1/2 a dimension: the standard normal itself must have 0."},
	{overDimensions(func(mu, logVar float64) float64 { return (mu + math.Exp(logVar) - 1 - logVar) / 2 }),
		"The mean enters squared."},
	{overDimensions(func(mu, logVar float64) float64 { return (logVar + (1+mu*mu)*math.Exp(-logVar) - 1) / 2 }),
		"That is the divergence of the standard normal from the posterior: the other way round."},
}

// Divergence checks the divergence of a normal distribution with independent dimensions from the
// standard normal, as a sum over dimensions.
func Divergence(f func(mu, logVar []float64) float64) {
	Check("divergence", func() error {
		var answers []float64
		for _, q := range somePosteriors {
			answers = append(answers, f(slices.Clone(q.mu), slices.Clone(q.logVar)))
		}
		agrees := func(reference func(posterior) float64) bool {
			var want []float64
			for _, q := range somePosteriors {
				want = append(want, reference(q))
			}
			return floats.EqualApprox(answers, want, 1e-6)
		}
		right := overDimensions(divergence)
		if agrees(right) {
			return nil
		}
		for _, w := range wrongDivergences {
			if agrees(w.answer) {
				return errors.New(w.say)
			}
		}
		for i, q := range somePosteriors {
			if want := right(q); !(math.Abs(answers[i]-want) < 1e-6) {
				return fmt.Errorf("For mu = %v and logVar = %v it returns %.4f; the integral of q log(q/p) is %.4f.", q.mu, q.logVar, answers[i], want)
			}
		}
		return nil
	})
}

// Sample checks the reparametrisation: a latent z of the posterior as a function of standard normal
// noise.
func Sample(sample func(mu, logVar, eps []float64) []float64) {
	Check("sample", func() error {
		rng := rand.New(rand.NewPCG(1, 2))
		mu, logVar := []float64{3, -1}, []float64{-2, 1.5}
		const draws = 4000
		var z [2][]float64
		for range draws {
			eps := []float64{rng.NormFloat64(), rng.NormFloat64()}
			one := sample(slices.Clone(mu), slices.Clone(logVar), slices.Clone(eps))
			if len(one) != 2 {
				return fmt.Errorf("It returns %d numbers for a mean of 2: return a latent of as many.", len(one))
			} else if again := sample(slices.Clone(mu), slices.Clone(logVar), slices.Clone(eps)); !slices.Equal(one, again) {
				return errors.New("The same noise gives another latent: use eps and draw nothing, or there is no gradient through it.")
			}
			for i := range z {
				z[i] = append(z[i], one[i])
			}
		}
		for i := range z {
			if err := checkSample(z[i], mu[i], logVar[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkSample compares mean and deviation of samples of one dimension with those of the posterior.
func checkSample(z []float64, mu, logVar float64) error {
	mean, deviation := stat.MeanStdDev(z, nil)
	near := func(x, want float64) bool { return math.Abs(x-want) < 0.05*math.Abs(want)+1e-9 }
	sigma := math.Exp(logVar / 2)
	switch {
	case deviation < 1e-9:
		return errors.New("The latent does not depend on eps: that is the mean, without noise.")
	case math.Abs(mean) < 0.1 && near(deviation, sigma):
		return errors.New("The mean of the latents is 0: mu is missing.")
	case !(math.Abs(mean-mu) < 0.2):
		return fmt.Errorf("With mu = %g the mean of %d latents is %.2f.", mu, len(z), mean)
	case near(deviation, sigma):
		return nil
	case near(deviation, sigma*sigma):
		return errors.New("The noise is multiplied by the variance, exp(logVar): the standard deviation is its square root.")
	case near(deviation, math.Abs(logVar)):
		return errors.New("The noise is multiplied by logVar itself: the standard deviation is exp(logVar/2).")
	case near(deviation, 1):
		return errors.New("The noise has the deviation 1 whatever logVar is: multiply it by exp(logVar/2).")
	case near(deviation, 0.01*sigma):
		return errors.New("That is the noise of the paper, a hundredth of the posterior's: here the whole of it is asked for.")
	default:
		return fmt.Errorf("With logVar = %g the latents have the standard deviation %.3f, and not %.3f.", logVar, deviation, sigma)
	}
}

// CrossEntropy checks the loss of one choice among several: minus the logarithm of the probability
// that scores give the right one.
func CrossEntropy(f func(scores []float64, right int) float64) {
	Check("reconstruction", func() error {
		scores, right := []float64{1, -0.5, 2.5, 0.2}, 1
		n, sum := float64(len(scores)), floats.LogSumExp(scores)
		want := sum - scores[right]
		got := f(slices.Clone(scores), right)
		near := func(x float64) bool { return math.Abs(got-x) < 1e-9 }
		switch {
		case near(0):
			return errors.New("It returns 0: that is the loss of a decoder that is certain and right.")
		case near(-want):
			return errors.New("The sign is wrong: the logarithm of a probability is negative, the loss is not.")
		case near(math.Exp(-want)):
			return errors.New("That is the probability of the right choice: the loss is minus its logarithm.")
		case near(-scores[right]):
			return errors.New("That is minus the score: scores become probabilities by exp and division by the sum.")
		case near(sum - floats.Max(scores)):
			return errors.New("That is the loss of the choice with the highest score, and not of the right one.")
		case near(want / math.Ln2):
			return errors.New("That is in bits: take the natural logarithm.")
		case near(want / n):
			return errors.New("You divide by the number of classes: one choice has one loss.")
		case near(n*sum - floats.Sum(scores)):
			return errors.New("You add up the losses of all classes: only the right one counts.")
		case !near(want):
			return fmt.Errorf("With the scores %v and the right choice %d it returns %.4f, and not %.4f.", scores, right, got, want)
		}
		if large := f([]float64{1000, 0}, 1); !(math.Abs(large-1000) < 1e-6) {
			return fmt.Errorf("With the scores [1000 0] it returns %g: exp overflows, so subtract the highest score first.", large)
		}
		return nil
	})
}

// Active checks the number of dimensions of a latent that tell architectures apart: those whose
// means, mu, have a larger variance over architectures than what noise adds to them, (noise
// sigma)^2, has in the mean.
func Active(count func(mu, logVar [][]float64, noise float64) int) {
	Check("active", func() error {
		// Mean and deviation of mu, and deviation of the posterior, of each dimension.
		dimensions := [][3]float64{{0, 1, 0.1}, {0, 0.001, 1}, {2, 0.001, 1}, {0, 0.3, 0.5}, {1, 0.5, 0.9}, {0, 0.1, 0.2}, {0, 0.5, 0.3}, {-2, 0.02, 1}}
		rng := rand.New(rand.NewPCG(1, 2))
		mu, logVar := make([][]float64, 500), make([][]float64, 500)
		for i := range mu {
			for _, d := range dimensions {
				mu[i] = append(mu[i], d[0]+d[1]*rng.NormFloat64())
				logVar[i] = append(logVar[i], 2*math.Log(d[2]))
			}
		}
		by := func(active func(d [3]float64, noise float64) bool) [2]int {
			var n [2]int
			for i, noise := range []float64{1, 0.01} {
				for _, d := range dimensions {
					if active(d, noise) {
						n[i]++
					}
				}
			}
			return n
		}
		got := [2]int{count(mu, logVar, 1), count(mu, logVar, 0.01)}
		want := by(func(d [3]float64, noise float64) bool { return d[1] > noise*d[2] })
		switch got {
		case want:
			return nil
		case [2]int{}:
			return errors.New("It returns 0 yet: with so little noise as 0.01, some dimension tells architectures apart.")
		case [2]int{want[0], want[0]}:
			return errors.New("It does not depend on noise: what is added to a mean is noise times sigma times eps.")
		case by(func(d [3]float64, noise float64) bool { return d[0]*d[0]+d[1]*d[1] > noise*d[2]*noise*d[2] }):
			return errors.New("You take the mean square of mu: a mean that is the same for all architectures tells nothing, so take the variance.")
		case by(func(d [3]float64, noise float64) bool { return d[1]*d[1] > noise*d[2] }):
			return errors.New("You compare a variance with a standard deviation: the variance of the noise is (noise sigma)^2.")
		case by(func(d [3]float64, noise float64) bool { return d[1]*d[1] > noise*d[2]*d[2] }):
			return errors.New("The factor noise enters squared, as the standard deviation does.")
		case [2]int{len(dimensions) - want[0], len(dimensions) - want[1]}:
			return errors.New("You count the dimensions that are not active.")
		}
		return fmt.Errorf("Of %d dimensions it finds %d active with noise 1 and %d with noise 0.01, and not %d and %d.", len(dimensions), got[0], got[1], want[0], want[1])
	})
}

package exercise

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

func TestDivergence(t *testing.T) {
	// with is the sum over dimensions of a term, of mean, log-variance and variance.
	with := func(term func(mu, logVar, variance float64) float64) func(mu, logVar []float64) float64 {
		return func(mu, logVar []float64) (sum float64) {
			for i := range mu {
				sum += term(mu[i], logVar[i], math.Exp(logVar[i]))
			}
			return sum
		}
	}
	right := with(func(mu, logVar, v float64) float64 { return -0.5 * (1 + logVar - mu*mu - v) })
	wantAnswers(t, "divergence", said(map[string]func(mu, logVar []float64) float64{
		"":                             right,
		"0 for every":                  func(_, _ []float64) float64 { return 0 },
		"sign is wrong":                with(func(mu, logVar, v float64) float64 { return 0.5 * (1 + logVar - mu*mu - v) }),
		"factor 1/2":                   with(func(mu, logVar, v float64) float64 { return mu*mu + v - 1 - logVar }),
		"factor -1/2":                  with(func(mu, logVar, v float64) float64 { return 1 + logVar - mu*mu - v }),
		"mean over":                    func(mu, logVar []float64) float64 { return right(mu, logVar) / float64(len(mu)) },
		"logarithm of the":             with(func(mu, logVar, v float64) float64 { return 0.5 * (mu*mu + v*v - 1 - 2*logVar) }),
		"take logVar for the standard": with(func(mu, s, _ float64) float64 { return 0.5 * (mu*mu + s*s - 1 - s) }),
		"where the variance":           with(func(mu, logVar, v float64) float64 { return 0.5 * (mu*mu + math.Sqrt(v) - 1 - logVar) }),
		"1/2 a dimension":              with(func(mu, logVar, v float64) float64 { return 0.5 * (mu*mu + v - logVar) }),
		"enters squared":               with(func(mu, logVar, v float64) float64 { return 0.5 * (mu + v - 1 - logVar) }),
		"the other way round":          with(func(mu, logVar, v float64) float64 { return 0.5 * (logVar + (1+mu*mu)/v - 1) }),
		"returns NaN":                  func(_, _ []float64) float64 { return math.NaN() },
	}, Divergence)...)
	// Published: the divergence of N(1, 1) is 1/2, that of N(0, e) is (e - 2) / 2.
	for _, known := range []struct{ mu, logVar, want float64 }{{0, 0, 0}, {1, 0, 0.5}, {0, 1, (math.E - 2) / 2}} {
		if got := divergence(known.mu, known.logVar); math.Abs(got-known.want) > 1e-9 {
			t.Errorf("the divergence of %v is %g", known, got)
		}
	}
}

func TestSample(t *testing.T) {
	// with adds noise times a deviation to a share of the mean.
	with := func(share float64, deviation func(logVar float64) float64) func(mu, logVar, eps []float64) []float64 {
		return func(mu, logVar, eps []float64) (z []float64) {
			for i := range mu {
				z = append(z, share*mu[i]+deviation(logVar[i])*eps[i])
			}
			return z
		}
	}
	sigma := func(logVar float64) float64 { return math.Exp(logVar / 2) }
	wantAnswers(t, "sample", said(map[string]func(mu, logVar, eps []float64) []float64{
		"":                  with(1, sigma),
		"returns 0 numbers": func(_, _, _ []float64) []float64 { return nil },
		"draw nothing": func(mu, logVar, _ []float64) []float64 {
			return with(1, sigma)(mu, logVar, []float64{rand.NormFloat64(), 1})
		},
		"does not depend":      with(1, func(float64) float64 { return 0 }),
		"mu is missing":        with(0, sigma),
		"With mu = 3 the mean": with(2, sigma),
		"by the variance":      with(1, math.Exp),
		"logVar itself":        with(1, func(logVar float64) float64 { return logVar }),
		"whatever logVar is":   with(1, func(float64) float64 { return 1 }),
		"noise of the paper":   with(1, func(logVar float64) float64 { return 0.01 * sigma(logVar) }),
		"and not 0.368":        with(1, func(logVar float64) float64 { return 3 * sigma(logVar) }),
	}, Sample)...)
}

func TestCrossEntropy(t *testing.T) {
	probability := func(scores []float64, right int) float64 {
		sum := 0.0
		for _, s := range scores {
			sum += math.Exp(s)
		}
		return math.Exp(scores[right]) / sum
	}
	loss := func(scores []float64, right int) float64 { return floats.LogSumExp(scores) - scores[right] }
	wantAnswers(t, "reconstruction", said(map[string]func(scores []float64, right int) float64{
		"":                   loss,
		"It returns 0":       func([]float64, int) float64 { return 0 },
		"sign is wrong":      func(scores []float64, right int) float64 { return -loss(scores, right) },
		"minus its":          probability,
		"minus the score":    func(scores []float64, right int) float64 { return -scores[right] },
		"highest score, and": func(scores []float64, _ int) float64 { return loss(scores, floats.MaxIdx(scores)) },
		"in bits":            func(scores []float64, right int) float64 { return -math.Log2(probability(scores, right)) },
		"number of classes":  func(scores []float64, right int) float64 { return loss(scores, right) / float64(len(scores)) },
		"only the right one": func(scores []float64, _ int) (sum float64) {
			for i := range scores {
				sum += loss(scores, i)
			}
			return sum
		},
		"and not 3.3171": func(scores []float64, right int) float64 { return loss(scores, right) + 1 },
		"exp overflows":  func(scores []float64, right int) float64 { return -math.Log(probability(scores, right)) },
	}, CrossEntropy)...)
}

func TestActive(t *testing.T) {
	// with counts dimensions by a comparison of the variance of mu and its mean square with the
	// mean variance of the posterior.
	with := func(active func(variance, square, posterior, noise float64) bool) func(mu, logVar [][]float64, noise float64) int {
		return func(mu, logVar [][]float64, noise float64) (n int) {
			for d := range mu[0] {
				var means, squares, variances []float64
				for i := range mu {
					means, squares = append(means, mu[i][d]), append(squares, mu[i][d]*mu[i][d])
					variances = append(variances, math.Exp(logVar[i][d]))
				}
				if active(stat.Variance(means, nil), stat.Mean(squares, nil), stat.Mean(variances, nil), noise) {
					n++
				}
			}
			return n
		}
	}
	wantAnswers(t, "active", said(map[string]func(mu, logVar [][]float64, noise float64) int{
		"":                    with(func(v, _, p, noise float64) bool { return v > noise*noise*p }),
		"It returns 0":        func(_, _ [][]float64, _ float64) int { return 0 },
		"does not depend":     with(func(v, _, p, _ float64) bool { return v > p }),
		"mean square":         with(func(_, square, p, noise float64) bool { return square > noise*noise*p }),
		"with a standard":     with(func(v, _, p, noise float64) bool { return v > noise*math.Sqrt(p) }),
		"factor noise enters": with(func(v, _, p, noise float64) bool { return v > noise*p }),
		"that are not active": with(func(v, _, p, noise float64) bool { return v <= noise*noise*p }),
		"finds 8 active":      func(mu, _ [][]float64, _ float64) int { return len(slices.Concat(mu[0])) },
	}, Active)...)
}

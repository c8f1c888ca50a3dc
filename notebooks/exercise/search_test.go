package exercise

import (
	"math"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestImprovement(t *testing.T) {
	with := func(f func(mean, deviation, best float64) float64) func() { return func() { Improvement(f) } }
	// by combines the mean's improvement, the deviation, and the probability and density of u.
	by := func(f func(d, s, above, density float64) float64) func() {
		return with(func(mean, s, best float64) float64 {
			u := (mean - best) / s
			return f(mean-best, s, distuv.UnitNormal.CDF(u), distuv.UnitNormal.Prob(u))
		})
	}
	wantAnswers(t, "improvement",
		answer{"right", with(func(mean, s, best float64) float64 {
			if s == 0 {
				return max(0, mean-best)
			}
			return stats.ExpectedImprovement(mean, s, best)
		}), ""},
		answer{"stub", with(func(mean, s, best float64) float64 { return 0 }), "It returns 0"},
		answer{"mean", with(func(mean, s, best float64) float64 { return max(0, mean-best) }), "improvement of the mean"},
		answer{"probability", by(func(d, s, above, density float64) float64 { return above }), "probability of an improvement"},
		answer{"loss", with(func(mean, s, best float64) float64 { return stats.ExpectedImprovement(-mean, s, -best) }), "for a loss"},
		answer{"density", by(func(d, s, above, density float64) float64 { return d*above + density }), "belongs to u"},
		answer{"in deviations", by(func(d, s, above, density float64) float64 { return d/s*above + density }), "in deviations"},
		answer{"one term", by(func(d, s, above, density float64) float64 { return d * above }), "the term with the density"},
		answer{"bound", with(func(mean, s, best float64) float64 { return mean + s }), "upper confidence bound"},
		answer{"division", by(func(d, s, above, density float64) float64 { return s * (d/s*above + density) }), "do not divide by 0"},
		answer{"one value", with(func(mean, s, best float64) float64 {
			if s == 0 {
				return max(0, mean-best)
			}
			return stats.ExpectedImprovement(92.5, 2, 92)
		}), "Of a mean of 0.906"})
}

func TestTournament(t *testing.T) {
	with := func(f func(population []float64, drawn []int) (int, int)) func() { return func() { Tournament(f) } }
	best := func(population []float64, drawn []int) int {
		return slices.MaxFunc(drawn, func(a, b int) int { return int(population[a] - population[b]) })
	}
	wantAnswers(t, "tournament",
		answer{"right", with(func(p []float64, d []int) (int, int) { return best(p, d), 0 }), ""},
		answer{"stub", with(func(p []float64, d []int) (int, int) { return 0, 0 }), "returns 0 and 0"},
		answer{"best of all", with(func(p []float64, d []int) (int, int) { return floats.MaxIdx(p), 0 }), "best of all as parent"},
		answer{"place", with(func(p []float64, d []int) (int, int) { return slices.Index(d, best(p, d)), 0 }), "a place among those drawn"},
		answer{"accuracy", with(func(p []float64, d []int) (int, int) { return int(p[best(p, d)]), 0 }), "the parent's accuracy"},
		answer{"last drawn", with(func(p []float64, d []int) (int, int) { return d[len(d)-1], 0 }), "3 is not the best"},
		answer{"worst leaves", with(func(p []float64, d []int) (int, int) { return best(p, d), floats.MinIdx(p) }), "ordinary evolution"},
		answer{"loser leaves", with(func(p []float64, d []int) (int, int) { return best(p, d), 3 }), "worst of those drawn"},
		answer{"youngest leaves", with(func(p []float64, d []int) (int, int) { return best(p, d), len(p) - 1 }), "is the youngest"},
		answer{"parent leaves", with(func(p []float64, d []int) (int, int) { return best(p, d), best(p, d) }), "Member 4 leaves"},
		answer{"positive only", with(func(p []float64, d []int) (parent, leaves int) {
			accuracy := 0.0
			for _, i := range d {
				if p[i] > accuracy {
					parent, accuracy = i, p[i]
				}
			}
			return parent, 0
		}), "0 becomes parent"})
}

func TestPosterior(t *testing.T) {
	type kernel = func(a, b float64) float64
	with := func(f func(k kernel, x, y []float64, noise, at float64) (float64, float64)) func() {
		return func() { Posterior(f) }
	}
	// by is the posterior with a changed noise, and a deviation made of the right one.
	by := func(noise func(float64) float64, deviation func(right, prior, noise float64) float64) func() {
		return with(func(k kernel, x, y []float64, s, at float64) (float64, float64) {
			m, d := gaussianPosterior(k, x, y, noise(s), at)
			return m, deviation(d, math.Sqrt(k(at, at)), s)
		})
	}
	same := func(s float64) float64 { return s }
	right := func(d, prior, s float64) float64 { return d }
	wantAnswers(t, "posterior",
		answer{"right", with(solved), ""},
		answer{"stub", with(func(k kernel, x, y []float64, s, at float64) (float64, float64) { return 0, 0 }), "a mean of 0"},
		answer{"no noise", by(func(float64) float64 { return 0 }, right), "That mean is as if"},
		answer{"root", by(math.Sqrt, right), "Noise is a standard deviation"},
		answer{"sign", with(func(k kernel, x, y []float64, s, at float64) (float64, float64) {
			m, d := gaussianPosterior(k, x, y, s, at)
			return -m, d
		}), "As the mean it makes"},
		answer{"sure", by(same, func(d, prior, s float64) float64 { return 0 }), "The deviation is 0"},
		answer{"variance", by(same, func(d, prior, s float64) float64 { return d * d }), "That is the variance"},
		answer{"prior", by(same, func(d, prior, s float64) float64 { return prior }), "before any measurement."},
		answer{"deviation without noise", with(func(k kernel, x, y []float64, s, at float64) (float64, float64) {
			m, _ := gaussianPosterior(k, x, y, s, at)
			_, d := gaussianPosterior(k, x, y, 0, at)
			return m, d
		}), "had no noise."},
		answer{"label", by(same, func(d, prior, s float64) float64 { return math.Hypot(d, s) }), "a new noisy label"},
		answer{"three only", with(func(k kernel, x, y []float64, s, at float64) (float64, float64) {
			if len(x) != 3 {
				return 0, 0
			}
			return gaussianPosterior(k, x, y, s, at)
		}), "Of a single measurement"})
}

// solved is the posterior by Cholesky's decomposition.
func solved(k func(a, b float64) float64, x, y []float64, noise, at float64) (float64, float64) {
	n := len(x)
	covariance, near := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i, a := range x {
		near.SetVec(i, k(a, at))
		for j, b := range x {
			covariance.SetSym(i, j, k(a, b))
		}
	}
	for i := range n {
		covariance.SetSym(i, i, covariance.At(i, i)+noise*noise)
	}
	var c mat.Cholesky
	c.Factorize(covariance)
	var weights mat.VecDense
	if err := c.SolveVecTo(&weights, near); err != nil {
		panic(err)
	}
	return mat.Dot(&weights, mat.NewVecDense(n, y)), math.Sqrt(k(at, at) - mat.Dot(&weights, near))
}

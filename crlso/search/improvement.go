package search

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// improvementSearch is Bayesian optimisation over all architectures of a finite space, with a
// covariance of exp(-d / scale) for two architectures at a distance d. [GaussianProcess] and
// [LatentGP] differ in their distances and scales only.
type improvementSearch struct {
	name           string // for errors
	initial, batch int
	distances      func(point int) []float64 // of one architecture from each, for the search to keep
	kernels        []kernel                  // of which each round takes the one of the highest marginal likelihood
}

// kernel is a covariance of exp(-d / scale) with noise of some variance on what is observed.
type kernel struct{ scale, noise float64 }

// observationVariance is the variance of the noise that the model expects on a normal quantile,
// where no other is said.
const observationVariance = 0.01

// kernels returns all combinations of scales and variances of the noise.
func kernels(scales []float64, noises ...float64) (all []kernel) {
	for _, scale := range scales {
		for _, noise := range noises {
			all = append(all, kernel{scale, noise})
		}
	}
	return all
}

// learner is an improvementSearch with what it has computed from the queries so far.
type learner struct {
	improvementSearch
	points     []int
	accuracies []float64
	distances  map[int][]float64 // of the queried points
	posterior  *posterior
	kernel     kernel
}

func (s improvementSearch) learner() *learner {
	return &learner{improvementSearch: s, distances: map[int][]float64{}}
}

func (l *learner) propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	if archs, err := InitialSet(known, l.initial, rng); err != nil || archs != nil {
		return archs, err
	}
	space := known.Space().(datasets.FiniteSpace)
	for _, query := range known.Log()[len(l.points):] {
		point := space.Index(query.Arch)
		l.points = append(l.points, point)
		l.accuracies = append(l.accuracies, query.Accuracy)
		l.distances[point] = l.improvementSearch.distances(point)
	}
	targets := stats.NormalQuantiles(l.accuracies)
	if likeliest := likeliestKernel(l.kernels, l.points, l.distances, targets); likeliest != l.kernel {
		l.kernel = likeliest
		l.posterior = newPosterior(space.Len(), func(point int) []float64 {
			return covariances(l.distances[point], likeliest.scale)
		}, likeliest.noise)
	}
	l.posterior.observe(l.points[len(l.posterior.observed):]...)
	archs, err := mostPromising(known, space.At, l.posterior, targets, max(n, l.batch))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	return archs, nil
}

// octaves returns the scales mean * 2^from, mean * 2^(from+1), ..., mean * 2^to.
func octaves(mean float64, from, to int) []float64 {
	var scales []float64
	for octave := from; octave <= to; octave++ {
		scales = append(scales, math.Ldexp(mean, octave))
	}
	return scales
}

// covariances returns the covariances of points with another by their distances from it.
func covariances(distances []float64, scale float64) []float64 {
	row := make([]float64, len(distances))
	for i, distance := range distances {
		row[i] = math.Exp(-distance / scale)
	}
	return row
}

// likeliestKernel returns the kernel for which the targets observed at some points are the most
// likely.
func likeliestKernel(kernels []kernel, points []int, distances map[int][]float64, targets []float64) kernel {
	likeliest := kernels[0]
	if len(kernels) == 1 {
		return likeliest
	}
	highest := math.Inf(-1)
	mean, covariance := make([]float64, len(points)), mat.NewSymDense(len(points), nil)
	for _, kernel := range kernels {
		for i, point := range points {
			row := distances[point]
			for j, other := range points[:i] {
				covariance.SetSym(i, j, math.Exp(-row[other]/kernel.scale))
			}
			covariance.SetSym(i, i, 1+kernel.noise)
		}
		normal, ok := distmv.NewNormal(mean, covariance, nil)
		if !ok { // rounding aside, the noise makes the covariance positive definite
			continue
		}
		if likelihood := normal.LogProb(targets); likelihood > highest {
			highest, likeliest = likelihood, kernel
		}
	}
	return likeliest
}

// mostPromising returns n of those unknown architectures that have the highest expected
// improvement. The posterior's points are what archs numbers.
func mostPromising(known Known, archs func(point int) datasets.Arch, p *posterior, targets []float64, n int) ([]datasets.Arch, error) {
	best := floats.Max(targets)
	out := math.Inf(-1)
	improvement := p.mean(targets)
	for i, mean := range improvement {
		if known.Asked(archs(i)) {
			improvement[i] = out
		} else {
			improvement[i] = stats.ExpectedImprovement(mean, math.Sqrt(p.variance[i]), best)
		}
	}
	var chosen []datasets.Arch
	for range min(n, known.Remaining()) {
		i := floats.MaxIdx(improvement)
		if improvement[i] == out {
			break
		}
		improvement[i] = out
		chosen = append(chosen, archs(i))
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("all of %s is known after %d of %d queries; use a smaller budget",
			known.Space().Name(), len(known.Log()), known.Budget())
	}
	return chosen, nil
}

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
	distances      func(point int) []float64 // of one architecture from each
	scales         []float64                 // of which each round takes the one of the highest marginal likelihood
}

// observationVariance is the variance of the noise that the model expects on a normal quantile.
const observationVariance = 0.01

func (s improvementSearch) search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := SampleUntil(oracle, rng, s.initial); err != nil {
		return err
	}
	var (
		space      = oracle.Space().(datasets.FiniteSpace)
		points     []int
		accuracies []float64
		distances  = map[int][]float64{} // of the queried points
		posterior  *posterior
		scale      float64
	)
	for oracle.Remaining() > 0 {
		for _, query := range oracle.Log()[len(points):] {
			point := space.Index(query.Arch)
			points = append(points, point)
			accuracies = append(accuracies, query.Accuracy)
			distances[point] = s.distances(point)
		}
		targets := stats.NormalQuantiles(accuracies)
		if likeliest := likeliestScale(s.scales, points, distances, targets); likeliest != scale {
			scale = likeliest
			posterior = newPosterior(space.Len(), func(point int) []float64 {
				return covariances(distances[point], likeliest)
			}, observationVariance)
		}
		posterior.observe(points[len(posterior.observed):]...)
		if err := queryMostPromising(oracle, space.At, posterior, targets, s.batch); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
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

// likeliestScale returns the scale for which the targets observed at some points are the most
// likely.
func likeliestScale(scales []float64, points []int, distances map[int][]float64, targets []float64) float64 {
	likeliest := scales[0]
	if len(scales) == 1 {
		return likeliest
	}
	highest := math.Inf(-1)
	mean, covariance := make([]float64, len(points)), mat.NewSymDense(len(points), nil)
	for _, scale := range scales {
		for i, point := range points {
			row := distances[point]
			for j, other := range points[:i] {
				covariance.SetSym(i, j, math.Exp(-row[other]/scale))
			}
			covariance.SetSym(i, i, 1+observationVariance)
		}
		normal, ok := distmv.NewNormal(mean, covariance, nil)
		if !ok { // rounding aside, the noise makes the covariance positive definite
			continue
		}
		if likelihood := normal.LogProb(targets); likelihood > highest {
			highest, likeliest = likelihood, scale
		}
	}
	return likeliest
}

// queryMostPromising queries a batch of those unknown architectures that have the highest expected
// improvement. The posterior's points are what archs numbers.
func queryMostPromising(oracle *datasets.Oracle, archs func(point int) datasets.Arch, p *posterior, targets []float64, batch int) error {
	best := floats.Max(targets)
	known := math.Inf(-1)
	improvement := p.mean(targets)
	for i, mean := range improvement {
		if oracle.Seen(archs(i)) {
			improvement[i] = known
		} else {
			improvement[i] = stats.ExpectedImprovement(mean, math.Sqrt(p.variance[i]), best)
		}
	}
	for range min(batch, oracle.Remaining()) {
		i := floats.MaxIdx(improvement)
		if improvement[i] == known {
			return fmt.Errorf("all of %s is known after %d of %d queries; use a smaller budget",
				oracle.Space().Name(), len(oracle.Log()), oracle.Budget())
		}
		improvement[i] = known
		if _, err := oracle.Query(archs(i)); err != nil {
			return err
		}
	}
	return nil
}

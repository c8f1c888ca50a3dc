package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/cr-lso/cr-lso/datasets"
)

// GaussianProcess is Bayesian optimisation over all architectures of a finite space. It queries a random
// initial set; then, round by round, it fits a Gaussian process to the normal quantiles of the
// accuracies' ranks and queries the architectures of the highest expected improvement.
//
// The covariance of two architectures is exp(-d / Length), where d counts the features in which they
// differ. With k(x, x') the number of features that agree, that is exp(-(k(x,x) - k(x,x')) / Length),
// a squared-exponential kernel on one-hot features.
//
// Sources: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, Algorithm 2.1;
// Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", 1998,
// equation 15. The kernel and the quantiles are this project's choice.
//
// A search of NAS-Bench-201 with 200 queries needs 25 MB: 8 bytes for each query and architecture.
type GaussianProcess struct {
	// Features describes an architecture by classes, as many for each, of which only equality counts.
	// nil means the classes of nodes and edges of Space.Encode; nasbench201.PathFeatures adds those of
	// paths for NAS-Bench-201.
	Features func(datasets.Arch) []int32

	Length  float64 // differing features by which the covariance falls to 1/e; 0 means 4
	Initial int     // random architectures queried first; 0 means 10
	Batch   int     // queries in a round; 0 means 5
}

// observationVariance is the variance of the noise that the model expects on a normal quantile.
const observationVariance = 0.01

// Search implements [Searcher]. The oracle's space must be a [datasets.FiniteSpace] and its budget not below
// the initial set. Whatever the oracle has answered before counts towards the initial set.
func (g GaussianProcess) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	g.Length, g.Initial, g.Batch = cmp.Or(g.Length, 4), cmp.Or(g.Initial, 10), cmp.Or(g.Batch, 5)
	space, finite := oracle.Space().(datasets.FiniteSpace)
	switch {
	case !finite:
		return fmt.Errorf("Gaussian process: %s cannot be enumerated", oracle.Space().Name())
	case !(g.Length > 0) || g.Initial < 1 || g.Batch < 1:
		return fmt.Errorf("Gaussian process: Length is %v, Initial %d and Batch %d; want all of them positive",
			g.Length, g.Initial, g.Batch)
	}
	if err := checkBudget(oracle, "Gaussian process", g.Initial); err != nil {
		return err
	}
	features, err := g.features(space)
	if err != nil {
		return err
	}
	for len(oracle.Log()) < g.Initial {
		if _, err := queryRandom(oracle, rng); err != nil {
			return err
		}
	}
	posterior := newPosterior(features, g.Length, observationVariance)
	accuracies := make([]float64, 0, oracle.Budget())
	for oracle.Remaining() > 0 {
		var points []int
		for _, query := range oracle.Log()[len(accuracies):] {
			points = append(points, space.Index(query.Arch))
			accuracies = append(accuracies, query.Accuracy)
		}
		posterior.observe(points...)
		if err := g.queryBatch(oracle, space, posterior, normalQuantiles(accuracies)); err != nil {
			return err
		}
	}
	return nil
}

// features returns the features of all architectures of a space, in its order.
func (g GaussianProcess) features(space datasets.FiniteSpace) ([][]int32, error) {
	describe := g.Features
	if describe == nil {
		describe = func(a datasets.Arch) []int32 {
			graph := space.Encode(a)
			return append(graph.Nodes, graph.Edges...)
		}
	}
	features := make([][]int32, space.Len())
	for i := range features {
		features[i] = describe(space.At(i))
		if len(features[i]) != len(features[0]) {
			return nil, fmt.Errorf("Gaussian process: %v has %d features and %v %d; want as many for each architecture",
				space.At(0), len(features[0]), space.At(i), len(features[i]))
		}
	}
	return features, nil
}

// queryBatch queries the unknown architectures of the highest expected improvement.
func (g GaussianProcess) queryBatch(oracle *datasets.Oracle, space datasets.FiniteSpace, p *posterior, targets []float64) error {
	best := floats.Max(targets)
	known := math.Inf(-1)
	improvement := p.mean(targets)
	for i, mean := range improvement {
		if oracle.Seen(space.At(i)) {
			improvement[i] = known
		} else {
			improvement[i] = expectedImprovement(mean, math.Sqrt(p.variance[i]), best)
		}
	}
	for range min(g.Batch, oracle.Remaining()) {
		i := floats.MaxIdx(improvement)
		if improvement[i] == known {
			return fmt.Errorf("Gaussian process: all of %s is known after %d of %d queries; use a smaller budget",
				space.Name(), len(oracle.Log()), oracle.Budget())
		}
		improvement[i] = known
		if _, err := oracle.Query(space.At(i)); err != nil {
			return err
		}
	}
	return nil
}

// expectedImprovement is the expectation of max(0, X - best) for a normal X.
func expectedImprovement(mean, deviation, best float64) float64 {
	u := (mean - best) / deviation
	return deviation * (u*distuv.UnitNormal.CDF(u) + distuv.UnitNormal.Prob(u))
}

// normalQuantiles returns the standard normal's quantile of (rank - 1/2) / n for each of n values, rank 1 the
// lowest. Values that tie have the mean of their ranks.
func normalQuantiles(values []float64) []float64 {
	n := len(values)
	sorted, order, quantiles := slices.Clone(values), make([]int, n), make([]float64, n)
	floats.Argsort(sorted, order)
	for first := 0; first < n; {
		end := first + 1
		for end < n && sorted[end] == sorted[first] {
			end++
		}
		quantile := distuv.UnitNormal.Quantile(float64(first+end) / 2 / float64(n))
		for _, i := range order[first:end] {
			quantiles[i] = quantile
		}
		first = end
	}
	return quantiles
}

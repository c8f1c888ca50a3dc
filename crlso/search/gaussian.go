package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"github.com/cr-lso/cr-lso/crlso/stats"
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
	posterior := newPosterior(len(features), overlap(features, g.Length), observationVariance)
	accuracies := make([]float64, 0, oracle.Budget())
	for oracle.Remaining() > 0 {
		var points []int
		for _, query := range oracle.Log()[len(accuracies):] {
			points = append(points, space.Index(query.Arch))
			accuracies = append(accuracies, query.Accuracy)
		}
		posterior.observe(points...)
		if err := queryMostPromising(oracle, posterior, stats.NormalQuantiles(accuracies), g.Batch); err != nil {
			return fmt.Errorf("Gaussian process: %w", err)
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

// overlap returns the covariances of one point with each, exp(-d / length), where d counts the features
// in which the two differ.
func overlap(features [][]int32, length float64) func(point int) []float64 {
	covariance := make([]float64, len(features[0])+1)
	for differing := range covariance {
		covariance[differing] = math.Exp(-float64(differing) / length)
	}
	return func(point int) []float64 {
		row := make([]float64, len(features))
		for i, other := range features {
			differing := 0
			for j, feature := range features[point] {
				if other[j] != feature {
					differing++
				}
			}
			row[i] = covariance[differing]
		}
		return row
	}
}

// queryMostPromising queries a batch of those unknown architectures of a finite space that have the highest
// expected improvement. The posterior's points are the space's.
func queryMostPromising(oracle *datasets.Oracle, p *posterior, targets []float64, batch int) error {
	space := oracle.Space().(datasets.FiniteSpace)
	best := floats.Max(targets)
	known := math.Inf(-1)
	improvement := p.mean(targets)
	for i, mean := range improvement {
		if oracle.Seen(space.At(i)) {
			improvement[i] = known
		} else {
			improvement[i] = stats.ExpectedImprovement(mean, math.Sqrt(p.variance[i]), best)
		}
	}
	for range min(batch, oracle.Remaining()) {
		i := floats.MaxIdx(improvement)
		if improvement[i] == known {
			return fmt.Errorf("all of %s is known after %d of %d queries; use a smaller budget",
				space.Name(), len(oracle.Log()), oracle.Budget())
		}
		improvement[i] = known
		if _, err := oracle.Query(space.At(i)); err != nil {
			return err
		}
	}
	return nil
}

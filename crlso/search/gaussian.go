package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// GaussianProcess is Bayesian optimisation over all architectures of a finite space. It queries a random
// initial set; then, round by round, it fits a Gaussian process to the normal quantiles of the
// accuracies' ranks and queries the architectures of the highest expected improvement.
//
// The covariance of two architectures is exp(-d / Length), where d counts the features in which they
// differ. With k(x, x') the number of features that agree, that is exp(-(k(x,x) - k(x,x')) / Length),
// a squared-exponential kernel on one-hot features. Unless Length is given, each round takes the one of the
// highest marginal likelihood among four: 1/2, 1, 2 and 4 times the mean of d over all pairs. Shorter ones, which
// may be the likeliest while there are few accuracies, lead to a random search.
//
// Sources: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, Algorithm 2.1 and, for the
// marginal likelihood, equation 5.8; Jones, Schonlau and Welch, "Efficient Global Optimization of
// Expensive Black-Box Functions", 1998, equation 15. The kernel and the quantiles are this project's choice.
//
// A search of NAS-Bench-201 with 200 queries needs 50 MB: 16 bytes for each query and architecture.
type GaussianProcess struct {
	// Features describes an architecture by classes, as many for each, of which only equality counts.
	// nil means the classes of nodes and edges of Space.Encode; nasbench201.PathFeatures adds those of
	// paths for NAS-Bench-201.
	Features func(datasets.Arch) []int32

	Length  float64 // differing features by which the covariance falls to 1/e; 0 means the likeliest in each round
	Initial int     // random architectures queried first; 0 means 10
	Batch   int     // queries in a round; 0 means 5
}

// Search implements [Searcher]. The oracle's space must be a [datasets.FiniteSpace] and its budget not below
// the initial set. Whatever the oracle has answered before counts towards the initial set.
func (g GaussianProcess) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	const name = "Gaussian process"
	g.Initial, g.Batch = cmp.Or(g.Initial, 10), cmp.Or(g.Batch, 5)
	space, finite := oracle.Space().(datasets.FiniteSpace)
	switch {
	case !finite:
		return fmt.Errorf("%s: %s cannot be enumerated", name, oracle.Space().Name())
	case !(g.Length >= 0) || math.IsInf(g.Length, 1) || g.Initial < 1 || g.Batch < 1:
		return fmt.Errorf("%s: Length is %v, Initial %d and Batch %d; want them finite and positive, or 0 for what is usual",
			name, g.Length, g.Initial, g.Batch)
	}
	if err := checkBudget(oracle, name, g.Initial); err != nil {
		return err
	}
	features, err := g.features(space)
	if err != nil {
		return err
	}
	lengths := []float64{g.Length}
	if g.Length == 0 {
		mean := meanDiffering(features)
		if mean == 0 {
			return fmt.Errorf("%s: all architectures of %s have the same features", name, space.Name())
		}
		lengths = octaves(mean, -1, 2)
	}
	differing := func(point int) []float64 { return differingFrom(features, point) }
	return improvementSearch{name, g.Initial, g.Batch, differing, lengths}.search(oracle, rng)
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

// differingFrom returns the number of features in which one point differs from each.
func differingFrom(features [][]int32, point int) []float64 {
	row := make([]float64, len(features))
	for i, other := range features {
		differing := 0
		for j, feature := range features[point] {
			if other[j] != feature {
				differing++
			}
		}
		row[i] = float64(differing)
	}
	return row
}

// meanDiffering returns the mean number of features in which two random points differ.
func meanDiffering(features [][]int32) float64 {
	pairs := 0
	for j := range features[0] {
		points := map[int32]int{} // of each class
		for _, f := range features {
			points[f[j]]++
		}
		for _, n := range points {
			pairs += n * (len(features) - n)
		}
	}
	return float64(pairs) / float64(len(features)*len(features))
}

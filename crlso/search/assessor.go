package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// Assessor is evolution guided by a semi-supervised predictor. Architectures are the nodes of a
// graph, those whose accuracy is known and others, and similar latents join them: an edge weighs
// exp(-|z - z'|^2 / (2 l^2)), or nothing if that is below 1e-5. A graph convolutional network with
// one hidden layer learns the labels of the labelled nodes, while all nodes take part in the
// convolutions. Round by round, after a random initial set, it is trained anew on all that is
// known; regularized evolution then breeds architectures that it predicts to be good, which costs
// no queries; and the best of those that it has assessed are queried.
//
// Sources: Tang et al., "A Semi-Supervised Assessor of Neural Architectures", CVPR 2020, arXiv
// 2005.06821; for the network, Kipf and Welling, "Semi-Supervised Classification with Graph
// Convolutional Networks", ICLR 2017, equation 2, whose 16 hidden units, 200 epochs and learning
// rate these are, without dropout and weight decay; for the evolution, Real et al. (see
// [RegularizedEvolution]).
//
// It departs from Tang et al. in these ways. The latents are learnt beforehand, from graphs alone,
// where the paper trains its autoencoder together with the predictor. The predictor is trained in
// each round and not once, so that 10 labels are enough to begin with. Its targets are the normal
// quantiles of the accuracies' ranks, as in [LatentGP]. The length l is a quarter of the root mean
// square distance of two latents, so their scale does not matter. The unlabelled nodes are a random
// sample, drawn anew in each round. A child of the evolution joins the graph alone: it sees all
// nodes, they do not see it. And children come from mutation only, as a [datasets.Space] knows no
// crossover.
type Assessor struct {
	// Latents holds the latent vector of each architecture, in the order of the space. It is only
	// read, so several searches may share it.
	Latents Latents

	Initial    int // random architectures queried first; 0 means 10
	Batch      int // queries in a round; 0 means 10
	Unlabelled int // nodes of the graph beside those that are queried; 0 means 300
	Offspring  int // children that are bred in a round; 0 means 1,000
	Epochs     int // epochs that the network is trained for in each round; 0 means 200
}

const (
	relativeLength  = 0.25 // l by the root mean square distance of two latents
	leastSimilarity = 1e-5
	hiddenUnits     = 16
)

// Kind implements Searcher.
func (Assessor) Kind() string { return "semi-supervised assessor" }

// Search implements [Searcher]. The oracle's space must be a [datasets.FiniteSpace] and its budget
// not below the initial set. Whatever the oracle has answered before counts towards the initial
// set.
func (a Assessor) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := a.complete(oracle.Space()); err != nil {
		return err
	}
	if err := checkBudget(oracle, "assessor", a.Initial); err != nil {
		return err
	}
	features, err := a.features(oracle.Space().(datasets.FiniteSpace))
	if err != nil {
		return err
	}
	return Spend(oracle, rng, func(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
		return a.propose(known, n, features, rng)
	})
}

// Propose implements [Proposer].
func (a Assessor) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	if err := a.complete(known.Space()); err != nil {
		return nil, err
	}
	features, err := a.features(known.Space().(datasets.FiniteSpace))
	if err != nil {
		return nil, err
	}
	return a.propose(known, n, features, rng)
}

// complete gives fields that are zero their values, and checks all.
func (a *Assessor) complete(space datasets.Space) error {
	a.Initial, a.Batch, a.Unlabelled = cmp.Or(a.Initial, 10), cmp.Or(a.Batch, 10), cmp.Or(a.Unlabelled, 300)
	a.Offspring, a.Epochs = cmp.Or(a.Offspring, 1000), cmp.Or(a.Epochs, 200)
	if _, finite := space.(datasets.FiniteSpace); !finite {
		return fmt.Errorf("assessor: %s cannot be enumerated", space.Name())
	}
	if a.Initial < 1 || a.Batch < 1 || a.Unlabelled < 1 || a.Offspring < 1 || a.Epochs < 1 {
		return fmt.Errorf("assessor: Initial is %d, Batch %d, Unlabelled %d, Offspring %d and Epochs %d; want all of them positive",
			a.Initial, a.Batch, a.Unlabelled, a.Offspring, a.Epochs)
	}
	return nil
}

// features returns the latents as rows, shifted to mean 0 and scaled to a mean variance of 1.
func (a Assessor) features(space datasets.FiniteSpace) (*mat.Dense, error) {
	if err := checkLatents("assessor", a.Latents, space); err != nil {
		return nil, err
	}
	dimensions := len(a.Latents[0])
	variance, column, columns := 0.0, make([]float64, len(a.Latents)), make([][]float64, dimensions)
	for j := range dimensions {
		for i, latent := range a.Latents {
			column[i] = latent[j]
		}
		mean, v := stat.PopMeanVariance(column, nil)
		variance += v / float64(dimensions)
		floats.AddConst(-mean, column)
		columns[j] = slices.Clone(column)
	}
	if !(variance > 0) || math.IsInf(variance, 0) {
		return nil, fmt.Errorf("assessor: the variance of the latents is %v; want them finite and not all equal", variance)
	}
	features := mat.NewDense(len(a.Latents), dimensions, nil)
	for j, column := range columns {
		floats.Scale(1/math.Sqrt(variance), column)
		features.SetCol(j, column)
	}
	return features, nil
}

// propose returns a batch of architectures that an assessor trained on the queries so far believes
// in, or a random one if it has seen none that is new.
func (a Assessor) propose(known Known, n int, features *mat.Dense, rng *rand.Rand) ([]datasets.Arch, error) {
	if archs, err := InitialSet(known, a.Initial, rng); err != nil || archs != nil {
		return archs, err
	}
	space := known.Space().(datasets.FiniteSpace)
	var nodes []int
	var accuracies []float64
	for _, query := range known.Log() {
		nodes = append(nodes, space.Index(query.Arch))
		accuracies = append(accuracies, query.Accuracy)
	}
	for _, i := range rng.Perm(space.Len()) {
		if len(nodes) == len(accuracies)+a.Unlabelled {
			break
		}
		if !known.Asked(space.At(i)) {
			nodes = append(nodes, i)
		}
	}
	graph := newSimilarityGraph(rowsOf(features, nodes))
	network := newGraphNetwork(features.RawMatrix().Cols, rng)
	network.fit(graph, stats.NormalQuantiles(accuracies), a.Epochs)

	b := newBatch(known)
	for _, candidate := range a.evolve(space, nodes, network.assess(graph, features, nodes), rng) {
		if len(b.archs) == min(max(n, a.Batch), known.Remaining()) {
			break
		}
		b.add(candidate.Arch)
	}
	if len(b.archs) == 0 {
		return sampleNew(known, 1, rng)
	}
	return b.archs, nil
}

// evolve returns the nodes of the graph and the offspring of the best of them, each with its
// predicted accuracy, the highest first.
func (a Assessor) evolve(space datasets.FiniteSpace, nodes []int, predict func(int) float64, rng *rand.Rand) []datasets.Query {
	descending := func(p, q datasets.Query) int { return cmp.Compare(q.Accuracy, p.Accuracy) }
	assessed := make([]datasets.Query, len(nodes), len(nodes)+a.Offspring)
	for i, node := range nodes {
		assessed[i] = datasets.Query{Arch: space.At(node), Accuracy: predict(node)}
	}
	slices.SortStableFunc(assessed, descending)
	size := min(100, len(assessed)) // this and the sample are those of Real et al.
	population := slices.Clone(assessed[:size])
	for range a.Offspring {
		child := space.Mutate(fittest(population[len(population)-size:], min(25, size), rng), rng)
		query := datasets.Query{Arch: child, Accuracy: predict(space.Index(child))}
		population, assessed = append(population, query), append(assessed, query)
	}
	slices.SortStableFunc(assessed, descending)
	return assessed
}

package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
)

// LatentGP is Bayesian optimisation in a latent space, over all architectures of a finite space. It
// is [GaussianProcess] with another covariance, exp(-|z - z'|^2 / (2 l^2)) for latents z and z'.
// The length l is chosen anew in each round, as that of the highest marginal likelihood among nine
// from 1/8 of the root mean square distance of two latents to twice it.
//
// Sources: Lukasik et al., "Smooth Variational Graph Embeddings for Efficient Neural Architecture
// Search", IJCNN 2021, and Yan et al., "Does Unsupervised Architecture Representation Learning Help
// Neural Architecture Search?", NeurIPS 2020 (arch2vec), both of which learn the latents from
// graphs alone and then search by expected improvement; for the marginal likelihood, Rasmussen and
// Williams, "Gaussian Processes for Machine Learning", 2006, equation 5.8. It departs from them in
// its model, where the first has a sparse Gaussian process and the second Bayesian linear
// regression on a network (DNGO), both on the accuracies themselves, and in its initial set of 10,
// where arch2vec has 16. As in arch2vec, proposals are architectures of the space, so none needs
// decoding.
//
// A search of NAS-Bench-201 with 200 queries needs 50 MB: 16 bytes for each query and architecture.
type LatentGP struct {
	// Latents holds the latent vector of each architecture, in the order of the space. It is only
	// read, so several searches may share it.
	Latents Latents

	Initial int // random architectures queried first; 0 means 10
	Batch   int // queries in a round; 0 means 5
}

// Latents holds a latent for each architecture of a finite space, in its order. The plan of an
// experiment says how many and how long they are, and not their values: the same training differs
// in rounding between machines. So give a method with other latents another name.
type Latents [][]float64

func (l Latents) String() string {
	if len(l) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of dimension %d", len(l), len(l[0]))
}

// Kind implements Searcher.
func (LatentGP) Kind() string { return "latent Gaussian process" }

// Search implements [Searcher]. The oracle's space must be a [datasets.FiniteSpace] and its budget
// not below the initial set. Whatever the oracle has answered before counts towards the initial
// set.
func (l LatentGP) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	propose, err := l.proposer(oracle.Space())
	if err != nil {
		return err
	}
	if err := checkBudget(oracle, "latent Gaussian process", cmp.Or(l.Initial, 10)); err != nil {
		return err
	}
	return Spend(oracle, rng, propose)
}

// Propose implements [Proposer].
func (l LatentGP) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	propose, err := l.proposer(known.Space())
	if err != nil {
		return nil, err
	}
	return propose(known, n, rng)
}

// proposer returns what proposes in a space.
func (l LatentGP) proposer(space datasets.Space) (Propose, error) {
	l.Initial, l.Batch = cmp.Or(l.Initial, 10), cmp.Or(l.Batch, 5)
	finite, ok := space.(datasets.FiniteSpace)
	switch {
	case !ok:
		return nil, fmt.Errorf("latent Gaussian process: %s cannot be enumerated, and it needs a latent for each architecture; use GaussianProcess", space.Name())
	case l.Initial < 1 || l.Batch < 1:
		return nil, fmt.Errorf("latent Gaussian process: Initial is %d and Batch %d; want both positive", l.Initial, l.Batch)
	}
	square, err := l.meanSquare(finite)
	if err != nil {
		return nil, err
	}
	return improvementSearch{"latent Gaussian process", l.Initial, l.Batch, l.squares, kernels(octaves(square, -5, 3), observationVariance)}.learner().propose, nil
}

// meanSquare returns the mean squared distance of two random latents, after a check of all of them.
func (l LatentGP) meanSquare(space datasets.FiniteSpace) (float64, error) {
	if err := checkLatents("latent Gaussian process", l.Latents, space); err != nil {
		return 0, err
	}
	variance, column := 0.0, make([]float64, len(l.Latents))
	for j := range l.Latents[0] {
		for i, latent := range l.Latents {
			column[i] = latent[j]
		}
		variance += stat.PopVariance(column, nil)
	}
	if !(variance > 0) || math.IsInf(variance, 0) {
		return 0, fmt.Errorf("latent Gaussian process: the variance of the latents is %v; want them finite and not all equal", variance)
	}
	return 2 * variance, nil
}

// checkLatents returns an error unless there is a latent for each architecture of a space, all of
// one dimension.
func checkLatents(searcher string, latents [][]float64, space datasets.FiniteSpace) error {
	if len(latents) != space.Len() {
		return fmt.Errorf("%s: %d latents for %d architectures of %s; want one for each", searcher, len(latents), space.Len(), space.Name())
	}
	for i, latent := range latents {
		if len(latent) != len(latents[0]) {
			return fmt.Errorf("%s: latent 0 has %d dimensions and latent %d has %d; want as many for each", searcher, len(latents[0]), i, len(latent))
		}
	}
	return nil
}

// squares returns the squared distance of one latent from each.
func (l LatentGP) squares(point int) []float64 {
	row := make([]float64, len(l.Latents))
	for i, latent := range l.Latents {
		sum := 0.0
		for j, x := range l.Latents[point] {
			difference := latent[j] - x
			sum += difference * difference
		}
		row[i] = sum
	}
	return row
}

package search

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// RegularizedEvolution is ageing evolution, often called REA. A population starts with random
// architectures; then the best of a random sample of it has a child by one mutation, and the child
// replaces the oldest member.
//
// Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
// Algorithm 1. It departs from the paper in two ways. The sample is drawn without replacement, as
// by the authors of NAS-Bench-101 (Ying et al. 2019). And the paper trains an architecture again
// that comes up again, while here a child that is known already is dropped and another one made
// from a new sample; after a hundred such children in a row the mutations go on from the last of
// them until one leads to something new, so the search also gets out of a region that is used up.
type RegularizedEvolution struct {
	Population int // members; 0 means 100, the paper's
	Sample     int // members that compete to be the parent; 0 means 25, the paper's
}

// SmallEvolution is RegularizedEvolution with a population of 10 and a sample of 5, for budgets of
// some tens or hundreds of queries, which the paper's population spends on random architectures.
func SmallEvolution() RegularizedEvolution { return RegularizedEvolution{Population: 10, Sample: 5} }

// Kind implements Searcher.
func (RegularizedEvolution) Kind() string { return "regularized evolution" }

// Search implements [Searcher]. The budget must not be below the population.
func (e RegularizedEvolution) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := checkBudget(oracle, "regularized evolution", cmp.Or(e.Population, 100)); err != nil {
		return err
	}
	return Spend(oracle, rng, e.Propose)
}

// Propose implements [Proposer]. The population is what was answered last.
func (e RegularizedEvolution) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	size, sample := cmp.Or(e.Population, 100), cmp.Or(e.Sample, 25)
	if sample < 1 || sample > size {
		return nil, fmt.Errorf("regularized evolution: cannot sample %d of a population of %d; want Sample from 1 to Population",
			sample, size)
	}
	if archs, err := InitialSet(known, size, rng); err != nil || archs != nil {
		return archs, err
	}
	population := known.Log()[max(0, len(known.Log())-size):]
	b := newBatch(known)
	for range min(n, known.Remaining()) {
		if err := addChild(b, population, sample, rng); err != nil {
			return nil, err
		}
	}
	return b.archs, nil
}

// maxSiblings is how many known children in a row are made before mutations go on from the last.
const maxSiblings = 100

// addChild adds a child of the population that is new.
func addChild(b *batch, population []datasets.Query, sample int, rng *rand.Rand) error {
	var child datasets.Arch
	for children := range maxSamples {
		parent := child
		if children < maxSiblings {
			parent = fittest(population, min(sample, len(population)), rng)
		}
		child = b.known.Space().Mutate(parent, rng)
		if b.add(child) {
			return nil
		}
	}
	return fmt.Errorf("regularized evolution: nothing new in %d mutations, after %d of %d queries of %s; use a smaller budget",
		maxSamples, len(b.known.Log()), b.known.Budget(), b.known.Space().Name())
}

// fittest returns the best of n random members of the population.
func fittest(population []datasets.Query, n int, rng *rand.Rand) datasets.Arch {
	members := rng.Perm(len(population))[:n]
	best := population[members[0]]
	for _, i := range members {
		if population[i].Accuracy > best.Accuracy {
			best = population[i]
		}
	}
	return best.Arch
}

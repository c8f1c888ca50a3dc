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
	size, sample := cmp.Or(e.Population, 100), cmp.Or(e.Sample, 25)
	if sample < 1 || sample > size {
		return fmt.Errorf("regularized evolution: cannot sample %d of a population of %d; want Sample from 1 to Population",
			sample, size)
	}
	if err := checkBudget(oracle, "regularized evolution", size); err != nil {
		return err
	}
	if err := sampleMore(oracle, rng, size); err != nil {
		return err
	}
	for oracle.Remaining() > 0 {
		if err := queryChild(oracle, rng, size, sample); err != nil {
			return err
		}
	}
	return nil
}

// maxSiblings is how many known children in a row are made before mutations go on from the last.
const maxSiblings = 100

// queryChild queries a child of the population, the last size queries, that has not been queried
// before. The oracle says when there is no hope of one.
func queryChild(oracle *datasets.Oracle, rng *rand.Rand, size, sample int) error {
	known := len(oracle.Log())
	population := oracle.Log()[known-size:]
	var child datasets.Arch
	for children := 0; len(oracle.Log()) == known; children++ {
		parent := child
		if children < maxSiblings {
			parent = fittest(population, sample, rng)
		}
		child = oracle.Space().Mutate(parent, rng)
		if _, err := oracle.Query(child); err != nil {
			return err
		}
	}
	return nil
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

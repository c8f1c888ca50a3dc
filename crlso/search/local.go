package search

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
)

// LocalSearch is hill climbing with restarts. It visits the neighbours of its position in random
// order, passing over those queried before, and moves to the first that is better. Where none is,
// it starts again from a random architecture.
//
// Source: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search",
// UAI 2021. The paper's Algorithm 1 visits all neighbours before it moves to the best of them; this
// is the variant that moves at once, which is the default of the authors' code (local_search in
// naszilla/nas_algorithms.py) and needs fewer queries. The start is that of Algorithm 1, one random
// architecture; with Initial = 10 it is that of the code.
type LocalSearch struct {
	Initial int // random architectures queried before each climb, which starts from the best; 0 means 1
}

// Kind implements Searcher.
func (LocalSearch) Kind() string { return "local search" }

// Search implements [Searcher]. The budget must not be below the initial set.
func (l LocalSearch) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	initial := cmp.Or(l.Initial, 1)
	if initial < 1 {
		return fmt.Errorf("local search: Initial is %d, want at least 1", initial)
	}
	if err := checkBudget(oracle, "local search", initial); err != nil {
		return err
	}
	for oracle.Remaining() > 0 {
		start, err := bestOfRandom(oracle, rng, initial)
		if err != nil {
			return err
		}
		if err := climb(oracle, rng, start); err != nil {
			return err
		}
	}
	return nil
}

// bestOfRandom queries n random architectures, or as many as the budget allows, and returns the
// best.
func bestOfRandom(oracle *datasets.Oracle, rng *rand.Rand, n int) (datasets.Query, error) {
	known := len(oracle.Log())
	if err := sampleMore(oracle, rng, n); err != nil {
		return datasets.Query{}, err
	}
	return slices.MaxFunc(oracle.Log()[known:], func(p, q datasets.Query) int {
		return cmp.Compare(p.Accuracy, q.Accuracy)
	}), nil
}

// climb moves from one architecture to a better neighbour until there is none or the budget is
// spent.
func climb(oracle *datasets.Oracle, rng *rand.Rand, position datasets.Query) error {
	for moved := true; moved; {
		moved = false
		neighbours := oracle.Space().Neighbours(position.Arch)
		for _, i := range rng.Perm(len(neighbours)) {
			a := neighbours[i]
			if oracle.Remaining() == 0 {
				return nil
			}
			if oracle.Seen(a) {
				continue
			}
			accuracy, err := oracle.Query(a)
			if err != nil {
				return err
			}
			if accuracy > position.Accuracy {
				position, moved = datasets.Query{Arch: a, Accuracy: accuracy}, true
				break
			}
		}
	}
	return nil
}

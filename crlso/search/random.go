package search

import (
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Random samples architectures independently, and skips those it has queried before.
type Random struct{}

// Kind implements Searcher.
func (Random) Kind() string { return "random search" }

// Search implements [Searcher].
func (r Random) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	return Spend(oracle, rng, r.Propose)
}

// Propose implements [Proposer].
func (Random) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	return sampleNew(known, min(n, known.Remaining()), rng)
}

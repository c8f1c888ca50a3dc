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
func (Random) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	return SampleUntil(oracle, rng, oracle.Budget())
}

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
	for oracle.Remaining() > 0 {
		if _, err := queryRandom(oracle, rng); err != nil {
			return err
		}
	}
	return nil
}

// queryRandom queries a random architecture that has not been queried before.
func queryRandom(oracle *datasets.Oracle, rng *rand.Rand) (datasets.Query, error) {
	space := oracle.Space()
	return queryNew(oracle, func() datasets.Arch { return space.Sample(rng) })
}

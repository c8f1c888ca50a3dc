// Package search holds the searches that CR-LSO is compared with. All of them, CR-LSO included, are a
// [Searcher], so a comparison is one loop over searchers, each with an oracle of its own.
package search

import (
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Searcher looks for the architecture with the highest accuracy.
type Searcher interface {
	// Search queries the oracle until its budget is spent; the oracle's log is the result.
	// Everything random comes from rng, so the same searcher with the same source repeats itself. An
	// error says why the search ended early; what was queried until then stays in the log.
	Search(oracle *datasets.Oracle, rng *rand.Rand) error
}

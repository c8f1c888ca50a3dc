// Package search holds the searches that CR-LSO is compared with. All of them, CR-LSO included, are
// a [Searcher], so a comparison is one loop over searchers, each with an oracle of its own.
//
// A query is a distinct architecture. No searcher here spends one on an architecture that was
// queried before, by itself or by whoever had the oracle before it, and all go on until the budget
// is spent. Fields that are zero take the value that their comment names. Each searcher may be used
// by several goroutines at once, each with an oracle and a source of its own.
//
// The small networks of [BANANAS] and [Assessor] have back-propagation of their own, on gonum,
// since this package is to be had without GoMLX and its devices.
package search

import (
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Searcher looks for the architecture with the highest accuracy. Package searchtest checks that one
// keeps to what is said here.
type Searcher interface {
	// Kind names the method, such as "local search": the same for all settings, and for all time,
	// since the plans of experiments keep it.
	Kind() string

	// Search queries the oracle until its budget is spent; the oracle's log is the result.
	// Everything random comes from rng, so the same searcher with the same source repeats itself.
	// An error says why the search ended early; what was queried until then stays in the log.
	Search(oracle *datasets.Oracle, rng *rand.Rand) error
}

// Package search holds the searches that CR-LSO is compared with. All of them, CR-LSO included, are
// a [Searcher], so a comparison is one loop over searchers, each with an oracle of its own.
//
// A query is a distinct architecture. No searcher here spends one on an architecture that was
// queried before, by itself or by whoever had the oracle before it, and all go on until the budget
// is spent. Fields that are zero take the value that their comment names. Each searcher may be used
// by several goroutines at once, each with an oracle and a source of its own.
package search

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Searcher looks for the architecture with the highest accuracy.
type Searcher interface {
	// Kind names the method, such as "local search": the same for all settings, and for all time,
	// since the plans of experiments keep it.
	Kind() string

	// Search queries the oracle until its budget is spent; the oracle's log is the result.
	// Everything random comes from rng, so the same searcher with the same source repeats itself.
	// An error says why the search ended early; what was queried until then stays in the log.
	Search(oracle *datasets.Oracle, rng *rand.Rand) error
}

// queryNew queries the first of an endless series of proposals that has not been queried before.
// The oracle says when there is no hope of one.
func queryNew(oracle *datasets.Oracle, propose func() datasets.Arch) (datasets.Query, error) {
	for known := len(oracle.Log()); ; {
		a := propose()
		accuracy, err := oracle.Query(a)
		if err != nil || len(oracle.Log()) > known {
			return datasets.Query{Arch: a, Accuracy: accuracy}, err
		}
	}
}

// checkBudget returns an error if a search's first, random queries alone go beyond the oracle's
// budget.
func checkBudget(oracle *datasets.Oracle, searcher string, initial int) error {
	if initial > oracle.Budget() {
		return fmt.Errorf("%s: the oracle's budget is %d, below the initial set of %d", searcher, oracle.Budget(), initial)
	}
	return nil
}

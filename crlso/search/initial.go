package search

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// DrawInitialSet queries random architectures until the oracle has answered n distinct ones, those
// before the call included. It is an error if the oracle's budget, spent or not, is below n. Errors
// of the oracle end it too; what was answered until then stays in the log.
func DrawInitialSet(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	if err := checkBudget(oracle, "label initial set", n); err != nil {
		return err
	}
	for len(oracle.Log()) < n {
		archs, err := InitialSet(oracle, n, rng)
		if err == nil {
			_, err = oracle.QueryAll(archs...) // and what is pending
		}
		if err != nil {
			return fmt.Errorf("label initial set: %w", err)
		}
	}
	return nil
}

// checkBudget returns an error if a search's first, random queries alone go beyond the oracle's
// budget.
func checkBudget(oracle *datasets.Oracle, searcher string, initial int) error {
	if initial > oracle.Budget() {
		return fmt.Errorf("%s: the oracle's budget is %d, below the initial set of %d", searcher, oracle.Budget(), initial)
	}
	return nil
}

package search

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// DrawInitialSet queries random architectures until the oracle has answered n distinct ones, those
// before the call included. It is an error if the oracle's budget, spent or not, is below n. Errors
// of the oracle end it too.
func DrawInitialSet(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	if err := checkBudget(oracle, "label initial set", n); err != nil {
		return err
	}
	if err := SampleUntil(oracle, rng, n); err != nil {
		return fmt.Errorf("label initial set: %w", err)
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

// SampleUntil queries random architectures until the oracle has answered n distinct ones, those
// before the call included. It returns the first error of the oracle, such as datasets.ErrBudget
// where n is above its budget; what was answered until then stays in the log.
func SampleUntil(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	for len(oracle.Log()) < n {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			return err
		}
	}
	return nil
}

// sampleMore queries n random architectures that are new, or as many as the budget allows.
func sampleMore(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	return SampleUntil(oracle, rng, len(oracle.Log())+min(n, oracle.Remaining()))
}

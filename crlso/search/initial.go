package search

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// drawInitialSet queries random architectures until n distinct ones are labelled.
func DrawInitialSet(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	if oracle.Budget() < n {
		return fmt.Errorf("label initial set: the oracle's budget is %d, below the initial set of %d", oracle.Budget(), n)
	}
	if err := SampleUntil(oracle, rng, n); err != nil {
		return fmt.Errorf("label initial set: %w", err)
	}
	return nil
}

// sampleUntil queries random architectures until the oracle has answered n distinct ones.
func SampleUntil(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	for len(oracle.Log()) < n {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			return err
		}
	}
	return nil
}

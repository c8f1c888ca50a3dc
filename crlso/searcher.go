package crlso

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
)

// Searcher is the whole method as a search.Searcher: it labels an initial set, trains predictor, graph VAE and
// ICNN from scratch, and spends what is left of the budget.
type Searcher struct {
	Backend compute.Backend
	Config  Config // Seed and SearchSeed are ignored: each search draws its own
}

// Search implements search.Searcher. The oracle's space must be finite.
func (s Searcher) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	space, ok := oracle.Space().(datasets.FiniteSpace)
	if !ok {
		return fmt.Errorf("CR-LSO: %s cannot be enumerated", oracle.Space().Name())
	}
	config := s.Config
	config.Seed, config.SearchSeed = rng.Uint64(), rng.Uint64()
	m, err := NewModel(s.Backend, space, config)
	if err != nil {
		return err
	}
	if err := m.drawInitialSet(oracle); err != nil {
		return err
	}
	ctx := context.Background()
	if err := m.TrainPredictor(ctx, oracle.Log(), nil); err != nil {
		return err
	}
	pseudoLabels, err := m.PseudoLabels()
	if err != nil {
		return err
	}
	if err := m.TrainJoint(ctx, pseudoLabels, 0, nil); err != nil {
		return err
	}
	return m.Search(ctx, oracle, nil)
}

// drawInitialSet queries architectures drawn from the seed until Config.InitialSet distinct ones are labelled.
func (m *Model) drawInitialSet(oracle *datasets.Oracle) error {
	if oracle.Budget() < m.Config.InitialSet {
		return fmt.Errorf("label initial set: the oracle's budget is %d, below the initial set of %d", oracle.Budget(), m.Config.InitialSet)
	}
	rng := newRand(m.Config.Seed, "initial set", 0)
	if err := sampleUntil(oracle, rng, m.Config.InitialSet); err != nil {
		return fmt.Errorf("label initial set: %w", err)
	}
	return nil
}

// sampleUntil queries random architectures until the oracle has answered n distinct ones.
func sampleUntil(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	for len(oracle.Log()) < n {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			return err
		}
	}
	return nil
}

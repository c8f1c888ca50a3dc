package crlso

import (
	"context"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Probe is a surrogate that was fitted to accuracies at latents that stay as they are. How well a concave one fits says how
// nearly accuracy is a concave function of those latents.
type Probe struct{ model *Model }

// probeTraining is the schedule of a probe.
var probeTraining = nn.Training{Epochs: 100, Batch: 256, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999}

// FitProbe fits the surrogate of the configuration, from initial weights drawn from config.Seed, to accuracies in percent, one for
// each latent of length config.LatentDim. The latents should have a spread of about 1 along each dimension.
func FitProbe(ctx context.Context, backend compute.Backend, config Config, latents [][]float64, accuracies []float64) (*Probe, error) {
	if len(latents) == 0 || len(latents) != len(accuracies) {
		return nil, fmt.Errorf("probe: %d latents and %d accuracies, want equally many and at least one", len(latents), len(accuracies))
	}
	m := &Model{Config: config, backend: backend, store: model.NewStore()}
	nn.SetSeed(m.store, config.Seed)
	var err error
	m.performance, err = model.NewExec(backend, m.store, func(_ *model.Scope, z *Node) *Node {
		return MulScalar(Performance(m.store.Scope(icnnScope), config, z), 100)
	})
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	if _, err := m.Performance(latents[:1]); err != nil { // this creates the weights
		return nil, fmt.Errorf("probe: %w", err)
	}
	z, err := m.latentTensor(latents, len(latents))
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	t, err := nn.NewTrainer(backend, m.store, probeTraining, 2, m.regressionOfSurrogate())
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	rng := nn.NewRand(config.Seed, "probe", 0)
	s := probeTraining.NewSchedule(rng, len(latents), 0, probeTraining.Epochs, probeTraining.StepsPerEpoch(len(latents))*probeTraining.Epochs)
	if _, err := t.Run(ctx, s, 0, []*tensors.Tensor{z, nn.Fractions(accuracies)}, nil); err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	return &Probe{m}, nil
}

// Performance returns the fitted accuracy 1 - f, in percent, at latents.
func (p *Probe) Performance(latents [][]float64) ([]float64, error) {
	return p.model.Performance(latents)
}

// AlongSegments is [Model.AlongSegments] for the probe.
func (p *Probe) AlongSegments(a, b [][]float64, steps int) ([][]float64, error) {
	return p.model.AlongSegments(a, b, steps)
}

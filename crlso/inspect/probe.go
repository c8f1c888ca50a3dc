package inspect

import (
	"context"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Probe is a surrogate that was fitted to accuracies at latents that stay as they are. How well a
// concave one fits says how nearly accuracy is a concave function of those latents.
type Probe struct {
	dim         int
	store       *model.Store
	performance *model.Exec // [probeBatch, Z] -> [probeBatch]
}

// probeTraining is the schedule of a probe.
var probeTraining = nn.Training{Epochs: 100, Batch: 256, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999}

// probeScope is that of a model's surrogate, so that a probe begins with the weights of one.
const probeScope = "/gvae/icnn"

// probeBatch is the number of latents that a probe takes to the device at once.
const probeBatch = 1024

// FitProbe fits the surrogate of the configuration, from initial weights drawn from config.Seed, to
// accuracies in percent, one for each latent of length config.LatentDim. The latents should have a
// spread of about 1 along each dimension.
func FitProbe(ctx context.Context, backend compute.Backend, config crlso.Config, latents [][]float64, accuracies []float64) (*Probe, error) {
	if len(latents) == 0 || len(latents) != len(accuracies) {
		return nil, fmt.Errorf("probe: %d latents and %d accuracies, want equally many and at least one", len(latents), len(accuracies))
	}
	p, err := newProbe(backend, config)
	if err == nil {
		_, err = p.Performance(latents[:1]) // this creates the weights
	}
	if err == nil {
		err = p.fit(ctx, backend, config, latents, accuracies)
	}
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	return p, nil
}

func newProbe(backend compute.Backend, config crlso.Config) (*Probe, error) {
	p := &Probe{dim: config.LatentDim, store: model.NewStore()}
	nn.SetSeed(p.store, config.Seed)
	var err error
	p.performance, err = model.NewExec(backend, p.store, func(_ *model.Scope, z *Node) *Node {
		return MulScalar(crlso.Performance(p.store.Scope(probeScope), config, z), 100)
	})
	return p, err
}

func (p *Probe) fit(ctx context.Context, backend compute.Backend, config crlso.Config, latents [][]float64, accuracies []float64) error {
	t := probeTraining
	trainer, err := nn.NewTrainer(backend, p.store, t, 2, nn.RegressionOn(probeScope,
		func(z *Node) *Node { return crlso.Performance(p.store.Scope(probeScope), config, z) },
		func(g *Graph) { crlso.ProjectICNN(p.store.Scope(probeScope), config, g) }))
	if err != nil {
		return err
	}
	n := len(latents)
	s := t.NewSchedule(nn.NewRand(config.Seed, "probe", 0), n, 0, t.Epochs, t.StepsPerEpoch(n)*t.Epochs)
	_, err = trainer.Run(ctx, s, 0, []*tensors.Tensor{nn.TensorOf(latents...), nn.Fractions(accuracies)}, nil)
	return err
}

// Performance returns the fitted accuracy 1 - f, in percent, at latents.
func (p *Probe) Performance(latents [][]float64) ([]float64, error) {
	flat, err := nn.ApplyToLatents(p.performance, latents, probeBatch, p.dim)
	return nn.Float64s(flat), err
}

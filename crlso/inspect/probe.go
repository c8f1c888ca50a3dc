package inspect

import (
	"context"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Probe is a surrogate that was fitted to accuracies at latents that stay as they are. How well a
// concave one fits says how nearly accuracy is a concave function of those latents.
type Probe struct {
	fitted *nn.Fitted // its values are fractions
}

// FitProbe fits the surrogate of the configuration, from initial weights drawn from config.Seed, to
// accuracies in percent, one for each latent of length config.LatentDim. The latents should have a
// spread of about 1 along each dimension.
func FitProbe(ctx context.Context, backend compute.Backend, config crlso.Config, latents [][]float64, accuracies []float64) (*Probe, error) {
	for i, z := range latents {
		if len(z) != config.LatentDim {
			return nil, fmt.Errorf("probe: latent %d has %d dimensions, the configuration %d", i, len(z), config.LatentDim)
		}
	}
	regression := nn.Regression{
		Network:  func(scope *model.Scope, z *Node) *Node { return crlso.Performance(scope, config.Networks, z) },
		Project:  func(scope *model.Scope, g *Graph) { crlso.ProjectICNN(scope, config.Networks, g) },
		Training: nn.Training{Epochs: 100, Batch: 256, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999},
		Seed:     config.Seed,
	}
	fractions := make([]float64, len(accuracies))
	for i, accuracy := range accuracies {
		fractions[i] = accuracy / 100
	}
	fitted, err := regression.Fit(ctx, backend, latents, fractions)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	return &Probe{fitted}, nil
}

// Performance returns the fitted accuracy 1 - f, in percent, at latents.
func (p *Probe) Performance(latents [][]float64) ([]float64, error) {
	values, err := p.fitted.Values(latents)
	for i := range values {
		values[i] *= 100
	}
	return values, err
}

package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// JointLoss is the regularised objective of the method, [VAELoss] and the surrogate's regression on
// labels y, fractions, with the weight w = config.PerformanceWeight:
//
//	min  L_rec + beta L_KL + w mean (1 - f(z) - y(a))^2,   U, u >= 0
//
// It returns the objective and its three terms, scalars. The mean of the regression is over the
// architectures with a label.
//
// Source: train_gvae in train_gvae_semi_supervised.py of the released code, where w is 1 and all
// labels are known.
func JointLoss(store *model.Store, config Config, schema datasets.Schema, batch Batch) (total, reconstruction, divergence, regression *Node) {
	total, reconstruction, divergence, point := VAELoss(store, config, schema, batch)
	squares := Square(Sub(Performance(store.Scope(icnnScope), config.Networks, point), batch.Y))
	regression = nn.WeightedMean(squares, Mul(batch.Known, batch.Weights))
	total = Add(total, scaled(regression, config.PerformanceWeight))
	return total, reconstruction, divergence, regression
}

package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Predictor is the semi-supervised performance predictor y(a), [B], as a fraction: rounds of
// messages with weights of their own, all node states, of all graphs of an architecture,
// concatenated into one code, and an MLP on the code. Trained on the labelled architectures, it
// gives pseudo-labels to all others.
//
// Source: class GNN_Predictor of the released code.
func Predictor(scope *model.Scope, config Config, batch Graphs) *Node {
	h := batch.Nodes
	for layer := range config.PredictorLayers {
		h = GraphConv(scope.In("conv_%d", layer), batch, h, config.PredictorDim, config.Directed)
	}
	h = Reshape(h, h.Shape().Dim(0), -1)
	h = nn.Affine(scope.In("code"), h, config.PredictorCode)

	h = nn.LeakyReLU(nn.Affine(scope.In("mlp_0"), h, config.PredictorDim))
	for layer := 1; layer <= 3; layer++ {
		h = nn.LeakyReLU(nn.Linear(scope.In("mlp_%d", layer), h, config.PredictorDim))
	}
	return Squeeze(nn.Affine(scope.In("out"), h, 1), -1)
}

package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Surrogate is the network f, [B], of latents z, [B, Z], that config.Surrogate chooses: [ICNN] or
// [MLP].
func Surrogate(scope *model.Scope, config Config, z *Node) *Node {
	if config.Surrogate == MLPSurrogate {
		return MLP(scope, config, z)
	}
	return ICNN(scope, config, z)
}

// Performance is the model of accuracy 1 - f(z), [B], as a fraction; concave if the surrogate f is
// an ICNN.
func Performance(scope *model.Scope, config Config, z *Node) *Node {
	return OneMinus(Surrogate(scope, config, z))
}

// MLP is a multilayer perceptron f, [B], of latents z, [B, Z], with the width and the number of
// hidden layers of an ICNN, and weights of any sign:
//
//	h_0     = LeakyReLU(W_0 z + b_0)
//	h_{k+1} = LeakyReLU(W_{k+1} h_k + b_{k+1}),  k = 0..K-1
//	f(z)    = w . h_K + b
func MLP(scope *model.Scope, config Config, z *Node) *Node {
	h := z
	for k := range config.ICNNLayers + 1 {
		h = nn.LeakyReLU(nn.Affine(scope.In("W_%d", k), h, config.ICNNWidth))
	}
	return Squeeze(nn.Affine(scope.In("w"), h, 1), -1)
}

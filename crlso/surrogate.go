package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Surrogate is the network f, [B], of latents z, [B, Z], that networks.Surrogate chooses: [ICNN] or
// [MLP].
func Surrogate(scope *model.Scope, networks Networks, z *Node) *Node {
	if networks.Surrogate == MLPSurrogate {
		return MLP(scope, networks, z)
	}
	return ICNN(scope, networks, z)
}

// Performance is the model of accuracy 1 - f(z), [B], as a fraction; concave if the surrogate f is
// an ICNN.
func Performance(scope *model.Scope, networks Networks, z *Node) *Node {
	return OneMinus(Surrogate(scope, networks, z))
}

// MLP is a multilayer perceptron f, [B], of latents z, [B, Z], with the width and the number of
// hidden layers of an ICNN, and weights of any sign:
//
//	h_0     = LeakyReLU(W_0 z + b_0)
//	h_{k+1} = LeakyReLU(W_{k+1} h_k + b_{k+1}),  k = 0..K-1
//	f(z)    = w . h_K + b
func MLP(scope *model.Scope, networks Networks, z *Node) *Node {
	h := z
	for k := range networks.ICNNLayers + 1 {
		h = nn.LeakyReLU(nn.Affine(scope.In("W_%d", k), h, networks.ICNNWidth))
	}
	return Squeeze(nn.Affine(scope.In("w"), h, 1), -1)
}

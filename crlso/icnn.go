package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// ICNN is the input convex neural network f, [B], of latents z, [B, Z]:
//
//	h_0     = LeakyReLU(W_0 z + b_0)
//	h_{k+1} = LeakyReLU(U_k h_k) + LeakyReLU(V_k z),  k = 0..K-1,  U_k >= 0
//	f(z)    = u . h_K + v . z,                        u >= 0
//
// LeakyReLU is convex and non-decreasing, and sums of convex functions with non-negative weights
// are convex, so f is convex in z as long as ProjectICNN keeps U_k and u non-negative; W_0, V_k and
// v are free. The form ActivationOfSum has h_{k+1} = LeakyReLU(U_k h_k + V_k z) instead.
//
// The method models accuracy as 1 - f(z), which is concave: see [Performance].
//
// Source: class ICNN of the released code; Amos, Xu and Kolter 2017, "Input Convex Neural
// Networks".
func ICNN(scope *model.Scope, networks Networks, z *Node) *Node {
	h := nn.LeakyReLU(nn.Affine(scope.In("W_0"), z, networks.ICNNWidth))
	for k := range networks.ICNNLayers {
		Uh := nn.Linear(scope.In("U_%d", k), h, networks.ICNNWidth)
		Vz := nn.Linear(scope.In("V_%d", k), z, networks.ICNNWidth)
		if networks.ICNNForm == ActivationOfSum {
			h = nn.LeakyReLU(Add(Uh, Vz))
		} else {
			h = Add(nn.LeakyReLU(Uh), nn.LeakyReLU(Vz))
		}
	}
	return Squeeze(Add(nn.Linear(scope.In("u"), h, 1), nn.Linear(scope.In("v"), z, 1)), -1)
}

// ProjectICNN sets the negative entries of U_k and u to zero, in the ICNN with the same scope and
// configuration. It belongs after every step of an optimiser, and keeps f convex. An [MLP] stays as
// it is.
func ProjectICNN(scope *model.Scope, networks Networks, g *Graph) {
	for _, w := range nonNegativeWeights(scope, networks) {
		w.SetNodeValue(MaxScalar(w.NodeValue(g), 0))
	}
}

// nonNegativeWeights are U_0, ..., U_{K-1} and u; none in an MLP.
func nonNegativeWeights(scope *model.Scope, networks Networks) []*model.Variable {
	if networks.Surrogate == MLPSurrogate {
		return nil
	}
	weights := []*model.Variable{scope.At("u").GetVariable("weights")}
	for k := range networks.ICNNLayers {
		weights = append(weights, scope.At("U_%d", k).GetVariable("weights"))
	}
	return weights
}

package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Decoder returns the scores of p(a|z), [B, schema.Outputs()], for latents z of shape [B, Z]:
//
//	g_0 = tanh(W_d z + b_d),  g_{i+1} = R_i(g_i),  scores = R_out(g)
//
// The scores are laid out as datasets.Schema.Heads says. A residual block acts on each output by
// itself, so one block for all heads is the same as one block for each. With OnlyPossible, scores
// of what is impossible are far below all others; that is this project's extension.
//
// Source: ArchGVAE.decode of the released code.
//
// labels, [B, schema.Labels()], are the truth in training, for the form NodeByNode: see nodeByNode.
// They are nil where the scores decide.
func Decoder(scope *model.Scope, networks Networks, schema datasets.Schema, z, labels *Node) *Node {
	groups := groupsOf(schema, networks.OnlyPossible)
	if networks.Decoder == NodeByNode {
		return nodeByNode(scope, networks, groups, z, labels)
	}
	return onlyPossible(decode(scope, networks, z, schema.Outputs()), groups, map[string]*Node{}, labels == nil)
}

// decode is the decoder as released, with any number of inputs.
func decode(scope *model.Scope, networks Networks, x *Node, outputs int) *Node {
	g := Tanh(nn.Affine(scope.In("dense"), x, networks.HiddenDim))
	for block := range networks.DecoderBlocks {
		g = residualBlock(scope.In("block_%d", block), g, networks.HiddenDim)
	}
	return residualBlock(scope.In("scores"), g, outputs)
}

// residualBlock is R(x) = LeakyReLU(A x + a) + (B x + b).
func residualBlock(scope *model.Scope, x *Node, out int) *Node {
	return Add(nn.LeakyReLU(nn.Affine(scope.In("A"), x, out)), nn.Affine(scope.In("B"), x, out))
}

package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Decoder returns the scores of p(a|z), [B, outputs], for latents z of shape [B, Z]:
//
//	g_0 = tanh(W_d z + b_d),  g_{i+1} = R_i(g_i),  scores = R_out(g)
//
// The scores are laid out as datasets.Schema.Heads says. A residual block acts on each output by
// itself, so one block for all heads is the same as one block for each.
//
// Source: ArchGVAE.decode of the released code.
func Decoder(scope *model.Scope, networks Networks, z *Node, outputs int) *Node {
	g := Tanh(nn.Affine(scope.In("dense"), z, networks.HiddenDim))
	for block := range networks.DecoderBlocks {
		g = residualBlock(scope.In("block_%d", block), g, networks.HiddenDim)
	}
	return residualBlock(scope.In("scores"), g, outputs)
}

// residualBlock is R(x) = LeakyReLU(A x + a) + (B x + b).
func residualBlock(scope *model.Scope, x *Node, out int) *Node {
	return Add(nn.LeakyReLU(nn.Affine(scope.In("A"), x, out)), nn.Affine(scope.In("B"), x, out))
}

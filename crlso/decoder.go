package crlso

import (
	"maps"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
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
// The form NodeByNode is this project's extension. It has such networks for each node, which see [z
// ; what is told of the nodes before], one-hot, and score what is about that node. In training that
// is the truth, labels of shape [B, schema.Labels()]; where labels are nil it is what scores
// highest, node after node, so a node fits those before it.
//
// Source of the form: SVGe (Lukasik, Friede, Stuckenschmidt and Keuper, arXiv 2010.04683), whose
// decoder also tells a node and its edges at a time, but sees the nodes before through a graph
// network, and their edges one after the other.
func Decoder(scope *model.Scope, networks Networks, schema datasets.Schema, z, labels *Node) *Node {
	groups := groupsOf(schema, networks.OnlyPossible)
	if networks.Decoder != NodeByNode {
		return onlyPossible(decode(scope, networks, z, schema.Outputs()), groups)
	}
	leading := z.Shape().Dimensions[:z.Rank()-1]
	z = Reshape(z, -1, networks.LatentDim)
	byNode := map[int][]group{}
	for _, g := range groups {
		byNode[g.node] = append(byNode[g.node], g)
	}
	scores, known := make([]*Node, len(groups)), z
	for _, node := range slices.Sorted(maps.Keys(byNode)) {
		outputs := 0
		for _, g := range byNode[node] {
			outputs += g.classes
		}
		all := onlyPossible(decode(scope.In("node_%d", node), networks, known, outputs), byNode[node])
		told, at := []*Node{known}, 0
		for _, g := range byNode[node] {
			scores[g.label] = Slice(all, AxisRange(), AxisRange(at, at+g.classes))
			at += g.classes
			var answer *Node
			if labels != nil {
				answer = Squeeze(Slice(labels, AxisRange(), AxisElem(g.label)), -1)
			}
			told = append(told, g.told(scores[g.label], answer))
		}
		known = Concatenate(told, -1)
	}
	return Reshape(Concatenate(scores, -1), append(slices.Clone(leading), schema.Outputs())...)
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

// group is one of a schema's groups.
type group struct {
	node, label, classes int
	possible             []bool // nil is all
}

// groupsOf returns the groups of all heads, in the order of labels; limited ones know what is
// possible.
func groupsOf(schema datasets.Schema, limited bool) (groups []group) {
	for _, head := range schema.Heads {
		for i := range head.Groups {
			g := group{label: len(groups), classes: head.Classes}
			if head.Nodes != nil {
				g.node = head.Nodes[i]
			}
			if limited && head.Possible != nil {
				g.possible = head.Possible[i]
			}
			groups = append(groups, g)
		}
	}
	return groups
}

// onlyPossible lowers the scores of groups, [..., classes], so that what is impossible has no
// chance.
func onlyPossible(scores *Node, groups []group) *Node {
	const never = -1e6
	penalties, some := []float32{}, false
	for _, g := range groups {
		for class := range g.classes {
			penalty := float32(0)
			if g.possible != nil && !g.possible[class] {
				penalty, some = never, true
			}
			penalties = append(penalties, penalty)
		}
	}
	if !some {
		return scores
	}
	return Add(scores, ExpandLeftToRank(Const(scores.Graph(), penalties), scores.Rank()))
}

// told is a group's answer as other nodes see it, [B, classes]: one-hot, or for a yes-or-no
// decision 1 or 0. An answer is a label, [B], zeros where it is -1; or, if it is nil, what the
// scores say.
func (g group) told(scores, answer *Node) *Node {
	if answer == nil {
		if g.classes == 1 {
			return ConvertDType(GreaterThan(scores, ZerosLike(scores)), dtypes.Float32)
		}
		answer = ArgMax(scores, -1, dtypes.Int32)
	}
	if g.classes == 1 {
		return InsertAxes(ConvertDType(GreaterThan(answer, ZerosLike(answer)), dtypes.Float32), -1)
	}
	return OneHot(answer, g.classes, dtypes.Float32)
}

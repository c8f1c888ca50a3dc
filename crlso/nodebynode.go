package crlso

import (
	"maps"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// nodeByNode is the decoder of the form NodeByNode, this project's extension. It has networks as
// the released one for each node, which see [z ; what is told of the nodes before], one-hot, and
// score what is about that node. In training that is the truth, labels of shape [B, number of
// groups]; where labels are nil it is what scores highest, node after node, so a node fits those
// before it.
//
// Source of the form: SVGe (Lukasik, Friede, Zela, Hutter and Keuper, "Smooth Variational Graph
// Embeddings for Efficient Neural Architecture Search", arXiv 2010.04683), whose decoder also tells
// a node and its edges at a time, but sees the nodes before through a graph network.
func nodeByNode(scope *model.Scope, networks Networks, groups []group, z, labels *Node) *Node {
	leading := z.Shape().Dimensions[:z.Rank()-1]
	z = Reshape(z, -1, networks.LatentDim)
	byNode := map[int][]group{}
	for _, g := range groups {
		byNode[g.node] = append(byNode[g.node], g)
	}
	scores, known, yes, total := make([]*Node, len(groups)), z, map[string]*Node{}, 0
	for _, node := range slices.Sorted(maps.Keys(byNode)) {
		outputs := 0
		for _, g := range byNode[node] {
			outputs += g.classes
		}
		all := decode(scope.In("node_%d", node), networks, known, outputs)
		all = onlyPossible(all, byNode[node], yes, labels == nil)
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
		known, total = Concatenate(told, -1), total+outputs
	}
	return Reshape(Concatenate(scores, -1), append(slices.Clone(leading), total)...)
}

// group is one of a schema's groups.
type group struct {
	head                 string
	node, label, classes int
	possible             []bool // nil is all
	most                 int    // of the head
}

// groupsOf returns the groups of all heads, in the order of labels; limited ones know what is
// possible.
func groupsOf(schema datasets.Schema, limited bool) (groups []group) {
	for _, head := range schema.Heads {
		for i := range head.Groups {
			g := group{head: head.Name, label: len(groups), classes: head.Classes}
			if head.Nodes != nil {
				g.node = head.Nodes[i]
			}
			if limited {
				g.most = head.Most
				if head.Possible != nil {
					g.possible = head.Possible[i]
				}
			}
			groups = append(groups, g)
		}
	}
	return groups
}

// onlyPossible lowers the scores of groups, [..., classes], so that what is impossible has no
// chance. Where the scores decide, it counts what is yes by heads, and lowers the lowest scores of
// those decisions that would be too many.
func onlyPossible(scores *Node, groups []group, yes map[string]*Node, decide bool) *Node {
	const never = -1e6
	penalties, some := []float32{}, false
	places := map[string][]int{} // of decisions that not all can be yes, by heads
	for _, g := range groups {
		if g.most > 0 {
			places[g.head] = append(places[g.head], len(penalties))
		}
		for class := range g.classes {
			penalty := float32(0)
			if g.possible != nil && !g.possible[class] {
				penalty, some = never, true
			}
			penalties = append(penalties, penalty)
		}
	}
	if some {
		scores = Add(scores, ExpandLeftToRank(Const(scores.Graph(), penalties), scores.Rank()))
	}
	if !decide {
		return scores
	}
	for _, g := range groups {
		if at := places[g.head]; len(at) > 0 {
			scores, yes[g.head] = atMost(scores, at[0], len(at), g.most, yes[g.head])
			delete(places, g.head)
		}
	}
	return scores
}

// atMost lets n decisions from a place on be yes until most of their head are, the highest scores
// first. yes is how many are so before and after it, [..., 1]; nil is none.
func atMost(scores *Node, first, n, most int, yes *Node) (lowered, after *Node) {
	axis := scores.Rank() - 1
	part := SliceAxis(scores, axis, AxisRange(first, first+n))
	if yes == nil {
		yes = ZerosLike(SliceAxis(part, axis, AxisRange(0, 1)))
	}
	number := func(x *Node) *Node { return ConvertDType(x, dtypes.Float32) }
	higher := number(GreaterThan(InsertAxes(part, -2), InsertAxes(part, -1))) // [..., i, j]: j scores higher than i
	enough := GreaterOrEqual(Add(ReduceSum(higher, -1), yes), Scalar(scores.Graph(), scores.DType(), float64(most)))
	part = Where(enough, MinScalar(part, -1), part)
	after = Add(yes, ReduceAndKeep(number(GreaterThan(part, ZerosLike(part))), ReduceSum, -1))
	parts := []*Node{part}
	if first > 0 {
		parts = append([]*Node{SliceAxis(scores, axis, AxisRange(0, first))}, parts...)
	}
	if end := scores.Shape().Dim(axis); first+n < end {
		parts = append(parts, SliceAxis(scores, axis, AxisRange(first+n, end)))
	}
	return Concatenate(parts, axis), after
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

package standin

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// deviations of the initial weights, which are normal with mean zero; weights that are not named
// begin as zeros. Where signals pass a matrix, the variance is that of He et al. 2015, or half of
// it.
var deviations = map[string]float64{
	"input": 0.5, "shift": 0.5, "scale": 0.5, "back_scale": 0.5, "edge": 0.3, "update_bias": 0.1,
	"message": 0.18, "update": 0.25, "back_message": 0.18, "hidden": 0.07, "deeper": 0.125, "output": 0.0125, "linear": 0.01,
}

// networks computes what each of M networks predicts for B cells: [M, B]. operations are those of
// nasbench301.Operations, [B, 28]. The networks are those of nasbench301.NetworkWeights; their
// weights have the number of the network as a first axis.
func networks(scope *model.Scope, M int, operations *Node) *Node {
	g := operations.Graph()
	B := operations.Shape().Dim(0)
	weights := func(name string) *Node {
		scope := scope.WithInitializer(initializer.RandomNormalFn(scope, deviations[name]))
		dims := append([]int{M}, nasbench301.NetworkWeights()[name]...)
		return scope.VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).NodeValue(g)
	}
	const edges, d = nasbench301.PossibleEdges, nasbench301.StateDim
	oneHot := OneHot(Reshape(operations, B, 2, edges), nasbench301.NumOps, dtypes.Float32)
	oneHot.AssertDims(B, 2, edges, nasbench301.NumOps)

	// What depends on the operation of each edge, [M, 2, 14, B, d], and whether there is one, [1,
	// 2, 14, B, 1].
	byOperation := func(name string) *Node { return Einsum("bceo,mcod->mcebd", oneHot, weights(name)) }
	scale, backScale := OnePlus(byOperation("scale")), OnePlus(byOperation("back_scale"))
	shift := Add(byOperation("shift"), InsertAxes(weights("edge"), 3))
	there := InsertAxes(InsertAxes(Transpose(ReduceSum(oneHot, -1), 0, 1), 0), -1)
	there = TransposeAllAxes(there, 0, 1, 3, 2, 4)
	there.AssertDims(1, 2, edges, B, 1)
	// The part of the edges that lead to a node.
	into := func(x *Node, v int) *Node {
		first := v*(v-1)/2 - 1
		return SliceAxis(x, 2, AxisRange(first, first+v))
	}
	times := func(h *Node, name string) *Node { return Einsum("mcbd,mcdf->mcbf", h, weights(name)) }

	// Node after node in their order: states [M, 2, B, d].
	states, sent := make([]*Node, nasbench301.CellNodes), make([]*Node, nasbench301.CellNodes)
	for v := range states {
		if v < 2 {
			states[v] = BroadcastToDims(SliceAxis(weights("input"), 2, AxisElem(v)), M, 2, B, d)
		} else {
			messages := Add(Mul(into(scale, v), Stack(sent[:v], 2)), into(shift, v))
			sum := ReduceSum(Mul(activation.Swish(messages), into(there, v)), 2)
			bias := SliceAxis(weights("update_bias"), 2, AxisElem(v-2))
			states[v] = Add(sum, activation.Swish(Add(times(sum, "update"), bias)))
		}
		sent[v] = times(states[v], "message")
		states[v].AssertDims(M, 2, B, d)
	}
	// And back.
	for v := len(states) - 1; v >= 2; v-- {
		messages := Mul(into(backScale, v), InsertAxes(times(states[v], "back_message"), 2))
		messages = Mul(activation.Swish(messages), into(there, v))
		for u := range v {
			states[u] = Add(states[u], Squeeze(SliceAxis(messages, 2, AxisElem(u)), 2))
		}
	}

	// [M, 2, B, nodes, d] to [M, B, 2 * nodes * d].
	x := Reshape(TransposeAllAxes(Stack(states, 3), 0, 2, 1, 3, 4), M, B, -1)
	for _, name := range []string{"hidden", "deeper"} {
		x = Einsum("mbd,mdf->mbf", x, weights(name))
		x = activation.Swish(Add(x, InsertAxes(weights(name+"_bias"), 1)))
	}
	output := Einsum("mbd,mdf->mbf", x, weights("output"))
	linear := Einsum("bi,mif->mbf", Reshape(oneHot, B, -1), weights("linear"))
	return Reshape(Add(output, linear), M, B)
}

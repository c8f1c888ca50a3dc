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
	B := operations.Shape().Dim(0)
	oneHot := OneHot(Reshape(operations, B, 2, nasbench301.PossibleEdges), nasbench301.NumOps, dtypes.Float32)
	oneHot.AssertDims(B, 2, nasbench301.PossibleEdges, nasbench301.NumOps)
	e := ensemble{scope, M, B, oneHot}
	edges := e.edges()
	states := e.forward(edges)
	e.back(edges, states)
	return e.predictions(states)
}

// ensemble is what the M networks have in common in one graph.
type ensemble struct {
	scope  *model.Scope
	M, B   int
	oneHot *Node // the operations of B cells, [B, 2, 14, 7]
}

// weights returns the weights called name of all networks.
func (e ensemble) weights(name string) *Node {
	scope := e.scope.WithInitializer(initializer.RandomNormalFn(e.scope, deviations[name]))
	dims := append([]int{e.M}, nasbench301.NetworkWeights()[name]...)
	return scope.VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).NodeValue(e.oneHot.Graph())
}

// times multiplies the states of a node by a matrix.
func (e ensemble) times(h *Node, name string) *Node {
	return Einsum("mcbd,mcdf->mcbf", h, e.weights(name))
}

// edges is what depends on the operation of each edge, [M, 2, 14, B, d], and whether there is one,
// [1, 2, 14, B, 1].
type edges struct {
	scale, backScale, shift, there *Node
}

func (e ensemble) edges() edges {
	byOperation := func(name string) *Node { return Einsum("bceo,mcod->mcebd", e.oneHot, e.weights(name)) }
	scale, backScale := OnePlus(byOperation("scale")), OnePlus(byOperation("back_scale"))
	shift := Add(byOperation("shift"), InsertAxes(e.weights("edge"), 3))
	there := InsertAxes(InsertAxes(Transpose(ReduceSum(e.oneHot, -1), 0, 1), 0), -1)
	there = TransposeAllAxes(there, 0, 1, 3, 2, 4)
	there.AssertDims(1, 2, nasbench301.PossibleEdges, e.B, 1)
	return edges{scale, backScale, shift, there}
}

// into returns the part of x, of all edges, that is of those that lead to node v.
func into(x *Node, v int) *Node {
	first := v*(v-1)/2 - 1
	return SliceAxis(x, 2, AxisRange(first, first+v))
}

// forward computes the states of the nodes, one after the other in their order: each [M, 2, B, d].
func (e ensemble) forward(edges edges) []*Node {
	states, sent := make([]*Node, nasbench301.CellNodes), make([]*Node, nasbench301.CellNodes)
	for v := range states {
		if v < 2 {
			input := SliceAxis(e.weights("input"), 2, AxisElem(v))
			states[v] = BroadcastToDims(input, e.M, 2, e.B, nasbench301.StateDim)
		} else {
			messages := Add(Mul(into(edges.scale, v), Stack(sent[:v], 2)), into(edges.shift, v))
			sum := ReduceSum(Mul(activation.Swish(messages), into(edges.there, v)), 2)
			bias := SliceAxis(e.weights("update_bias"), 2, AxisElem(v-2))
			states[v] = Add(sum, activation.Swish(Add(e.times(sum, "update"), bias)))
		}
		sent[v] = e.times(states[v], "message")
		states[v].AssertDims(e.M, 2, e.B, nasbench301.StateDim)
	}
	return states
}

// back adds to the states of the nodes what those after them send, from the last node on.
func (e ensemble) back(edges edges, states []*Node) {
	for v := len(states) - 1; v >= 2; v-- {
		messages := Mul(into(edges.backScale, v), InsertAxes(e.times(states[v], "back_message"), 2))
		messages = Mul(activation.Swish(messages), into(edges.there, v))
		for u := range v {
			states[u] = Add(states[u], Squeeze(SliceAxis(messages, 2, AxisElem(u)), 2))
		}
	}
}

// predictions adds what a perceptron makes of all states to a linear function of the operations.
func (e ensemble) predictions(states []*Node) *Node {
	// [M, 2, B, nodes, d] to [M, B, 2 * nodes * d].
	x := Reshape(TransposeAllAxes(Stack(states, 3), 0, 2, 1, 3, 4), e.M, e.B, -1)
	for _, name := range []string{"hidden", "deeper"} {
		x = Einsum("mbd,mdf->mbf", x, e.weights(name))
		x = activation.Swish(Add(x, InsertAxes(e.weights(name+"_bias"), 1)))
	}
	output := Einsum("mbd,mdf->mbf", x, e.weights("output"))
	linear := Einsum("bi,mif->mbf", Reshape(e.oneHot, e.B, -1), e.weights("linear"))
	return Reshape(Add(output, linear), e.M, e.B)
}

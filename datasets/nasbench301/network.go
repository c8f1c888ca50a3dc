package nasbench301

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Sizes of the networks of a [StandIn].
const (
	StateDim  = 32  // numbers in the state of a node
	HiddenDim = 128 // units in each of the two layers after the cells
)

const readoutDim = 2 * CellNodes * StateDim

// NetworkWeights returns the dimensions of the weights of one network of a [StandIn], by name; a
// leading 2 is the number of cells, the normal one first. With h_u the state of node u and o the
// operation on an edge from u to v, number e of the possible ones,
//
//	s_v = sum over edges u -> v of swish((1 + scale[o]) * (message h_u) + shift[o] + edge[e])
//	h_v = s_v + swish(update s_v + update_bias[v])
//
// for the nodes 2 to 5 in their order, where h_0 and h_1 are given by input. What becomes of a
// node's output then comes back, from node 5 to node 0:
//
//	r_u = h_u + sum over edges u -> v of swish((1 + back_scale[o]) * (back_message r_v))
//
// All r of both cells together pass two hidden layers with swish; output and linear, which acts on
// the one-hot operations of all possible edges, are added up.
func NetworkWeights() map[string][]int {
	return map[string][]int{
		"input":        {2, inputs, StateDim},
		"message":      {2, StateDim, StateDim},
		"scale":        {2, NumOps, StateDim},
		"shift":        {2, NumOps, StateDim},
		"edge":         {2, PossibleEdges, StateDim},
		"update":       {2, StateDim, StateDim},
		"update_bias":  {2, CellNodes - inputs, StateDim},
		"back_message": {2, StateDim, StateDim},
		"back_scale":   {2, NumOps, StateDim},
		"hidden":       {readoutDim, HiddenDim},
		"hidden_bias":  {HiddenDim},
		"deeper":       {HiddenDim, HiddenDim},
		"deeper_bias":  {HiddenDim},
		"output":       {HiddenDim, 1},
		"linear":       {2 * PossibleEdges * NumOps, 1},
	}
}

// Operations returns the operation on each possible edge of the normal cell and then of the
// reduction cell, -1 where there is none. It panics if g is not of this space.
func Operations(g Genotype) [2 * PossibleEdges]int32 {
	var ops [2 * PossibleEdges]int32
	for i := range ops {
		ops[i] = -1
	}
	g = genotypeOf(g)
	for i, c := range []Cell{g.Normal, g.Reduce} {
		for j, edge := range c {
			ops[i*PossibleEdges+possibleEdge(int(edge.From), inputs+j/inputs)] = int32(edge.Op)
		}
	}
	return ops
}

// network holds the weights of one network, row by row.
type network map[string][]float32

// check returns an error unless all weights are there and finite.
func (n network) check() error {
	shapes := NetworkWeights()
	if len(n) != len(shapes) {
		return fmt.Errorf("there are %d kinds of weights, want %d", len(n), len(shapes))
	}
	for name, dims := range shapes {
		if len(n[name]) != size(dims) {
			return fmt.Errorf("there are %d weights %q, want %d", len(n[name]), name, size(dims))
		}
		for _, w := range n[name] {
			if math.IsNaN(float64(w)) || math.IsInf(float64(w), 0) {
				return fmt.Errorf("a weight of %q is %v", name, w)
			}
		}
	}
	return nil
}

// size is the number of weights of these dimensions.
func size(dims []int) int {
	product := 1
	for _, dim := range dims {
		product *= dim
	}
	return product
}

// of returns a part of some weights: a cell's or, within it, that of a node, an operation or an
// edge.
func (n network) of(name string, part, size int) []float32 { return n[name][part*size:][:size] }

// predict is the network's output for what Operations returns.
func (n network) predict(ops *[2 * PossibleEdges]int32) float64 {
	var states [readoutDim]float32
	linear := n["linear"]
	sum := float32(0)
	for c := range 2 {
		n.cell(c, ops[c*PossibleEdges:][:PossibleEdges], states[c*CellNodes*StateDim:][:CellNodes*StateDim])
	}
	for e, op := range ops {
		if op >= 0 {
			sum += linear[e*NumOps+int(op)]
		}
	}
	var hidden, deeper [HiddenDim]float32
	multiply(hidden[:], states[:], n["hidden"])
	addSwish(hidden[:], n["hidden_bias"])
	multiply(deeper[:], hidden[:], n["deeper"])
	addSwish(deeper[:], n["deeper_bias"])
	for i, w := range n["output"] {
		sum += w * deeper[i]
	}
	return float64(sum)
}

// cell computes the states r of the nodes of one cell.
func (n network) cell(c int, ops []int32, states []float32) {
	const d = StateDim
	message, update, back := n.of("message", c, d*d), n.of("update", c, d*d), n.of("back_message", c, d*d)
	h := func(v int) []float32 { return states[v*d:][:d] }
	copy(states, n.of("input", c, inputs*d))
	var sent [CellNodes][d]float32 // what a node sends along its edges, before the operation
	for v := range CellNodes {
		if v >= inputs {
			var sum, moved [d]float32
			for u := range v {
				e := possibleEdge(u, v)
				if ops[e] < 0 {
					continue
				}
				of := c*NumOps + int(ops[e])
				scale, shift, edge := n.of("scale", of, d), n.of("shift", of, d), n.of("edge", c*PossibleEdges+e, d)
				for i, x := range &sent[u] {
					sum[i] += swish((1+scale[i])*x + shift[i] + edge[i])
				}
			}
			multiply(moved[:], sum[:], update)
			bias := n.of("update_bias", c*(CellNodes-inputs)+v-inputs, d)
			for i, s := range &sum {
				h(v)[i] = s + swish(moved[i]+bias[i])
			}
		}
		multiply(sent[v][:], h(v), message)
	}
	for u := CellNodes - 1; u >= 0; u-- {
		for v := max(u+1, inputs); v < CellNodes; v++ {
			op := ops[possibleEdge(u, v)]
			if op < 0 {
				continue
			}
			scale := n.of("back_scale", c*NumOps+int(op), d)
			for i, x := range &sent[v] {
				h(u)[i] += swish((1 + scale[i]) * x)
			}
		}
		multiply(sent[u][:], h(u), back)
	}
}

// multiply computes out = x W for a matrix W, row by row.
func multiply(out, x, W []float32) {
	blas32.Gemv(blas.Trans, 1, blas32.General{Rows: len(x), Cols: len(out), Stride: len(out), Data: W},
		blas32.Vector{N: len(x), Inc: 1, Data: x}, 0, blas32.Vector{N: len(out), Inc: 1, Data: out})
}

// addSwish computes swish(x + bias).
func addSwish(x, bias []float32) {
	for i, b := range bias {
		x[i] = swish(x[i] + b)
	}
}

// swish is x / (1 + exp(-x)).
func swish(x float32) float32 { return x / (1 + float32(math.Exp(-float64(x)))) }

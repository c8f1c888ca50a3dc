package crlso

import (
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Graphs is a batch of B architectures of one schema: labelled graphs with n nodes. Where an
// architecture consists of G graphs, G > 1, shapes have [B, G] in place of [B], here and in what
// [GraphConv] makes of them. The edges of node v are row v, so those between two nodes are there
// twice.
type Graphs struct {
	Nodes *Node // [B, n, NodeTypes + numbers], one-hot, then the numbers of the class
	Edges *Node // [B, n, n, EdgeTypes], one-hot, zeros where there is no edge; nil if edges carry no feature
	Mask  *Node // [B, n, n, 1], one where there is an edge; if all have the same, [1, n, n, 1]
}

// NewGraphs returns a batch with these classes of nodes, [B, G n], and of edges, [B, G P], laid out
// as in [datasets.Graph]. complete says that all pairs of nodes have an edge.
func NewGraphs(schema datasets.Schema, complete bool, nodes, edges *Node) Graphs {
	n, before := schema.Nodes, []int{-1}
	if schema.Graphs > 1 {
		before = []int{-1, schema.Graphs}
	}
	classesOfNodes := Reshape(nodes, append(before, n)...)
	batch := Graphs{Nodes: OneHot(classesOfNodes, schema.NodeTypes, dtypes.Float32)}
	if schema.Numbers != nil {
		numbers := Gather(Const(nodes.Graph(), schema.Numbers), InsertAxes(classesOfNodes, -1))
		batch.Nodes = Concatenate([]*Node{batch.Nodes, numbers}, -1)
	}

	// The class between v and u: that of their pair, and none, the class put after them, where u is
	// v.
	g, rows := nodes.Graph(), nodes.Shape().Size()/n
	at, none := Const(g, pairMatrix(n)), Const(g, int32(-1))
	classes := []*Node{BroadcastToDims(none, 1, rows)}
	if schema.Pairs() > 0 { // there is no pair of a single node
		classes = []*Node{Transpose(Reshape(edges, rows, -1), 0, 1), classes[0]}
	}
	matrix := Transpose(Gather(Concatenate(classes, 0), at), 0, 1)
	matrix = Reshape(matrix, append(before, n, n)...)
	if schema.EdgeTypes > 0 {
		batch.Edges = OneHot(matrix, schema.EdgeTypes, dtypes.Float32)
	}
	isEdge := GreaterThan(matrix, none)
	if complete {
		isEdge = LessThan(Reshape(at, n, n), Const(g, int32(schema.Pairs())))
		isEdge = ExpandLeftToRank(isEdge, matrix.Rank())
	}
	batch.Mask = InsertAxes(ConvertDType(isEdge, dtypes.Float32), -1)
	return batch
}

// pairMatrix returns the number of the pair of nodes v and u in row v n + u, and that of pairs in
// all where u is v.
func pairMatrix(n int) [][]int32 {
	at := make([][]int32, n*n)
	pair := int32(0)
	for v := range n {
		at[v*n+v] = []int32{int32(n * (n - 1) / 2)}
		for u := range v {
			at[v*n+u], at[u*n+v] = []int32{pair}, []int32{pair}
			pair++
		}
	}
	return at
}

// Table holds the graphs of some architectures for the device: see [datasets.Graph]. Rows beyond
// the architectures are zeros.
type Table struct {
	Archs                []datasets.Arch
	Nodes, Edges, Labels *tensors.Tensor // [size, G n], [size, G P] and [size, schema.Labels()]
	Complete             bool            // every pair of nodes has an edge, in all graphs
}

// NewTable encodes architectures, at least one, into a table of size rows.
func NewTable(space datasets.Space, archs []datasets.Arch, size int) Table {
	var nodes, edges, labels []int32
	for _, a := range archs {
		graph := space.Encode(a)
		nodes = append(nodes, graph.Nodes...)
		edges = append(edges, graph.Edges...)
		labels = append(labels, graph.Labels...)
	}
	table := func(rows []int32) *tensors.Tensor {
		length := len(rows) / len(archs)
		rows = append(rows, make([]int32, (size-len(archs))*length)...)
		return tensors.FromFlatDataAndDimensions(rows, size, length)
	}
	return Table{archs, table(nodes), table(edges), table(labels), !slices.Contains(edges, -1)}
}

// Free gives the table's memory back. The table must not be used after it.
func (t Table) Free() {
	for _, x := range []*tensors.Tensor{t.Nodes, t.Edges, t.Labels} {
		x.MustFinalizeAll()
	}
}

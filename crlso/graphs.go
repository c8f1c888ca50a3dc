package crlso

import (
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Graphs is a batch of B architectures of one schema, labelled graphs with n nodes and P = n(n-1)/2
// node pairs. Nodes and pairs come first, so that one node's features are one contiguous block; on
// several devices, B comes before them: see nodeAxis. Where an architecture consists of G graphs, G
// > 1, shapes have [n, B, G] in place of [n, B], here and in what [GraphConv] makes of them.
type Graphs struct {
	Nodes *Node // [n, B, NodeTypes], one-hot
	Edges *Node // [P, B, EdgeTypes], one-hot; nil if edges carry no feature
	Mask  *Node // [P, B, 1], one where there is an edge; nil if all pairs have one
}

// NewGraphs returns a batch with these classes of nodes, [B, G n], and of edges, [B, G P], laid out
// as in [datasets.Graph]. complete says that all pairs of nodes have an edge, so that no mask is
// needed.
func NewGraphs(schema datasets.Schema, complete bool, nodes, edges *Node) Graphs {
	arrange := func(x *Node, length int) *Node {
		others := []int{0}
		if schema.Graphs > 1 {
			x, others = Reshape(x, -1, schema.Graphs, length), []int{0, 1}
		}
		return TransposeAllAxes(x, slices.Insert(others, nodeAxis(x), x.Rank()-1)...)
	}
	nodes, edges = arrange(nodes, schema.Nodes), arrange(edges, schema.Pairs())
	batch := Graphs{Nodes: OneHot(nodes, schema.NodeTypes, dtypes.Float32)}
	if schema.EdgeTypes > 0 {
		batch.Edges = OneHot(edges, schema.EdgeTypes, dtypes.Float32)
	}
	if !complete {
		batch.Mask = InsertAxes(ConvertDType(GreaterOrEqual(edges, ScalarZero(edges.Graph(), edges.DType())), dtypes.Float32), -1)
	}
	return batch
}

// nodeAxis is the axis of nodes, or of pairs, in a batch of [Graphs]: 0, or on several devices 1,
// after the batch. XLA can keep the batch split over devices where it is merged with an axis after
// it, as [nn.Times] does, but not with one before it.
func nodeAxis(x *Node) int {
	if x.Graph().NumDevices() > 1 {
		return 1
	}
	return 0
}

// withLast returns the dimensions of x with another last one.
func withLast(x *Node, dim int) []int {
	dims := slices.Clone(x.Shape().Dimensions)
	dims[len(dims)-1] = dim
	return dims
}

// unstack returns x[0], x[1], ... along the axis of nodes.
func unstack(x *Node) []*Node {
	axis := nodeAxis(x)
	out := make([]*Node, x.Shape().Dim(axis))
	for i := range out {
		out[i] = Squeeze(SliceAxis(x, axis, AxisElem(i)), axis)
	}
	return out
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

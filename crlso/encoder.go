package crlso

import (
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Graphs is a batch of B labelled graphs of one schema, with n nodes and P = n(n-1)/2 node pairs each.
// Nodes and pairs come first, so that one node's features are one contiguous block.
type Graphs struct {
	Nodes *Node // [n, B, NodeTypes], one-hot
	Edges *Node // [P, B, EdgeTypes], one-hot; nil if edges carry no feature
	Mask  *Node // [P, B, 1], one where there is an edge; nil if all pairs have one
}

// gatherGraphs reads the graphs with the given indices ([B]) from the table of all graphs of a space:
// nodes [N, n] and edges [N, P], as in datasets.Graph.
func gatherGraphs(schema datasets.Schema, complete bool, nodes, edges, indices *Node) Graphs {
	rows := InsertAxes(indices, -1)
	nodes = Transpose(Gather(nodes, rows), 0, 1)
	edges = Transpose(Gather(edges, rows), 0, 1)
	batch := Graphs{Nodes: OneHot(nodes, schema.NodeTypes, dtypes.Float32)}
	if schema.EdgeTypes > 0 {
		batch.Edges = OneHot(edges, schema.EdgeTypes, dtypes.Float32)
	}
	if !complete {
		batch.Mask = InsertAxes(ConvertDType(GreaterOrEqual(edges, ScalarZero(edges.Graph(), edges.DType())), dtypes.Float32), -1)
	}
	return batch
}

// GraphConv is one round of messages along every edge, in both directions:
//
//	h'_v = B2 (B1 h_v + b1) + b2 + sum over neighbours u of v of LeakyReLU(W [h_v ; h_u ; e_uv])
//
// with B1: d->d, B2: d->out and W: (2 d + d_e)->out, for node features h of shape [n, B, d]. It returns
// [n, B, out]. The product with W is split into its three blocks, W [h_v ; h_u ; e] =
// W_v h_v + W_u h_u + W_e e, so that the first two are computed once per node and not once per edge. B2 and
// B1, with no activation between them, are multiplied before they meet the nodes.
//
// Source: class NodeConv of the released code.
func GraphConv(scope *model.Scope, batch Graphs, h *Node, out int) *Node {
	n, d := h.Shape().Dim(0), h.Shape().Dim(-1)
	fanIn := 2 * d
	if batch.Edges != nil {
		fanIn += batch.Edges.Shape().Dim(-1)
	}
	b1, b2 := scope.In("B1"), scope.In("B2")
	B1, B2 := weight(b1, "weights", d, d, d).NodeValue(h), weight(b2, "weights", d, d, out).NodeValue(h)
	bias := Add(Dot(weight(b1, "bias", d, d).NodeValue(h), B2).Product(), weight(b2, "bias", d, out).NodeValue(h))
	self := Add(times(h, Dot(B1, B2).Product()), ExpandLeftToRank(bias, 3))
	receiver := linearWithFanIn(scope.In("W_v"), h, out, fanIn)
	sender := linearWithFanIn(scope.In("W_u"), h, out, fanIn)
	var edge *Node
	if batch.Edges != nil {
		edge = linearWithFanIn(scope.In("W_e"), batch.Edges, out, fanIn)
	}

	row := func(x *Node, i int) *Node { return Squeeze(Slice(x, AxisElem(i)), 0) }
	sums := make([]*Node, n)
	for v := range n {
		sums[v] = row(self, v)
	}
	message := func(v, u, pair int) {
		x := Add(row(receiver, v), row(sender, u))
		if edge != nil {
			x = Add(x, row(edge, pair))
		}
		x = leakyReLU(x)
		if batch.Mask != nil {
			x = Mul(x, row(batch.Mask, pair))
		}
		sums[v] = Add(sums[v], x)
	}
	pair := 0
	for v := range n {
		for u := range v {
			message(v, u, pair)
			message(u, v, pair)
			pair++
		}
	}
	h = Stack(sums, 0)
	h.AssertDims(n, batch.Nodes.Shape().Dim(1), out)
	return h
}

// Encoder returns mean and log-variance of q(z|a), [B, Z] each, for a batch of graphs. The nodes' states
// after the last round of messages are summed, so the result does not depend on the order of
// nodes beyond what their features say.
//
// Source: ArchGVAE.encode of the released code.
func Encoder(scope *model.Scope, config Config, batch Graphs) (mu, logVar *Node) {
	h := batch.Nodes
	for layer := range config.EncoderLayers {
		h = GraphConv(scope.In("conv_%d", layer), batch, h, config.HiddenDim)
	}
	readout := ReduceSum(h, 0)
	mu = affine(scope.In("mu"), readout, config.LatentDim)
	logVar = affine(scope.In("log_var"), readout, config.LatentDim)
	return mu, logVar
}

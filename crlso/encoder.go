package crlso

import (
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Graphs is a batch of B architectures of one schema, labelled graphs with n nodes and P = n(n-1)/2 node pairs.
// Nodes and pairs come first, so that one node's features are one contiguous block; on several devices, B comes before
// them: see nodeAxis. Where an architecture consists of G graphs, G > 1, shapes have [n, B, G] in place of [n, B], here and
// in what [GraphConv] makes of them.
type Graphs struct {
	Nodes *Node // [n, B, NodeTypes], one-hot
	Edges *Node // [P, B, EdgeTypes], one-hot; nil if edges carry no feature
	Mask  *Node // [P, B, 1], one where there is an edge; nil if all pairs have one
}

// newGraphs returns the batch with the given classes of nodes, [B, G n], and of edges, [B, G P], as in
// datasets.Graph. If complete is set, all pairs of nodes have an edge.
func newGraphs(schema datasets.Schema, complete bool, nodes, edges *Node) Graphs {
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

// nodeAxis is the axis of nodes, or of pairs, in a batch of [Graphs]: 0, or on several devices 1, after the batch. XLA can
// keep the batch split over devices where it is merged with an axis after it, as [times] does, but not with one before it.
func nodeAxis(x *Node) int {
	if x.Graph().NumDevices() > 1 {
		return 1
	}
	return 0
}

// GraphConv is one round of messages along every edge, in both directions:
//
//	h'_v = B2 (B1 h_v + b1) + b2 + sum over neighbours u of v of LeakyReLU(W [h_v ; h_u ; e_uv])
//
// with B1: d->d, B2: d->out and W: (2 d + d_e)->out, for node features h of shape [n, B, d]. It returns
// [n, B, out].
//
// Source: class NodeConv of the released code.
func GraphConv(scope *model.Scope, batch Graphs, h *Node, out int) *Node {
	self := unstack(residual(scope, h, out, 1))
	states := messages(scope, batch, h, out)
	for v, sum := range states {
		states[v] = Add(sum, self[v])
	}
	h = Stack(states, nodeAxis(h))
	h.AssertDims(withLast(batch.Nodes, out)...)
	return h
}

// GraphConvSum is the sum of GraphConv over all nodes, [B, out]. The residual term is affine, so it is computed
// once for the sum of the nodes and not once per node.
func GraphConvSum(scope *model.Scope, batch Graphs, h *Node, out int) *Node {
	axis := nodeAxis(h)
	total := residual(scope, ReduceSum(h, axis), out, h.Shape().Dim(axis))
	for _, sum := range messages(scope, batch, h, out) {
		total = Add(total, sum)
	}
	total.AssertDims(slices.Delete(withLast(batch.Nodes, out), axis, axis+1)...)
	return total
}

// withLast returns the dimensions of x with another last one.
func withLast(x *Node, dim int) []int {
	dims := slices.Clone(x.Shape().Dimensions)
	dims[len(dims)-1] = dim
	return dims
}

// residual is B2 (B1 x + b1) + b2, [..., out], for the sum x, [..., d], of some nodes' features. B2 and B1, with no
// activation between them, are multiplied before they meet the nodes.
func residual(scope *model.Scope, x *Node, out, nodes int) *Node {
	d := x.Shape().Dim(-1)
	first, second := scope.In("B1"), scope.In("B2")
	B1, b1 := nn.Weight(first, "weights", d, d, d).NodeValue(x), nn.Weight(first, "bias", d, d).NodeValue(x)
	B2, b2 := nn.Weight(second, "weights", d, d, out).NodeValue(x), nn.Weight(second, "bias", d, out).NodeValue(x)
	bias := MulScalar(Add(Dot(b1, B2).Product(), b2), float64(nodes))
	return Add(nn.Times(scope, x, Dot(B1, B2).Product()), ExpandLeftToRank(bias, x.Rank()))
}

// messages returns what each of the n nodes receives, [B, out]. The product with W is split into its three
// blocks, W [h_v ; h_u ; e] = W_v h_v + W_u h_u + W_e e, so that the first two are computed once per node and not
// once per edge.
func messages(scope *model.Scope, batch Graphs, h *Node, out int) []*Node {
	fanIn := 2 * h.Shape().Dim(-1)
	if batch.Edges != nil {
		fanIn += batch.Edges.Shape().Dim(-1)
	}
	// Each row is one node of the program, however many messages it is part of: its gradient is then summed up before
	// it is put in its place among zeros, and not after.
	receiver := unstack(nn.LinearWithFanIn(scope.In("W_v"), h, out, fanIn))
	sender := unstack(nn.LinearWithFanIn(scope.In("W_u"), h, out, fanIn))
	var edge, mask []*Node
	if batch.Edges != nil {
		edge = unstack(nn.LinearWithFanIn(scope.In("W_e"), batch.Edges, out, fanIn))
	}
	if batch.Mask != nil {
		mask = unstack(batch.Mask)
	}

	received := make([]*Node, len(receiver))
	send := func(u, v, pair int) {
		message := Add(receiver[v], sender[u])
		if edge != nil {
			message = Add(message, edge[pair])
		}
		message = nn.LeakyReLU(message)
		if mask != nil {
			message = Mul(message, mask[pair])
		}
		if received[v] == nil {
			received[v] = message
		} else {
			received[v] = Add(received[v], message)
		}
	}
	pair := 0
	for v := range received {
		for u := range v {
			send(u, v, pair)
			send(v, u, pair)
			pair++
		}
	}
	return received
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

// Encoder returns mean and log-variance of q(z|a), [B, Z] each, for a batch of graphs: affine functions of
// the [Readout].
//
// Source: ArchGVAE.encode of the released code.
func Encoder(scope *model.Scope, config Config, batch Graphs) (mu, logVar *Node) {
	readout := Readout(scope, config, batch)
	mu = nn.Affine(scope.In("mu"), readout, config.LatentDim)
	logVar = nn.Affine(scope.In("log_var"), readout, config.LatentDim)
	return mu, logVar
}

// Readout returns the sum of the nodes' states after the last round of messages, [B, H]. So it does not depend on the
// order of nodes beyond what their features say. Architectures of several graphs, which share all weights, have
// their sums one after the other, [B, G H]; that is this project's extension.
func Readout(scope *model.Scope, config Config, batch Graphs) *Node {
	h := batch.Nodes
	last := config.EncoderLayers - 1
	for layer := range last {
		h = scaled(GraphConv(scope.In("conv_%d", layer), batch, h, config.HiddenDim), config.StateScale)
	}
	readout := scaled(GraphConvSum(scope.In("conv_%d", last), batch, h, config.HiddenDim), config.StateScale)
	return Reshape(readout, readout.Shape().Dim(0), -1)
}

func scaled(x *Node, factor float64) *Node {
	if factor == 1 {
		return x
	}
	return MulScalar(x, factor)
}

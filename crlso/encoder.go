package crlso

import (
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// GraphConv is one round of messages along every edge, in both directions:
//
//	h'_v = B2 (B1 h_v + b1) + b2 + sum over neighbours u of v of LeakyReLU(W [h_v ; h_u ; e_uv])
//
// with B1: d->d, B2: d->out and W: (2 d + d_e)->out, for node features h of shape [B, n, d]. It
// returns [B, n, out].
//
// Source: class NodeConv of the released code.
//
// A directed one has weights W in a scope of their own for the messages from nodes before v, along
// edges that have a direction, and for those from nodes after it.
func GraphConv(scope *model.Scope, batch Graphs, h *Node, out int, directed bool) *Node {
	h = Add(residual(scope, h, out, 1), ReduceSum(messages(scope, batch, h, out, directed), -2))
	h.AssertDims(append(slices.Clone(batch.Nodes.Shape().Dimensions[:h.Rank()-1]), out)...)
	return h
}

// graphConvSum is the sum of GraphConv over all nodes, [B, out]. The residual term is affine, so it
// is computed once for the sum of the nodes and not once per node.
func graphConvSum(scope *model.Scope, batch Graphs, h *Node, out int, directed bool) *Node {
	self := residual(scope, ReduceSum(h, -2), out, h.Shape().Dim(-2))
	return Add(self, ReduceSum(messages(scope, batch, h, out, directed), -3, -2))
}

// residual is B2 (B1 x + b1) + b2, [..., out], for the sum x, [..., d], of some nodes' features. B2
// and B1, with no activation between them, are multiplied before they meet the nodes.
func residual(scope *model.Scope, x *Node, out, nodes int) *Node {
	d := x.Shape().Dim(-1)
	first, second := scope.In("B1"), scope.In("B2")
	B1, b1 := nn.Weight(first, "weights", d, d, d).NodeValue(x), nn.Weight(first, "bias", d, d).NodeValue(x)
	B2, b2 := nn.Weight(second, "weights", d, d, out).NodeValue(x), nn.Weight(second, "bias", d, out).NodeValue(x)
	bias := MulScalar(Add(nn.Times(scope, b1, B2), b2), float64(nodes))
	return nn.AddBias(nn.Times(scope, x, nn.Times(scope, B1, B2)), bias)
}

// messages returns what each node v receives from each node u, [B, n, n, out]: LeakyReLU(W [h_v ;
// h_u ; e_uv]), and zeros where there is no edge.
func messages(scope *model.Scope, batch Graphs, h *Node, out int, directed bool) *Node {
	var message *Node
	if directed {
		along := weighed(scope.In("along"), batch, h, out)
		message = Where(before(along), along, weighed(scope.In("against"), batch, h, out))
	} else {
		message = weighed(scope, batch, h, out)
	}
	return Mul(nn.LeakyReLU(message), batch.Mask)
}

// weighed is W [h_v ; h_u ; e_uv] for all pairs of nodes, [B, n, n, out]. The product is split into
// its three blocks, W_v h_v + W_u h_u + W_e e, so that the first two are computed once per node and
// not once per edge.
func weighed(scope *model.Scope, batch Graphs, h *Node, out int) *Node {
	fanIn := 2 * h.Shape().Dim(-1)
	if batch.Edges != nil {
		fanIn += batch.Edges.Shape().Dim(-1)
	}
	receiver := nn.LinearWithFanIn(scope.In("W_v"), h, out, fanIn)
	sender := nn.LinearWithFanIn(scope.In("W_u"), h, out, fanIn)
	sum := Add(InsertAxes(receiver, -2), InsertAxes(sender, -3))
	if batch.Edges != nil {
		sum = Add(sum, nn.LinearWithFanIn(scope.In("W_e"), batch.Edges, out, fanIn))
	}
	return sum
}

// before tells for values of nodes v and u, of shape [B, n, n, out], whether u is before v.
func before(x *Node) *Node {
	n := x.Shape().Dim(-2)
	isBefore := make([]bool, n*n)
	for v := range n {
		for u := range v {
			isBefore[v*n+u] = true
		}
	}
	matrix := ExpandLeftToRank(Reshape(Const(x.Graph(), isBefore), n, n, 1), x.Rank())
	return BroadcastToDims(matrix, x.Shape().Dimensions...)
}

// Encoder returns mean and log-variance of q(z|a), [B, Z] each, for a batch of graphs: affine
// functions of the [Readout].
//
// Source: ArchGVAE.encode of the released code.
func Encoder(scope *model.Scope, networks Networks, batch Graphs) (mu, logVar *Node) {
	readout := Readout(scope, networks, batch)
	mu = nn.Affine(scope.In("mu"), readout, networks.LatentDim)
	logVar = nn.Affine(scope.In("log_var"), readout, networks.LatentDim)
	return mu, logVar
}

// Readout returns the sum of the nodes' states after the last round of messages, [B, H]. So it does
// not depend on the order of nodes beyond what their features say. Architectures of several graphs,
// which share all weights, have their sums one after the other, [B, G H]; that is this project's
// extension.
func Readout(scope *model.Scope, networks Networks, batch Graphs) *Node {
	h := batch.Nodes
	last := networks.EncoderLayers - 1
	for layer := range last {
		h = scaled(GraphConv(scope.In("conv_%d", layer), batch, h, networks.HiddenDim, networks.Directed), networks.StateScale)
	}
	readout := scaled(graphConvSum(scope.In("conv_%d", last), batch, h, networks.HiddenDim, networks.Directed), networks.StateScale)
	return Reshape(readout, readout.Shape().Dim(0), -1)
}

func scaled(x *Node, factor float64) *Node {
	if factor == 1 {
		return x
	}
	return MulScalar(x, factor)
}

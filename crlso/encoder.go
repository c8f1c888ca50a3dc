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
// with B1: d->d, B2: d->out and W: (2 d + d_e)->out, for node features h of shape [n, B, d]. It
// returns [n, B, out].
//
// Source: class NodeConv of the released code.
func GraphConv(scope *model.Scope, batch Graphs, h *Node, out int) *Node {
	self := unstack(residual(scope, h, out, 1))
	states := messages(scope, batch, h, out)
	for v, sum := range states {
		if sum == nil { // a node alone
			states[v] = self[v]
		} else {
			states[v] = Add(sum, self[v])
		}
	}
	h = Stack(states, nodeAxis(h))
	h.AssertDims(withLast(batch.Nodes, out)...)
	return h
}

// graphConvSum is the sum of GraphConv over all nodes, [B, out]. The residual term is affine, so it
// is computed once for the sum of the nodes and not once per node.
func graphConvSum(scope *model.Scope, batch Graphs, h *Node, out int) *Node {
	axis := nodeAxis(h)
	total := residual(scope, ReduceSum(h, axis), out, h.Shape().Dim(axis))
	for _, sum := range messages(scope, batch, h, out) {
		if sum != nil {
			total = Add(total, sum)
		}
	}
	total.AssertDims(slices.Delete(withLast(batch.Nodes, out), axis, axis+1)...)
	return total
}

// residual is B2 (B1 x + b1) + b2, [..., out], for the sum x, [..., d], of some nodes' features. B2
// and B1, with no activation between them, are multiplied before they meet the nodes.
func residual(scope *model.Scope, x *Node, out, nodes int) *Node {
	d := x.Shape().Dim(-1)
	first, second := scope.In("B1"), scope.In("B2")
	B1, b1 := nn.Weight(first, "weights", d, d, d).NodeValue(x), nn.Weight(first, "bias", d, d).NodeValue(x)
	B2, b2 := nn.Weight(second, "weights", d, d, out).NodeValue(x), nn.Weight(second, "bias", d, out).NodeValue(x)
	bias := MulScalar(Add(Dot(b1, B2).Product(), b2), float64(nodes))
	return Add(nn.Times(scope, x, Dot(B1, B2).Product()), ExpandLeftToRank(bias, x.Rank()))
}

// messages returns what each of the n nodes receives, [B, out]; nil for a node alone. The product
// with W is split into its three blocks, W [h_v ; h_u ; e] = W_v h_v + W_u h_u + W_e e, so that the
// first two are computed once per node and not once per edge.
func messages(scope *model.Scope, batch Graphs, h *Node, out int) []*Node {
	fanIn := 2 * h.Shape().Dim(-1)
	if batch.Edges != nil {
		fanIn += batch.Edges.Shape().Dim(-1)
	}
	// Each row is one node of the program, however many messages it is part of: its gradient is
	// then summed up before it is put in its place among zeros, and not after.
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
		h = scaled(GraphConv(scope.In("conv_%d", layer), batch, h, networks.HiddenDim), networks.StateScale)
	}
	readout := scaled(graphConvSum(scope.In("conv_%d", last), batch, h, networks.HiddenDim), networks.StateScale)
	return Reshape(readout, readout.Shape().Dim(0), -1)
}

func scaled(x *Node, factor float64) *Node {
	if factor == 1 {
		return x
	}
	return MulScalar(x, factor)
}

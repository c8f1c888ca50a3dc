package nasbenchgraph

import (
	"cmp"
	"slices"
)

// network is an architecture while it is brought into canonical form. Node 0 is the input.
type network struct {
	source [1 + NumNodes]int
	op     [1 + NumNodes]Op
	gone   [1 + NumNodes]bool
}

// canonical returns the architecture that stands for all those with the network of a. A skip that
// passes on what is there already is moved to the front, where all such form a chain before the
// rest of the network. The rest is numbered from the input on, level by level, and of the
// nodes with one source first that which has most behind it, then by operation.
//
// It gives the same as valid_hash of the benchmark's package, for all 157,440 ways to write an
// architecture.
func (a Arch) canonical() Arch {
	var n network
	for i := range a.Links {
		n.source[i+1], n.op[i+1] = int(a.Links[i]), a.Ops[i]
	}
	skips := 0
	for v := n.idle(); v != 0; v = n.idle() {
		for w := range n.source {
			if n.source[w] == v {
				n.source[w] = n.source[v]
			}
		}
		n.gone[v] = true
		skips++
	}
	var c Arch
	for i := range skips {
		c.Links[i], c.Ops[i] = uint8(i), Skip
	}
	var buffer [1 + NumNodes]int
	order := buffer[:1] // begins with the input
	for place := 0; place < len(order); place++ {
		for _, v := range n.following(order[place]) {
			i := skips + len(order) - 1
			c.Links[i], c.Ops[i] = uint8(skips+place), n.op[v]
			order = append(order, v)
		}
	}
	return c
}

// idle returns a node whose skip changes nothing, 0 if there is none: it has nodes behind it,
// which its source could feed; or it is all that its source feeds, which could go to the output;
// or it would take the bare input to the output, which no network here does.
func (n *network) idle() int {
	for v := 1; v <= NumNodes; v++ {
		if n.gone[v] || n.op[v] != Skip {
			continue
		}
		bare := v
		for bare != 0 && n.op[bare] == Skip {
			bare = n.source[bare]
		}
		if bare == 0 || len(n.following(v)) > 0 || len(n.following(n.source[v])) == 1 {
			return v
		}
	}
	return 0
}

// following returns the nodes with a source in their canonical order. Two of them that have the
// same number of nodes behind them have none or one each, as there are four nodes in all.
func (n *network) following(source int) []int {
	nodes := make([]int, 0, NumNodes)
	for v := 1; v <= NumNodes; v++ {
		if n.source[v] == source && !n.gone[v] {
			nodes = append(nodes, v)
		}
	}
	if len(nodes) > 1 {
		slices.SortFunc(nodes, func(v, w int) int {
			behindV, behindW := n.behind(v), n.behind(w)
			return cmp.Or(len(behindW)-len(behindV), cmp.Compare(n.op[v], n.op[w]), slices.Compare(behindV, behindW))
		})
	}
	return nodes
}

// behind returns the operations of all nodes whose input comes through a node.
func (n *network) behind(v int) []Op {
	var ops []Op
	for w := v + 1; w <= NumNodes; w++ {
		u := n.source[w]
		for u > v {
			u = n.source[u]
		}
		if u == v && !n.gone[w] {
			ops = append(ops, n.op[w])
		}
	}
	return ops
}

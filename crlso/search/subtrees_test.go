package search

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// The order of nodes does not count beyond what their classes say.
func TestSubtreesOfRelabelledGraphs(t *testing.T) {
	const n = 5
	schema, rng := datasets.Schema{Nodes: n, NodeTypes: 3, EdgeTypes: 2}, rand.New(rand.NewPCG(1, 2))
	pair := func(u, v int) int { return max(u, v)*(max(u, v)-1)/2 + min(u, v) }
	for range 20 {
		a := datasets.Graph{Nodes: make([]int32, n), Edges: make([]int32, schema.Pairs())}
		b := datasets.Graph{Nodes: make([]int32, n), Edges: make([]int32, schema.Pairs())}
		order := rng.Perm(n)
		for v := range n {
			a.Nodes[v] = rng.Int32N(3)
			b.Nodes[order[v]] = a.Nodes[v]
			for u := range v {
				a.Edges[pair(u, v)] = rng.Int32N(3) - 1
				b.Edges[pair(order[u], order[v])] = a.Edges[pair(u, v)]
			}
		}
		if one, other := subtrees(schema, a, 3), subtrees(schema, b, 3); !slices.Equal(one, other) {
			t.Fatalf("%v and %v have different subtrees", a, b)
		}
	}
}

// Distances by hand: what only one has, counted as often as it is there.
func TestNotShared(t *testing.T) {
	points := bySubtrees{{1, 1, 2, 5}, {1, 2, 2}, {}, {1, 1, 2, 5}}
	for point, want := range [][]float64{{0, 3, 4, 0}, {3, 0, 3, 3}, {4, 3, 0, 4}, {0, 3, 4, 0}} {
		if got := points.from(point); !slices.Equal(got, want) {
			t.Errorf("point %d is %v from the others, want %v", point, got, want)
		}
	}
	wantClose(t, "mean distance", points.meanDistance(), 34./16)
	// Cells of NAS-Bench-201 with another operation on one edge share what does not reach it.
	space, schema := nasbench201.Space{}, nasbench201.Space{}.Schema()
	a := nasbench201.Cell{1, 2, 3, 4, 0, 1}
	b := a
	b[0] = 2
	near := notShared(subtrees(schema, space.Encode(a), 1), subtrees(schema, space.Encode(b), 1))
	if near != 2+4 { // the edge, and the labels of its two ends
		t.Errorf("cells that differ in one operation are %d apart, want 6", near)
	}
}

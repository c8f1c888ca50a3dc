package search

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/cr-lso/cr-lso/datasets"
)

// subtrees describes an architecture by what stands around its nodes: the labels of all nodes after
// 0 up to rounds rounds of refinement, each edge with the classes of its ends, and the numbers of
// nodes. It returns them as hashes in increasing order, as often as they occur.
//
// A round gives each node a new label, of its own and those of its neighbours with the classes of
// the edges, where edges have a direction from those before it and those after it by themselves. So
// the labels after r rounds are the same for nodes with the same surroundings up to r edges away.
//
// Source: Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 2011, section 3, and for
// architectures Ru et al., "Interpretable Neural Architecture Search via Bayesian Optimisation with
// Weisfeiler-Lehman Kernels", ICLR 2021 (NAS-BOWL).
func subtrees(schema datasets.Schema, graph datasets.Graph, rounds int) (hashes []uint64) {
	graphs, pairs := max(schema.Graphs, 1), schema.Pairs()
	labels, next := make([]uint64, schema.Nodes), make([]uint64, schema.Nodes)
	for g := range graphs {
		nodes, edges := graph.Nodes[g*schema.Nodes:][:schema.Nodes], graph.Edges[g*pairs:][:pairs]
		for v, class := range nodes {
			labels[v] = hash(0, uint64(g), uint64(class))
		}
		hashes = append(hashes, labels...)
		for round := range rounds {
			for v := range next {
				next[v] = hash(uint64(round), labels[v])
			}
			pair := 0
			for v := range labels {
				for u := range v {
					if class := edges[pair]; class >= 0 { // sums do not depend on the order of neighbours
						next[v] += hash(surroundedBefore, uint64(class), labels[u])
						if schema.Directed {
							next[u] += hash(surroundedAfter, uint64(class), labels[v])
						} else {
							next[u] += hash(surroundedBefore, uint64(class), labels[v])
						}
						if from, to := labels[u], labels[v]; round == 0 {
							if !schema.Directed {
								from, to = min(from, to), max(from, to)
							}
							hashes = append(hashes, hash(edgeOf, uint64(class), from, to))
						}
					}
					pair++
				}
			}
			labels, next = next, labels
			hashes = append(hashes, labels...)
		}
		if schema.Numbers == nil {
			continue
		}
		for _, class := range nodes {
			for i, x := range schema.Numbers[class] {
				if x != 0 {
					hashes = append(hashes, hash(numberOf, uint64(g), uint64(i), uint64(math.Float32bits(x))))
				}
			}
		}
	}
	slices.Sort(hashes)
	return hashes
}

// What a hash is of, if not of a label.
const (
	surroundedBefore = 1<<32 + iota
	surroundedAfter
	edgeOf
	numberOf
)

// hash mixes numbers by the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable
// Pseudorandom Number Generators", OOPSLA 2014), the same in each process.
func hash(numbers ...uint64) (h uint64) {
	for _, x := range numbers {
		h += x + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// bySubtrees are architectures by their subtrees.
type bySubtrees [][]uint64

func (b bySubtrees) len() int { return len(b) }

// from returns for each point the number of subtrees that it or one point has and the other has
// not.
func (b bySubtrees) from(point int) []float64 {
	row := make([]float64, len(b))
	for i, other := range b {
		row[i] = float64(notShared(b[point], other))
	}
	return row
}

// meanDistance is that from a hundred points, evenly spread, to all.
func (b bySubtrees) meanDistance() float64 {
	step := max(1, len(b)/100)
	sum, points := 0.0, 0
	for point := 0; point < len(b); point += step {
		sum, points = sum+floats.Sum(b.from(point)), points+1
	}
	return sum / float64(points*len(b))
}

// notShared counts what only one of two ordered multisets has.
func notShared(a, b []uint64) int {
	shared, j := 0, 0
	for _, x := range a {
		for j < len(b) && b[j] < x {
			j++
		}
		if j < len(b) && b[j] == x {
			shared++
			j++
		}
	}
	return len(a) + len(b) - 2*shared
}

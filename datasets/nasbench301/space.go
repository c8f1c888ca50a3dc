// Package nasbench301 is the benchmark NAS-Bench-301 (Zela, Siems, Zimmer, Lukasik, Keuper and
// Hutter, "Surrogate NAS Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS
// Benchmarks", ICLR 2022): the search space of DARTS, about 10^18 architectures, with accuracies on
// CIFAR-10 that a surrogate predicts.
//
// [Space] says which architectures exist; [Open] reads the official surrogate, an ensemble of
// XGBoost models:
//
//	surrogate, err := nasbench301.Open(ctx, "1.0", "", os.Stderr)
//	oracle, err := datasets.NewOracle(surrogate, 192, datasets.MeanLabel)
//
// [Reference] has 10,000 of its predictions. Where the official files are not at hand,
// [OpenStandIn] takes the surrogate's place: networks that were fitted to these predictions.
package nasbench301

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Space is the set of all DARTS genotypes, about 1.08e18. It implements [datasets.Space]; its
// architectures are Genotypes. Genotypes that differ in the order of a node's two edges are the
// same architecture; those that differ in the numbers of their nodes are not, as in the benchmark.
//
// How networks see the space is this project's own extension of CR-LSO, whose authors published
// none for it.
type Space struct{}

var _ datasets.Space = Space{}

// Name returns "NAS-Bench-301".
func (Space) Name() string { return "NAS-Bench-301" }

// Parse reads a genotype, see [ParseGenotype].
func (Space) Parse(s string) (datasets.Arch, error) {
	g, err := ParseGenotype(s)
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Sample draws each architecture with the same probability, as sampling from the benchmark's
// configspace.json does. It is in the form of Canonical.
func (Space) Sample(rng *rand.Rand) datasets.Arch {
	return Genotype{sampleCell(rng), sampleCell(rng)}
}

func sampleCell(rng *rand.Rand) Cell {
	var c Cell
	for i := range c {
		node := inputs + i/inputs
		c[i] = Edge{Op(rng.IntN(NumOps)), uint8(rng.IntN(node))}
		if i%inputs == 1 { // one of the other sources
			c[i].From = uint8((int(c[i-1].From) + 1 + rng.IntN(node-1)) % node)
		}
	}
	return c.canonical()
}

// Mutate draws one of a's neighbours, all alike.
func (s Space) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	neighbours := s.Neighbours(a)
	return neighbours[rng.IntN(len(neighbours))]
}

// Neighbours returns the 120 architectures that one elementary change makes of a: another operation
// on one of its 16 edges (96), or another source for one of them (24). They are in the form of
// Canonical, by cell, edge and then operation or source.
//
// Source: get_neighborhood in naszilla/nas_bench_301/cell_301.py of naszilla/naszilla, which
// shuffles them.
func (Space) Neighbours(a datasets.Arch) []datasets.Arch {
	own := genotypeOf(a).canonical()
	neighbours := make([]datasets.Arch, 0, 120)
	for _, c := range cellNeighbours(own.Normal) {
		neighbours = append(neighbours, Genotype{c, own.Reduce})
	}
	for _, c := range cellNeighbours(own.Reduce) {
		neighbours = append(neighbours, Genotype{own.Normal, c})
	}
	return neighbours
}

func cellNeighbours(own Cell) []Cell {
	neighbours := make([]Cell, 0, 60)
	for i, edge := range own {
		changed := own
		for op := range Op(NumOps) {
			if op != edge.Op {
				changed[i].Op = op
				neighbours = append(neighbours, changed)
			}
		}
		changed = own
		for from := range uint8(inputs + i/inputs) {
			if from != edge.From && from != own[i^1].From {
				changed[i].From = from
				neighbours = append(neighbours, changed.canonical())
			}
		}
	}
	return neighbours
}

// Canonical returns a with the two edges of each node in the order of their sources.
func (Space) Canonical(a datasets.Arch) datasets.Arch { return genotypeOf(a).canonical() }

const (
	numCells  = 2
	cellPairs = CellNodes * (CellNodes - 1) / 2
	numEdges  = numCells * PossibleEdges // that a decoder scores
)

// Schema describes a genotype as two graphs of six nodes, the normal cell and then the reduction
// cell. A node's class is its number in the cell, an edge's class its [Op]. A decoder says of each
// of the 28 possible edges, the normal cell's 14 first, whether to keep it, and scores its
// operations.
func (Space) Schema() datasets.Schema {
	targets := make([]int, numEdges)
	for cell := range numCells {
		for target := inputs; target < CellNodes; target++ {
			for source := range target {
				targets[cell*PossibleEdges+possibleEdge(source, target)] = cell*CellNodes + target
			}
		}
	}
	return datasets.Schema{
		Graphs:    numCells,
		Nodes:     CellNodes,
		NodeTypes: CellNodes,
		EdgeTypes: NumOps,
		Directed:  true,
		Heads: []datasets.Head{
			{Name: "keep", Groups: numEdges, Classes: 1, Nodes: targets},
			{Name: "operation", Groups: numEdges, Classes: NumOps, Nodes: targets},
		},
	}
}

// Encode returns a as two graphs; the order of a node's two edges makes no difference. Possible
// edges that a does not have are labelled -1 in the operation head: no operation is right there,
// and none is wrong.
func (Space) Encode(a datasets.Arch) datasets.Graph {
	g := genotypeOf(a)
	const allNodes, allPairs = numCells * CellNodes, numCells * cellPairs
	buffer := make([]int32, allNodes+allPairs+2*numEdges)
	nodes := buffer[:allNodes:allNodes]
	edges := buffer[allNodes : allNodes+allPairs : allNodes+allPairs]
	labels := buffer[allNodes+allPairs:]
	keep, operations := labels[:numEdges], labels[numEdges:]
	for i := range nodes {
		nodes[i] = int32(i % CellNodes)
	}
	for i := range edges {
		edges[i] = -1
	}
	for i := range operations {
		operations[i] = -1
	}
	for i, c := range []Cell{g.Normal, g.Reduce} {
		for j, edge := range c {
			source, target := int(edge.From), inputs+j/inputs
			edges[i*cellPairs+target*(target-1)/2+source] = int32(edge.Op)
			possible := i*PossibleEdges + possibleEdge(source, target)
			keep[possible], operations[possible] = 1, int32(edge.Op)
		}
	}
	return datasets.Graph{Nodes: nodes, Edges: edges, Labels: labels}
}

// Decode returns the genotype that keeps, for each node, the edges from the two sources whose
// keep-scores are highest, each with the operation that scores highest; the first of equals. Every
// genotype is valid, and in the form of Canonical. The error is for a wrong number of scores.
func (s Space) Decode(scores []float32) (datasets.Arch, error) {
	if want := numEdges * (1 + NumOps); len(scores) != want {
		return nil, fmt.Errorf("decode %s: got %d scores, want %d", s.Name(), len(scores), want)
	}
	keep, operations := scores[:numEdges], scores[numEdges:]
	const cell = PossibleEdges * NumOps
	return Genotype{
		decodeCell(keep[:PossibleEdges], operations[:cell]),
		decodeCell(keep[PossibleEdges:], operations[cell:]),
	}, nil
}

func decodeCell(keep, operations []float32) Cell {
	var c Cell
	for node := inputs; node < CellNodes; node++ {
		first := firstEdge(node)
		best := highest(keep[first:][:node], -1)
		second := highest(keep[first:][:node], best)
		for i, source := range []int{min(best, second), max(best, second)} {
			op := highest(operations[(first+source)*NumOps:][:NumOps], -1)
			c[(node-inputs)*inputs+i] = Edge{Op(op), uint8(source)}
		}
	}
	return c
}

// highest returns the index of the highest score other than that of index except, the first of
// equals.
func highest(scores []float32, except int) int {
	best := -1
	for i, score := range scores {
		if i != except && (best < 0 || score > scores[best]) {
			best = i
		}
	}
	return best
}

// genotypeOf returns the genotype that a is. It panics if a is not of this space.
func genotypeOf(a datasets.Arch) Genotype {
	g, ok := a.(Genotype)
	if !ok || g.check() != nil {
		panic(fmt.Sprintf("nasbench301: %T %v is not a genotype of NAS-Bench-301", a, a))
	}
	return g
}

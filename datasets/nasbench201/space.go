// Package nasbench201 is the benchmark NAS-Bench-201 (Dong and Yang, "NAS-Bench-201: Extending the
// Scope of Reproducible Neural Architecture Search", ICLR 2020), which NATS-Bench calls its
// topology search space: 15,625 cells, each trained for 200 epochs on CIFAR-10, CIFAR-100 and
// ImageNet16-120.
//
// [Space] says which cells exist; [Open] adds how good they are, from the embedded table or one of
// the [Sources]:
//
//	table, err := nasbench201.Open(ctx, "cifar10", nil, os.Stderr)
//	oracle, err := datasets.NewOracle(table, 500, datasets.MeanLabel)
package nasbench201

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/gonum/mathext/prng"

	"github.com/cr-lso/cr-lso/datasets"
)

// NumCells is the number of cells, and NumNetworks the number of different networks among them once
// isomorphic ones are joined, as [Space.Class] does.
const (
	NumCells    = 15625
	NumNetworks = 6466
)

// Space is the set of all cells. It implements [datasets.FiniteSpace]; its architectures are Cells.
//
// Cells that compute the same network are different architectures here: the benchmark trained every
// cell by itself, and its accuracies differ within a class of isomorphic cells.
type Space struct{}

var _ datasets.FiniteSpace = Space{}

// catalogue holds every cell, ready for use as a datasets.Arch, by code and in the official order.
type catalogue struct {
	byCode  [NumCells]datasets.Arch
	byIndex [NumCells]datasets.Arch
	index   [NumCells]int // official index of each code
}

// cells builds the catalogue. The official order is that of the script which trained the benchmark
// (generate_meta_info of D-X-Y/AutoDL-Projects, exps/NAS-Bench-201/main.py): all cells in the order
// of their digits, then random.seed(88) and random.shuffle of Python 3, which is a Fisher-Yates
// shuffle on the Mersenne Twister.
var cells = sync.OnceValue(func() *catalogue {
	c := new(catalogue)
	var codes [NumCells]int
	for code := range codes {
		var cell Cell
		for i, rest := NumEdges-1, code; i >= 0; i, rest = i-1, rest/NumOps {
			cell[i] = Op(rest % NumOps)
		}
		c.byCode[code] = cell
		codes[code] = code
	}
	twister := prng.NewMT19937()
	twister.SeedFromKeys([]uint32{88})
	for i := NumCells - 1; i > 0; i-- {
		j := below(twister, i+1)
		codes[i], codes[j] = codes[j], codes[i]
	}
	for i, code := range codes {
		c.byIndex[i] = c.byCode[code]
		c.index[code] = i
	}
	return c
})

// Name returns "NAS-Bench-201".
func (Space) Name() string { return "NAS-Bench-201" }

// Len returns NumCells.
func (Space) Len() int { return NumCells }

// At returns the cell with the official index i.
func (Space) At(i int) datasets.Arch { return cells().byIndex[i] }

// Index returns the official index of a.
func (Space) Index(a datasets.Arch) int { return cells().index[code(a)] }

// Parse reads a cell, see [ParseCell].
func (Space) Parse(s string) (datasets.Arch, error) {
	cell, err := ParseCell(s)
	if err != nil {
		return nil, err
	}
	return cells().byCode[cell.code()], nil
}

// Sample draws each cell with the same probability.
func (Space) Sample(rng *rand.Rand) datasets.Arch { return cells().byCode[rng.IntN(NumCells)] }

// Mutate gives a random edge of a another operation.
func (Space) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	cell := cellOf(a)
	i := rng.IntN(NumEdges)
	cell[i] = (cell[i] + 1 + Op(rng.IntN(NumOps-1))) % NumOps
	return cells().byCode[cell.code()]
}

// Neighbours returns the 24 cells that differ from a in the operation of one edge: edge by edge,
// and for each the operations by number.
func (Space) Neighbours(a datasets.Arch) []datasets.Arch {
	cell := cellOf(a)
	neighbours := make([]datasets.Arch, 0, NumEdges*(NumOps-1))
	for i, own := range cell {
		other := cell
		for op := range Op(NumOps) {
			if op != own {
				other[i] = op
				neighbours = append(neighbours, cells().byCode[other.code()])
			}
		}
	}
	return neighbours
}

// Canonical returns a.
func (Space) Canonical(a datasets.Arch) datasets.Arch {
	cellOf(a) // panics if a is not of this space
	return a
}

// Class returns the number of the class of isomorphic cells that a belongs to, 0 <= class <
// NumNetworks. Classes are numbered by the first of their cells in the official order.
//
// The rule is the benchmark's own, CellStructure.to_unique_str(consider_zero=True), which gives the
// 6,466 of the paper: a node is the sorted sum of its terms, skip_connect passes its source on, and
// none, or any operation on a zero, is a zero. A sum keeps its zeros, so cells with different
// numbers of zeros stay apart.
func (Space) Class(a datasets.Arch) int { return classes()[code(a)] }

var classes = sync.OnceValue(func() *[NumCells]int {
	classes, seen := new([NumCells]int), make(map[string]int, NumNetworks)
	for _, a := range cells().byIndex {
		network := a.(Cell).network()
		if _, ok := seen[network]; !ok {
			seen[network] = len(seen)
		}
		classes[code(a)] = seen[network]
	}
	return classes
})

// network returns a string that isomorphic cells have in common.
func (c Cell) network() string {
	const zero = "#"
	nodes := [NumNodes]string{"0"}
	var terms []string
	for i, op := range c {
		source, target := Edge(i)
		term := nodes[source]
		switch {
		case op == None || term == zero:
			term = zero
		case op != Skip:
			term = "(" + term + ")@" + op.String()
		}
		terms = append(terms, term)
		if source == target-1 {
			slices.Sort(terms)
			nodes[target] = strings.Join(terms, "+")
			terms = terms[:0]
		}
	}
	return nodes[NumNodes-1]
}

// Schema describes a graph whose four nodes are told apart by their position and whose six edges
// carry an operation, none included; a decoder scores the source, the target and the operation of
// every edge.
func (Space) Schema() datasets.Schema {
	targets := make([]int, NumEdges)
	for i := range targets {
		_, targets[i] = Edge(i)
	}
	return datasets.Schema{
		Nodes:     NumNodes,
		NodeTypes: NumNodes,
		EdgeTypes: NumOps,
		Directed:  true,
		Heads: []datasets.Head{
			{Name: "source", Groups: NumEdges, Classes: NumNodes, Nodes: targets},
			{Name: "target", Groups: NumEdges, Classes: NumNodes, Nodes: targets},
			{Name: "operation", Groups: NumEdges, Classes: NumOps, Nodes: targets},
		},
	}
}

// Encode returns a as a graph: the nodes' classes are their positions, the edges' classes and the
// labels of the operation head the operations of a.
func (Space) Encode(a datasets.Arch) datasets.Graph {
	cell := cellOf(a)
	buffer := make([]int32, NumNodes+NumEdges+3*NumEdges)
	nodes := buffer[:NumNodes:NumNodes]
	labels := buffer[NumNodes+NumEdges:]
	operations := labels[2*NumEdges:]
	for i := range nodes {
		nodes[i] = int32(i)
	}
	for i, op := range cell {
		source, target := Edge(i)
		labels[i], labels[NumEdges+i], operations[i] = int32(source), int32(target), int32(op)
	}
	edges := buffer[NumNodes : NumNodes+NumEdges : NumNodes+NumEdges]
	copy(edges, operations)
	return datasets.Graph{Nodes: nodes, Edges: edges, Labels: labels}
}

// Decode returns the cell with the operation that scores highest on each edge, the first of equals.
// Which edge is which follows from its place, so the source and target scores are not needed, and
// every cell is valid. The error is for a wrong number of scores.
func (s Space) Decode(scores []float32) (datasets.Arch, error) {
	const skipped = 2 * NumEdges * NumNodes
	if want := skipped + NumEdges*NumOps; len(scores) != want {
		return nil, fmt.Errorf("decode %s: got %d scores, want %d", s.Name(), len(scores), want)
	}
	var cell Cell
	for i := range cell {
		group := scores[skipped+i*NumOps:][:NumOps]
		for op, score := range group {
			if score > group[cell[i]] {
				cell[i] = Op(op)
			}
		}
	}
	return cells().byCode[cell.code()], nil
}

// cellOf returns the cell that a is. It panics if a is not of this space.
func cellOf(a datasets.Arch) Cell {
	cell, ok := a.(Cell)
	if !ok || cell.code() == NumCells {
		panic(fmt.Sprintf("nasbench201: %T %v is not a cell of NAS-Bench-201", a, a))
	}
	return cell
}

func code(a datasets.Arch) int { return cellOf(a).code() }

// below returns a uniform integer in [0, n) as Random._randbelow of Python 3 does.
func below(twister *prng.MT19937, n int) int {
	bits := 0
	for 1<<bits <= n {
		bits++
	}
	for {
		if r := int(twister.Uint32() >> (32 - bits)); r < n {
			return r
		}
	}
}

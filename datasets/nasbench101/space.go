// Package nasbench101 is the benchmark NAS-Bench-101 (Ying et al., "NAS-Bench-101: Towards
// Reproducible Neural Architecture Search", ICML 2019): 423,624 cells, each trained three times for
// 108 epochs on CIFAR-10.
//
// [Space] says which cells exist; [Open] adds how good they are, from the embedded table or one of
// the [Sources], under one of the [Protocols]:
//
//	table, err := nasbench101.Open(ctx, "test-as-label", nil, os.Stderr)
//	oracle, err := datasets.NewOracle(table, 150, datasets.MeanLabel)
package nasbench101

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// NumCells is the number of cells.
const NumCells = 423_624

// Space is the set of all cells, or of those that a [Table] has labels for. It implements
// [datasets.FiniteSpace]; its architectures are Cells. The zero Space is the set of all cells.
//
// Cells with the same network are one architecture here: Canonical joins them, and Len counts them
// once.
//
// The first use of At or Index in a process computes the hashes of all cells, which gives their
// order. That takes some seconds, and is kept in the cache for the next process.
type Space struct {
	subset *catalogue // nil for all cells
}

var _ datasets.FiniteSpace = Space{}

// ErrNotInSpace is wrapped by the error of Decode where the scores describe a cell that is not in a
// Space of some cells.
var ErrNotInSpace = errors.New("the cell is not in this space")

func (s Space) catalogue() *catalogue {
	if s.subset != nil {
		return s.subset
	}
	return allCells()
}

// has reports whether a canonical cell is in the space.
func (s Space) has(canonical Cell) bool {
	if s.subset == nil {
		return true
	}
	_, ok := slices.BinarySearch(s.subset.codes, canonical.code)
	return ok
}

// Name returns "NAS-Bench-101", with the number of cells if these are not all.
func (s Space) Name() string {
	if s.subset == nil {
		return "NAS-Bench-101"
	}
	return fmt.Sprintf("NAS-Bench-101, %d cells", s.Len())
}

// Len returns NumCells, or the number of cells with labels.
func (s Space) Len() int {
	if s.subset == nil {
		return NumCells
	}
	return len(s.subset.codes)
}

// At returns cell i in the order of the benchmark's file, which is that of Cell.Hash. It is
// canonical.
func (s Space) At(i int) datasets.Arch { return s.catalogue().inFile().cells[i] }

// Index returns the number of the cell with the network of a.
func (s Space) Index(a datasets.Arch) int {
	position, ok := s.catalogue().position(cellOf(a))
	if !ok {
		panic(fmt.Sprintf("nasbench101: %v is not in %s", a, s.Name()))
	}
	return int(s.catalogue().inFile().rank[position])
}

// Parse reads a cell, see [ParseCell].
func (s Space) Parse(text string) (datasets.Arch, error) {
	c, err := ParseCell(text)
	if err == nil && !s.has(c.Canonical()) {
		err = fmt.Errorf("cell %s: %w, %s", pydata.Quote(text), ErrNotInSpace, s.Name())
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Sample draws a matrix and operations for MaxVertices vertices uniformly until they make a cell of
// the space, as random_spec of the benchmark's NASBench.ipynb does. Small networks come more often
// than large ones, since most matrices leave much that lies on no path.
func (s Space) Sample(rng *rand.Rand) datasets.Arch {
	for {
		g := graph{n: MaxVertices}
		matrix := rng.Uint32()
		for y := range MaxVertices {
			for x := range y {
				if matrix&1 == 1 {
					g.add(x, y)
				}
				matrix >>= 1
			}
			g.ops[y] = Conv3x3 + Op(rng.IntN(numInner))
		}
		g.ops[0], g.ops[MaxVertices-1] = Input, Output
		if canonical, err := g.canonical(); err == nil && s.has(canonical) {
			return Cell{g.code(&inPlace)}
		}
	}
}

// numInner is the number of operations that a vertex between input and output can have, and
// numChanges that of elementary changes of a cell on MaxVertices vertices.
const (
	numInner   = 3
	numEntries = MaxVertices * (MaxVertices - 1) / 2
	numChanges = numEntries + (MaxVertices-2)*(numInner-1)
)

// change makes elementary change i of g, which has MaxVertices vertices: first each entry of the
// matrix, then the other operations of each vertex.
func (g *graph) change(i int) {
	if i < numEntries {
		y := 1
		for ; i >= y; y++ {
			i -= y
		}
		g.toggle(i, y)
		return
	}
	i -= numEntries
	op := &g.ops[1+i/(numInner-1)]
	*op = Conv3x3 + (*op-Conv3x3+1+Op(i%(numInner-1)))%numInner
}

// Neighbours returns the cells of the space that differ from a in one entry of the matrix or in one
// operation. Cells with less than MaxVertices vertices are first filled up with vertices without
// edges. What lies on no path counts like the rest, so some neighbours have the network of a, and
// others have several vertices more or less. If b is a neighbour of a, then a, filled up, is one of
// b.
//
// Source: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search",
// UAI 2021, for the neighbourhood; mutate_spec of the benchmark's NASBench.ipynb for what lies on
// no path.
func (s Space) Neighbours(a datasets.Arch) []datasets.Arch {
	neighbours := make([]datasets.Arch, 0, numChanges)
	own := cellOf(a).padded()
	for i := range numChanges {
		g := own
		g.change(i)
		if canonical, err := g.canonical(); err == nil && s.has(canonical) {
			neighbours = append(neighbours, Cell{g.code(&inPlace)})
		}
	}
	return neighbours
}

// Mutate draws one of a's neighbours, all alike. Those in a Space of some cells are few, so there
// it walks from neighbour to neighbour among all cells to the first one of the space with another
// network.
func (s Space) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	c := cellOf(a)
	position := c.padded()
	for {
		g := position
		g.change(rng.IntN(numChanges))
		canonical, err := g.canonical()
		if err != nil {
			continue
		}
		if s.subset == nil || s.has(canonical) && canonical != c.Canonical() {
			return Cell{g.code(&inPlace)}
		}
		position = g
	}
}

// Canonical returns the cell that stands for all those with the network of a, see [Cell.Canonical].
func (Space) Canonical(a datasets.Arch) datasets.Arch {
	c := cellOf(a)
	if canonical := c.Canonical(); canonical != c {
		return canonical
	}
	return a
}

// Schema describes a graph of MaxVertices nodes with their [Op] as class, whose edges carry no
// feature; a decoder scores each entry of the adjacency matrix and the class of each node.
func (Space) Schema() datasets.Schema {
	entries, vertices := make([]int, MaxVertices*MaxVertices), make([]int, MaxVertices)
	edges, ops := make([][]bool, len(entries)), make([][]bool, len(vertices))
	for i := range entries {
		x, y := i/MaxVertices, i%MaxVertices
		entries[i], edges[i] = max(x, y), []bool{x != y}
	}
	for v := range vertices {
		vertices[v], ops[v] = v, make([]bool, NumOps)
		for op := range Op(NumOps) {
			inner := op != Input && op != Output && op != None
			ops[v][op] = v == 0 && op == Input || v > 0 && (op == Output || inner && v < MaxVertices-1 || op == None && v > 1)
		}
	}
	return datasets.Schema{
		Nodes:     MaxVertices,
		NodeTypes: NumOps,
		Directed:  true,
		Heads: []datasets.Head{
			{Name: "adjacency", Groups: MaxVertices * MaxVertices, Classes: 1, Nodes: entries, Possible: edges, Most: 2 * MaxEdges},
			{Name: "operation", Groups: MaxVertices, Classes: NumOps, Nodes: vertices, Possible: ops},
		},
	}
}

// Encode returns the canonical cell of a as a graph, filled up at the end with vertices None. The
// labels of the adjacency head are the matrix row by row, made symmetric.
func (Space) Encode(a datasets.Arch) datasets.Graph {
	const matrix = MaxVertices * MaxVertices
	c := cellOf(a).Canonical()
	buffer := make([]int32, MaxVertices+numEntries+matrix+MaxVertices)
	nodes := buffer[:MaxVertices:MaxVertices]
	edges := buffer[MaxVertices : MaxVertices+numEntries : MaxVertices+numEntries]
	labels := buffer[MaxVertices+numEntries:]
	pair := 0
	for y := range MaxVertices {
		nodes[y] = int32(c.Op(y))
		for x := range y {
			if c.Edge(x, y) {
				labels[x*MaxVertices+y], labels[y*MaxVertices+x] = 1, 1
			} else {
				edges[pair] = -1
			}
			pair++
		}
	}
	copy(labels[matrix:], nodes)
	return datasets.Graph{Nodes: nodes, Edges: edges, Labels: labels}
}

// Decode returns the canonical cell that the scores describe: an edge where a score above the
// diagonal of the matrix is above 0, which is a probability above one half; on each vertex the
// class that scores highest, the first of equals; without the vertices None, and pruned. The error
// wraps [ErrNoPath], [ErrTooManyEdges], [ErrOperation] or [ErrNotInSpace], or is for a wrong number
// of scores.
//
// Source: the released code, which leaves out only the first None.
func (s Space) Decode(scores []float32) (datasets.Arch, error) {
	const matrix = MaxVertices * MaxVertices
	if want := matrix + MaxVertices*NumOps; len(scores) != want {
		return nil, fmt.Errorf("decode %s: got %d scores, want %d", s.Name(), len(scores), want)
	}
	g := graph{n: MaxVertices}
	some := set(0)
	for y := range MaxVertices {
		for x := range y {
			if scores[x*MaxVertices+y] > 0 {
				g.add(x, y)
			}
		}
		group := scores[matrix+y*NumOps:][:NumOps]
		for op, score := range group {
			if score > group[g.ops[y]] {
				g.ops[y] = Op(op)
			}
		}
		if g.ops[y] != None {
			some |= 1 << y
		}
	}
	c, err := g.restrict(some).canonical()
	if err == nil && !s.has(c) {
		err = ErrNotInSpace
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.Name(), err)
	}
	return c, nil
}

// cellOf returns the cell that a is. It panics if a is not of this space.
func cellOf(a datasets.Arch) Cell {
	c, ok := a.(Cell)
	if !ok || c == (Cell{}) {
		panic(fmt.Sprintf("nasbench101: %T %v is not a cell of NAS-Bench-101", a, a))
	}
	return c
}

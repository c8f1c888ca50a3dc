package nasbench101

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// Op is what a vertex of a cell does. Its number is the class of the vertex in
// datasets.Graph.Nodes.
type Op uint8

// What a vertex can be. A cell has one input and one output, and one of the three operations on
// each vertex between; None pads the graphs of small cells.
const (
	Input   Op = iota
	Conv3x3    // 3x3 convolution, batch normalisation, ReLU
	Conv1x1    // 1x1 convolution, batch normalisation, ReLU
	MaxPool    // 3x3 max-pooling
	Output
	None

	NumOps = 6
)

var opNames = [NumOps]string{"input", "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3", "output", "none"}

// String returns the benchmark's name of the operation, such as "conv3x3-bn-relu".
func (o Op) String() string {
	if o >= NumOps {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// Limits of the space. A cell has at least two vertices, its input and its output.
const (
	MaxVertices = 7
	MaxEdges    = 9
)

// Cell is one architecture: a directed acyclic graph on 2 to MaxVertices vertices. The first is the
// input, the last the output, and edges lead from lower to higher numbers. The whole network stacks
// copies of it.
//
// As in the benchmark's code, a Cell may have vertices and edges that lie on no path from input to
// output. They are no part of the network; what is left without them has at most MaxEdges edges.
// Cells with the same network, whatever its numbering, have one [Cell.Canonical]. The zero Cell is
// not a cell.
type Cell struct {
	// The matrix and the operations as one number. Bit 10 + x + y(y-1)/2 is the edge from x to y,
	// as in graph_util.gen_is_edge_fn; below are two bits for each vertex between input and output,
	// those of the first uppermost. So numbers are in the order in which the benchmark's generator
	// meets them.
	code uint32
}

const opBits = 2 * (MaxVertices - 2)

// edgeBit is the bit of Cell.code for the edge from x to y, x < y.
func edgeBit(x, y int) uint32 { return 1 << (opBits + x + y*(y-1)/2) }

// opShift is where in Cell.code the operation of vertex v stands.
func opShift(v int) int { return 2 * (MaxVertices - 2 - v) }

// Vertices is the number of vertices, 2 to MaxVertices. Vertex 0 is the input, the last one the
// output.
func (c Cell) Vertices() int {
	n := 2
	for n < MaxVertices && c.code >= edgeBit(0, n) {
		n++
	}
	return n
}

// Edges is the number of edges, those that lie on no path from input to output included.
func (c Cell) Edges() int { return bits.OnesCount32(c.code >> opBits) }

// Edge reports whether an edge leads from vertex x to vertex y.
func (c Cell) Edge(x, y int) bool { return x < y && c.code&edgeBit(x, y) != 0 }

// Op returns what vertex v does, None for a vertex that the cell does not have.
func (c Cell) Op(v int) Op {
	switch n := c.Vertices(); {
	case v >= n:
		return None
	case v == 0:
		return Input
	case v == n-1:
		return Output
	}
	return Conv3x3 + Op(c.code>>opShift(v)&3)
}

// Canonical returns the cell that stands for all those with the same network. It has no needless
// vertices or edges, and of all its numberings the one that the benchmark's generator meets first
// (nasbench/scripts/generate_graphs.py), which is that of the benchmark's file.
func (c Cell) Canonical() Cell {
	canonical, err := c.graph().canonical()
	if err != nil {
		panic(fmt.Sprintf("nasbench101: %v: %v", c, err))
	}
	return canonical
}

// String returns the cell in the notation of the benchmark's file: the adjacency matrix row by row,
// then the operations, as in "0110000100010000 input,conv3x3-bn-relu,maxpool3x3,output".
func (c Cell) String() string {
	if c == (Cell{}) {
		return "no cell"
	}
	var b strings.Builder
	n := c.Vertices()
	for x := range n {
		for y := range n {
			if c.Edge(x, y) {
				b.WriteByte('1')
			} else {
				b.WriteByte('0')
			}
		}
	}
	separator := byte(' ')
	for v := range n {
		b.WriteByte(separator)
		b.WriteString(c.Op(v).String())
		separator = ','
	}
	return b.String()
}

// parse reads the two fields of the benchmark's file that describe a cell.
func parse(matrix, operations string) (Cell, error) {
	names := strings.Split(operations, ",")
	if len(names) < 2 || len(names) > MaxVertices {
		return Cell{}, fmt.Errorf("there are %d operations, want 2 to %d", len(names), MaxVertices)
	}
	g := graph{n: len(names)}
	if len(matrix) != g.n*g.n {
		return Cell{}, fmt.Errorf("the matrix has %d digits, want %d for %d operations", len(matrix), g.n*g.n, g.n)
	}
	for v, name := range names {
		var ok bool
		if g.ops[v], ok = parseOp(name); !ok {
			return Cell{}, fmt.Errorf("unknown operation %s, want one of %s", pydata.Quote(name), strings.Join(opNames[:None], ", "))
		}
	}
	for i, digit := range []byte(matrix) {
		x, y := i/g.n, i%g.n
		switch {
		case digit != '0' && digit != '1':
			return Cell{}, fmt.Errorf("the matrix has a %q, want 0 or 1", digit)
		case digit == '1' && x >= y:
			return Cell{}, fmt.Errorf("there is an edge from %d to %d; the matrix must be upper triangular", x, y)
		case digit == '1':
			g.add(x, y)
		}
	}
	return g.cell()
}

func parseOp(name string) (Op, bool) {
	for op, known := range opNames[:None] {
		if name == known {
			return Op(op), true
		}
	}
	return 0, false
}

// graph returns the cell as a graph to change.
func (c Cell) graph() graph {
	g := graph{n: c.Vertices()}
	for y := range g.n {
		g.ops[y] = c.Op(y)
		for x := range y {
			if c.Edge(x, y) {
				g.add(x, y)
			}
		}
	}
	return g
}

// inPlace is the position of each vertex of a graph whose edges lead upwards.
var inPlace = [MaxVertices]int{0, 1, 2, 3, 4, 5, 6}

// cell returns a graph as it is. Its edges must lead upwards. The error is that of canonical, and
// for an operation that is out of place on any vertex.
func (g graph) cell() (Cell, error) {
	for v, op := range g.ops[:g.n] {
		if inner := op == Conv3x3 || op == Conv1x1 || op == MaxPool; inner != (v > 0 && v < g.n-1) {
			return Cell{}, fmt.Errorf("%w: vertex %d of %d is %v", ErrOperation, v, g.n, op)
		}
	}
	if _, err := g.canonical(); err != nil {
		return Cell{}, err
	}
	return Cell{g.code(&inPlace)}, nil
}

// padded returns the cell as a graph on MaxVertices vertices, those that it does not have as
// convolutions without an edge before the output.
func (c Cell) padded() graph {
	p := graph{n: MaxVertices}
	position := func(v int) int {
		if v == c.Vertices()-1 {
			return MaxVertices - 1
		}
		return v
	}
	for v := range p.ops {
		p.ops[v] = Conv3x3
	}
	g := c.graph()
	for y := range g.n {
		p.ops[position(y)] = g.ops[y]
		for x := range y {
			if g.in[y].has(x) {
				p.add(position(x), position(y))
			}
		}
	}
	return p
}

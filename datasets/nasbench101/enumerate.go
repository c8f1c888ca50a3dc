package nasbench101

import "math/bits"

// Enumerate returns all canonical cells in the order in which the benchmark's generator meets them:
// by the number of vertices, then by the matrix, then by the operations.
func Enumerate() []Cell {
	cells := make([]Cell, 0, NumCells)
	for matrix := uint32(1); matrix < 1<<(MaxVertices*(MaxVertices-1)/2); matrix++ {
		if bits.OnesCount32(matrix) > MaxEdges {
			continue
		}
		// With the same operation on all vertices, only the matrix tells numberings apart.
		plain := Cell{matrix << opBits}
		g := plain.graph()
		if !g.complete() {
			continue
		}
		smallest := true
		var automorphisms [][MaxVertices]int
		g.eachOrder(func(position *[MaxVertices]int) {
			switch code := g.code(position); {
			case code < plain.code:
				smallest = false
			case code == plain.code:
				automorphisms = append(automorphisms, *position)
			}
		})
		if smallest {
			cells = g.appendLabelled(cells, 1, automorphisms)
		}
	}
	return cells
}

// appendLabelled appends the cells that g becomes with each choice of operations for vertex v and
// those after it, unless another numbering has the smaller code.
func (g *graph) appendLabelled(cells []Cell, v int, automorphisms [][MaxVertices]int) []Cell {
	if v < g.n-1 {
		for op := Conv3x3; op <= MaxPool; op++ {
			g.ops[v] = op
			cells = g.appendLabelled(cells, v+1, automorphisms)
		}
		return cells
	}
	code := g.code(&inPlace)
	for i := range automorphisms {
		if g.code(&automorphisms[i]) < code {
			return cells
		}
	}
	return append(cells, Cell{code})
}

// complete reports whether all of g lies on paths from input to output.
func (g *graph) complete() bool {
	for v := range g.n {
		if v > 0 && g.in[v] == 0 || v < g.n-1 && g.out[v] == 0 {
			return false
		}
	}
	return true
}

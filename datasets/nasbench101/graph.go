package nasbench101

import (
	"errors"
	"fmt"
	"math/bits"
)

// graph is a directed graph without cycles on the way to a [Cell]: vertex 0 is to be the input and
// vertex n-1 the output.
type graph struct {
	n   int
	in  [MaxVertices]set // vertices from which edges lead to each
	out [MaxVertices]set // vertices to which edges lead from each
	ops [MaxVertices]Op
}

// set is a set of vertices.
type set uint8

func (s set) has(v int) bool { return s&(1<<v) != 0 }
func (s set) len() int       { return bits.OnesCount8(uint8(s)) }

func (g *graph) add(x, y int) {
	g.out[x] |= 1 << y
	g.in[y] |= 1 << x
}

func (g *graph) toggle(x, y int) {
	g.out[x] ^= 1 << y
	g.in[y] ^= 1 << x
}

func (g *graph) edges() int {
	n := 0
	for _, in := range g.in[:g.n] {
		n += in.len()
	}
	return n
}

// Rules of the space that a graph can break.
var (
	ErrNoPath       = errors.New("no path leads from the first vertex to the last")
	ErrTooManyEdges = errors.New("too many edges lie on paths from the first vertex to the last")
	ErrOperation    = errors.New("an operation is out of place")
)

// canonical returns the canonical cell of what is left of g once pruned. Its error wraps the rule
// of the space that is broken. These are the rules of ModelSpec and NASBench._check_spec of the
// benchmark's code, in their order.
func (g graph) canonical() (Cell, error) {
	g = g.prune()
	if g.n == 0 {
		return Cell{}, ErrNoPath
	}
	if n := g.edges(); n > MaxEdges {
		return Cell{}, fmt.Errorf("%w: %d, at most %d may", ErrTooManyEdges, n, MaxEdges)
	}
	for v, op := range g.ops[:g.n] {
		switch {
		case v == 0 && op != Input:
			return Cell{}, fmt.Errorf("%w: the first vertex is %v, want input", ErrOperation, op)
		case v == g.n-1 && op != Output:
			return Cell{}, fmt.Errorf("%w: the last vertex is %v, want output", ErrOperation, op)
		case v > 0 && v < g.n-1 && (op == Input || op == Output || op == None):
			return Cell{}, fmt.Errorf("%w: a vertex between the first and the last is %v", ErrOperation, op)
		}
	}
	best := Cell{^uint32(0)}
	g.eachOrder(func(position *[MaxVertices]int) {
		best.code = min(best.code, g.code(position))
	})
	return best, nil
}

// prune returns the part of g that lies on paths from input to output, with no vertices if there is
// no such path.
func (g graph) prune() graph {
	if g.n < 2 {
		return graph{}
	}
	kept := closure(0, &g.out) & closure(g.n-1, &g.in)
	if !kept.has(0) {
		return graph{}
	}
	return g.restrict(kept)
}

// closure returns the vertices that can be reached from v, which is one of them.
func closure(v int, next *[MaxVertices]set) set {
	reached := set(1) << v
	for frontier := reached; frontier != 0; {
		v := bits.TrailingZeros8(uint8(frontier))
		frontier &= frontier - 1
		frontier |= next[v] &^ reached
		reached |= next[v]
	}
	return reached
}

// restrict returns the part of g between the vertices in kept, in their order.
func (g *graph) restrict(kept set) graph {
	var r graph
	var old [MaxVertices]int
	for v := range g.n {
		if kept.has(v) {
			old[r.n] = v
			r.n++
		}
	}
	for y := range r.n {
		r.ops[y] = g.ops[old[y]]
		for x := range r.n {
			if g.in[old[y]].has(old[x]) {
				r.add(x, y)
			}
		}
	}
	return r
}

// code returns the code of g with its vertices at these positions, all edges leading upwards.
func (g *graph) code(position *[MaxVertices]int) uint32 {
	code := uint32(0)
	for v := 1; v < g.n; v++ {
		for in := g.in[v]; in != 0; in &= in - 1 {
			code |= edgeBit(position[bits.TrailingZeros8(uint8(in))], position[v])
		}
		if v < g.n-1 {
			code |= uint32(g.ops[v]-Conv3x3) << opShift(position[v])
		}
	}
	return code
}

// eachOrder calls f with the positions of the vertices in each order in which all edges lead
// upwards.
func (g *graph) eachOrder(f func(position *[MaxVertices]int)) {
	var position [MaxVertices]int
	position[g.n-1] = g.n - 1
	g.extend(&position, 1, 1, f)
}

// extend places the inner vertices that are not yet placed at next and above.
func (g *graph) extend(position *[MaxVertices]int, placed set, next int, f func(*[MaxVertices]int)) {
	if next >= g.n-1 {
		f(position)
		return
	}
	for v := 1; v < g.n-1; v++ {
		if !placed.has(v) && g.in[v]&^placed == 0 {
			position[v] = next
			g.extend(position, placed|1<<v, next+1, f)
		}
	}
}

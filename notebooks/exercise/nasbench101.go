package exercise

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
)

// adjacency returns a matrix of n vertices with these edges.
func adjacency(n int, edges ...[2]int) [][]bool {
	matrix := make([][]bool, n)
	for i := range matrix {
		matrix[i] = make([]bool, n)
	}
	for _, e := range edges {
		matrix[e[0]][e[1]] = true
	}
	return matrix
}

// numbers returns which of some flags are set.
func numbers(flags []bool) (set []int) {
	for i, flag := range flags {
		if flag {
			set = append(set, i)
		}
	}
	return set
}

// Needed checks f, which says of each vertex of a graph whether it lies on a path from the first to
// the last. Edges lead from lower to higher numbers.
func Needed(f func(edges [][]bool) []bool) {
	Check("needed", func() error {
		// From 2 and 3 no way leads to the output, and none from the input to 4 and 5.
		edges := [][2]int{{0, 1}, {1, 6}, {0, 2}, {2, 3}, {4, 5}, {5, 6}}
		got := f(adjacency(7, edges...))
		if len(got) != 7 {
			return fmt.Errorf("Of a graph of 7 vertices it says something of %d.", len(got))
		}
		switch set := fmt.Sprint(numbers(got)); set {
		case "[0 1 6]":
		case "[]", "[0 1 2 3 4 5 6]":
			return fmt.Errorf("Of the edges %v it needs %s. Which vertices can be reached from 0, and from which can 6 be reached?", edges, set)
		case "[0 1 2 3 6]":
			return errors.New("These can be reached from the input. A vertex from which no way leads on to the output is not needed either.")
		case "[0 1 4 5 6]":
			return errors.New("From these the output can be reached. A vertex that nothing from the input reaches is not needed either.")
		case "[0 1 2 5 6]", "[1 2 5]":
			return errors.New("An edge in and an edge out are not enough: those of 2 end in 3, and those of 5 begin in 4.")
		case "[1]":
			return errors.New("The input and the output themselves lie on each path.")
		default:
			return fmt.Errorf("Of the edges %v it needs %s, and should %v.", edges, set, []int{0, 1, 6})
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			graph := randomGraph(rng)
			if got, want := numbers(f(graph)), needed(graph); !slices.Equal(got, want) {
				return fmt.Errorf("Of the edges %v it needs %v, and should %v.", edgesOf(graph), got, want)
			}
		}
		return nil
	})
}

// randomGraph has two to seven vertices and an edge from the first to the last.
func randomGraph(rng *rand.Rand) [][]bool {
	n := 2 + rng.IntN(nasbench101.MaxVertices-1)
	edges := [][2]int{{0, n - 1}}
	for to := range n {
		for from := range to {
			if rng.Float64() < 0.35 {
				edges = append(edges, [2]int{from, to})
			}
		}
	}
	return adjacency(n, edges...)
}

func edgesOf(matrix [][]bool) (edges [][2]int) {
	for from, row := range matrix {
		for _, to := range numbers(row) {
			edges = append(edges, [2]int{from, to})
		}
	}
	return edges
}

// needed returns the vertices on paths from the first to the last, by gonum.
func needed(matrix [][]bool) (vertices []int) {
	g := simple.NewDirectedGraph()
	for i := range matrix {
		g.AddNode(simple.Node(i))
	}
	for _, e := range edgesOf(matrix) {
		g.SetEdge(g.NewEdge(simple.Node(e[0]), simple.Node(e[1])))
	}
	path := func(from, to int) bool { return topo.PathExistsIn(g, simple.Node(from), simple.Node(to)) }
	for i := range matrix {
		if path(0, i) && path(i, len(matrix)-1) {
			vertices = append(vertices, i)
		}
	}
	return vertices
}

// Paths checks f, how many ones the path encoding of a cell has: the different sequences of
// operations along its paths from input to output.
func Paths(f func(edges [][]bool, operations []string) int) {
	Check("paths", func() error {
		const c, p = "conv3x3-bn-relu", "maxpool3x3"
		edges := [][2]int{{0, 1}, {1, 3}, {0, 2}, {2, 3}, {3, 6}, {0, 4}, {4, 5}, {5, 6}}
		err := compare(fmt.Sprintf("Of the edges %v, with convolutions on 1, 2 and 5 and poolings on 3 and 4,", edges),
			float64(f(adjacency(7, edges...), []string{"input", c, c, p, p, c, "output"})), 2,
			mistake{0, "It returns 0. Walk from the input to the output in all ways, and note the operations on each."},
			mistake{3, "That is the number of paths. Two of them have the same operations in the same order, and are one in the encoding."},
			mistake{1, "The order counts: convolution, pooling is another sequence than pooling, convolution."},
			mistake{8, "That is the number of edges."})
		if err != nil {
			return err
		}
		if got := f(adjacency(2, [2]int{0, 1}), []string{"input", "output"}); got != 1 {
			return fmt.Errorf("An edge from the input to the output is a path, of no operation, and it counts %d.", got)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 100 {
			cell := nasbench101.Space{}.Sample(rng).(nasbench101.Cell)
			matrix, operations := adjacency(cell.Vertices()), make([]string, cell.Vertices())
			for to := range matrix {
				operations[to] = cell.Op(to).String()
				for from := range to {
					matrix[from][to] = cell.Edge(from, to)
				}
			}
			want := 0
			for _, one := range nasbench101.PathEncoding(cell) {
				want += int(one)
			}
			if got := f(matrix, operations); got != want {
				return fmt.Errorf("Of the edges %v with %s it makes %d, not %d.", edgesOf(matrix), strings.Join(operations, ", "), got, want)
			}
		}
		return nil
	})
}

// Faithful checks f, the largest share of cells that any decoder can turn back into themselves. It
// gets what the encoder sees of each cell.
func Faithful(f func(seen []string) float64) {
	Check("faithful", func() error {
		seen := []string{"a", "b", "a", "c", "c", "c", "d"}
		err := compare("Of a b a c c c d", 7*f(seen), 4,
			mistake{0, "It returns 0. Of two cells that look the same, how many can come back?"},
			mistake{28, "That is how many can come back; asked is for the share."},
			mistake{2, "That is the share of cells that look like no other. Of those that look the same, one can still come back."},
			mistake{3, "That is the share that cannot come back; take it away from 1."},
			mistake{5, "That is the share of cells that look like another. Of each such group, one can come back."},
			mistake{7, "A decoder sees the latent alone, and cells that look the same have the same: only one of them can come back."})
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 20 {
			seen := make([]string, 1+rng.IntN(12))
			for i := range seen {
				seen[i] = string(rune('a' + rng.IntN(8)))
			}
			different := slices.Compact(slices.Sorted(slices.Values(seen)))
			if err := compare("Of "+strings.Join(seen, " "), f(seen), float64(len(different))/float64(len(seen))); err != nil {
				return err
			}
		}
		return nil
	})
}

package nasbench101

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// The sizes are those of the authors' released code.
func TestSchema(t *testing.T) {
	schema := Space{}.Schema()
	if schema.Nodes != 7 || schema.NodeTypes != 6 || schema.EdgeTypes != 0 {
		t.Errorf("schema is %+v, want 7 nodes of 6 types and edges of none", schema)
	}
	if schema.Outputs() != 49+7*6 || schema.Labels() != 49+7 {
		t.Errorf("%d outputs and %d labels, want 91 and 56", schema.Outputs(), schema.Labels())
	}
}

// scoresOf returns the outputs of a decoder that is right and sure about a graph.
func scoresOf(graph datasets.Graph) []float32 {
	const matrix = 49
	scores := make([]float32, matrix+7*6)
	for i, label := range graph.Labels[:matrix] {
		scores[i] = 2*float32(label) - 1
	}
	for v, label := range graph.Labels[matrix:] {
		scores[matrix+v*6+int(label)] = 1
	}
	return scores
}

// Nodes, edges and labels say the same: what the vertices do, and which are joined.
func TestEncode(t *testing.T) {
	for _, a := range someCells(t) {
		c := a.(Cell)
		graph := Space{}.Encode(a)
		pair := 0
		for y := range MaxVertices {
			if want := int32(c.Op(y)); graph.Nodes[y] != want || graph.Labels[49+y] != want {
				t.Fatalf("%v: vertex %d is %d and labelled %d, want %d", c, y, graph.Nodes[y], graph.Labels[49+y], want)
			}
			for x := range y {
				edge, label := int32(-1), int32(0)
				if c.Edge(x, y) {
					edge, label = 0, 1
				}
				if graph.Edges[pair] != edge || graph.Labels[x*7+y] != label || graph.Labels[y*7+x] != label {
					t.Fatalf("%v: the edge from %d to %d is %d and labelled %d and %d, want %d and %d",
						c, x, y, graph.Edges[pair], graph.Labels[x*7+y], graph.Labels[y*7+x], edge, label)
				}
				pair++
			}
		}
	}
	nodes := Space{}.Encode(mustParse(t, "0100 input,output")).Nodes
	for v, want := range []Op{Input, Output, None, None, None, None, None} {
		if nodes[v] != int32(want) {
			t.Errorf("vertex %d of the smallest cell is %v, want %v", v, Op(nodes[v]), want)
		}
	}
}

// What a network decodes to follows the rules of the released code, and the error names the one
// that is broken.
func TestDecode(t *testing.T) {
	base := mustParse(t, inceptionInFile)
	set := func(scores []float32, v int, op Op) {
		group := scores[49+v*6:][:6]
		clear(group)
		group[op] = 1
	}
	edge := func(scores []float32, x, y int, score float32) { scores[x*7+y] = score }
	for _, test := range []struct {
		name   string
		change func(scores []float32)
		want   string // a cell, or part of an error
		err    error
	}{
		{"as it is", func([]float32) {}, inceptionInFile, nil},
		{"lower half and diagonal", func(s []float32) {
			for x := range 7 {
				for y := range x + 1 {
					edge(s, x, y, 1)
				}
			}
		}, inceptionInFile, nil},
		{"a probability of one half", func(s []float32) { edge(s, 0, 6, 0) }, inceptionInFile, nil},
		{"none twice", func(s []float32) { set(s, 2, None); set(s, 3, None) },
			"0110000001000100000100000 input,conv3x3-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,output", nil},
		{"a dead end", func(s []float32) { edge(s, 3, 6, -1) },
			"011100000001000001000010000001000000 input,conv3x3-bn-relu,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,output", nil},
		{"a dead end of any kind", func(s []float32) { edge(s, 3, 6, -1); set(s, 3, Output) },
			"011100000001000001000010000001000000 input,conv3x3-bn-relu,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,output", nil},
		{"no path", func(s []float32) {
			for v := range 6 {
				edge(s, v, 6, -1)
			}
		}, "no path", ErrNoPath},
		{"nothing but none", func(s []float32) {
			for v := range 7 {
				set(s, v, None)
			}
		}, "no path", ErrNoPath},
		{"ten edges", func(s []float32) { edge(s, 0, 6, 1) }, "10, at most 9", ErrTooManyEdges},
		{"no input", func(s []float32) { set(s, 0, Conv3x3) }, "first vertex is conv3x3-bn-relu, want input", ErrOperation},
		{"no output", func(s []float32) { set(s, 6, MaxPool) }, "last vertex is maxpool3x3, want output", ErrOperation},
		{"the output is none", func(s []float32) { set(s, 6, None); edge(s, 4, 5, 1) }, "last vertex is conv3x3-bn-relu", ErrOperation},
		{"two inputs", func(s []float32) { set(s, 1, Input) }, "between the first and the last is input", ErrOperation},
		{"two outputs", func(s []float32) { set(s, 1, Output) }, "between the first and the last is output", ErrOperation},
	} {
		scores := scoresOf(Space{}.Encode(base))
		test.change(scores)
		got, err := Space{}.Decode(scores)
		if test.err != nil {
			if !errors.Is(err, test.err) {
				t.Errorf("%s: %v, error %v, want %v", test.name, got, err, test.err)
			}
			wantError(t, err, "decode NAS-Bench-101", test.want)
			continue
		}
		if err != nil || got != mustParse(t, test.want).Canonical() {
			t.Errorf("%s: %v, %v, want %s", test.name, got, err, test.want)
		}
	}
	_, err := Space{}.Decode(make([]float32, 90))
	wantError(t, err, "got 90 scores, want 91")
}

// Whatever the scores, there is a cell of the space or a reason.
func TestDecodeOfAnything(t *testing.T) {
	space, rng := Space{}, rand.New(rand.NewPCG(9, 10))
	scores := make([]float32, space.Schema().Outputs())
	reasons := map[error]int{}
	for range 20_000 {
		for i := range scores {
			scores[i] = float32(rng.NormFloat64())
		}
		scores[49+int(Input)], scores[49+6*6+int(Output)] = 3, 3
		_, err := space.Decode(scores)
		if err == nil {
			reasons[nil]++
			continue
		}
		for _, reason := range []error{ErrNoPath, ErrTooManyEdges, ErrOperation} {
			if errors.Is(err, reason) {
				reasons[reason]++
			}
		}
	}
	total := 0
	for _, n := range reasons {
		total += n
	}
	if total != 20_000 || len(reasons) != 4 {
		t.Errorf("of 20000 random outputs: %v", reasons)
	}
}

package nasbench101

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// someCells returns cells from all over the space, one of each number of vertices at the least.
func someCells(t *testing.T) []datasets.Arch {
	t.Helper()
	cells := Enumerate()
	var some []datasets.Arch
	for i := 0; i < len(cells); i += 1 + i/100 {
		some = append(some, cells[i])
	}
	return some
}

// sampled returns cells as the benchmark's code draws them, most of which have needless parts.
func sampled(n int) []datasets.Arch {
	rng := rand.New(rand.NewPCG(1, 2))
	cells := make([]datasets.Arch, n)
	for i := range cells {
		cells[i] = Space{}.Sample(rng)
	}
	return cells
}

func TestIndexAndStringNameOneCell(t *testing.T) {
	space := Space{}
	if space.Len() != 423624 {
		t.Fatalf("Len() = %d", space.Len())
	}
	for i := 0; i < space.Len(); i += 997 {
		a := space.At(i)
		if got := space.Index(a); got != i {
			t.Fatalf("Index(At(%d)) = %d", i, got)
		}
		if got, err := space.Parse(a.String()); err != nil || got != a {
			t.Fatalf("Parse(%q) = %v, %v", a, got, err)
		}
		if space.Canonical(a) != a {
			t.Fatalf("Canonical(%v) = %v, want the cell itself", a, space.Canonical(a))
		}
	}
	for _, a := range sampled(1000) {
		if got, err := space.Parse(a.String()); err != nil || got != a {
			t.Fatalf("Parse(%q) = %v, %v", a, got, err)
		}
		canonical := space.Canonical(a)
		if got := space.At(space.Index(a)); got != canonical {
			t.Fatalf("At(Index(%v)) = %v, want %v", a, got, canonical)
		}
		if got, want := a.(Cell).Hash(), canonical.(Cell).Hash(); got != want {
			t.Fatalf("hash of %v is %s, that of its canonical cell %s", a, got, want)
		}
	}
}

// A network keeps its canonical cell and its hash when its vertices are numbered in another order.
func TestCanonicalOfAnyNumbering(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, a := range someCells(t) {
		c := a.(Cell)
		g := c.graph()
		orders := 0
		g.eachOrder(func(position *[MaxVertices]int) {
			orders++
			if rng.IntN(orders) > 2 {
				return
			}
			other := Cell{g.code(position)}
			if other.Canonical() != c || other.Hash() != c.Hash() {
				t.Fatalf("%v is %v in another numbering, but %v is canonical there", c, other, other.Canonical())
			}
		})
		if orders == 0 {
			t.Fatalf("%v has no order", c)
		}
	}
}

// The limits of the space hold for the network of whatever is drawn, mutated or next to something.
func TestNeighboursAreValidAndSymmetric(t *testing.T) {
	space, rng := Space{}, rand.New(rand.NewPCG(5, 6))
	for _, a := range append(someCells(t), sampled(300)...) {
		padded := filledUp(a.(Cell))
		seen := map[datasets.Arch]bool{}
		for _, n := range space.Neighbours(a) {
			if seen[n] {
				t.Fatalf("%v has the neighbour %v twice", a, n)
			}
			seen[n] = true
			if d := distance(padded, n.(Cell)); d != 1 {
				t.Fatalf("%v is a neighbour of %v, but differs in %d places", n, a, d)
			}
			space.Index(n) // panics unless the network is of the space
			back := false
			for _, m := range space.Neighbours(n) {
				back = back || m == padded
			}
			if !back {
				t.Fatalf("%v is a neighbour of %v, but not the other way round", n, a)
			}
		}
		if len(seen) == 0 {
			t.Fatalf("%v has no neighbours", a)
		}
		if mutant := space.Mutate(a, rng); !seen[mutant] {
			t.Fatalf("%v was mutated to %v, which is no neighbour", a, mutant)
		}
	}
}

// filledUp returns the cell that Neighbours changes.
func filledUp(c Cell) datasets.Arch {
	g := c.padded()
	return Cell{g.code(&inPlace)}
}

func distance(a datasets.Arch, b Cell) int {
	d := 0
	for y := range MaxVertices {
		if a.(Cell).Op(y) != b.Op(y) {
			d++
		}
		for x := range y {
			if a.(Cell).Edge(x, y) != b.Edge(x, y) {
				d++
			}
		}
	}
	return d
}

// Whoever is not a neighbour, among the cells that differ in one place, breaks a rule.
func TestNeighboursAreComplete(t *testing.T) {
	for _, a := range sampled(300) {
		valid := 0
		text := []byte(a.String())
		for y := range MaxVertices {
			for x := range y {
				at := x*MaxVertices + y
				text[at] ^= 1
				if _, err := ParseCell(string(text)); err == nil {
					valid++
				}
				text[at] ^= 1
			}
		}
		if got, want := len(Space{}.Neighbours(a)), valid+2*5; got != want {
			t.Fatalf("%v has %d neighbours, want %d", a, got, want)
		}
	}
}

func TestMutateDrawsEachNeighbourAlike(t *testing.T) {
	space, rng := Space{}, rand.New(rand.NewPCG(7, 8))
	a := mustParse(t, inception)
	count := map[datasets.Arch]int{}
	neighbours := space.Neighbours(a)
	draws := 1000 * len(neighbours)
	for range draws {
		count[space.Mutate(a, rng)]++
	}
	const want = 1000
	for _, n := range neighbours {
		if got := float64(count[n]); math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%v was drawn %v times of %d, want about %v", n, got, draws, want)
		}
		delete(count, n)
	}
	if len(count) > 0 {
		t.Errorf("drew %v, which are no neighbours of %v", count, a)
	}
}

// The benchmark's random_spec draws all matrices on seven vertices that are valid once pruned alike. Here
// that is counted, with a pruning of its own: how many there are for each number of vertices and edges
// left. Pearson's statistic of as many samples has about as many degrees of freedom as there are
// kinds, if they are drawn alike.
func TestSampleDrawsAsTheBenchmarkDoes(t *testing.T) {
	var probability [MaxVertices + 1][MaxEdges + 1]float64
	total := 0.0
	for matrix := range uint32(1 << 21) {
		var next, previous [7]uint32
		for i, y := 0, 1; y < 7; y++ {
			for x := range y {
				if matrix>>i&1 == 1 {
					next[x] |= 1 << y
					previous[y] |= 1 << x
				}
				i++
			}
		}
		fromInput, toOutput := uint32(1), uint32(1<<6)
		for v := range 7 {
			if fromInput>>v&1 == 1 {
				fromInput |= next[v]
			}
			if toOutput>>(6-v)&1 == 1 {
				toOutput |= previous[6-v]
			}
		}
		kept, vertices, edges := fromInput&toOutput, 0, 0
		for v := range 7 {
			if kept>>v&1 == 1 {
				vertices++
				for y := range 7 {
					edges += int(next[v] & kept >> y & 1)
				}
			}
		}
		if vertices >= 2 && edges <= MaxEdges {
			probability[vertices][edges]++
			total++
		}
	}

	const samples = 100_000
	var count [MaxVertices + 1][MaxEdges + 1]float64
	var operations [NumOps]float64
	for _, a := range sampled(samples) {
		c := a.(Cell)
		canonical := c.Canonical()
		count[canonical.Vertices()][canonical.Edges()]++
		for v := 1; v < 6; v++ {
			operations[c.Op(v)]++
		}
	}
	statistic, kinds := 0.0, 0.0
	for n := range probability {
		for e, p := range probability[n] {
			want := samples * p / total
			if want == 0 && count[n][e] > 0 {
				t.Errorf("%v samples have %d vertices and %d edges, which cannot be", count[n][e], n, e)
			}
			if want > 0 {
				statistic += (count[n][e] - want) * (count[n][e] - want) / want
				kinds++
			}
		}
	}
	if math.Abs(statistic-(kinds-1)) > 5*math.Sqrt(2*(kinds-1)) {
		t.Errorf("chi-squared is %.1f, want about %v", statistic, kinds-1)
	}
	const each = 5 * samples / 3
	for op := Conv3x3; op <= MaxPool; op++ {
		if got := operations[op]; math.Abs(got-each) > 5*math.Sqrt(each) {
			t.Errorf("%v was drawn %v times, want about %v", op, got, each)
		}
	}
}

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

// A decoder that scores the labels highest reconstructs every network.
func TestDecodeInvertsEncode(t *testing.T) {
	space := Space{}
	schema := space.Schema()
	for _, a := range append(someCells(t), sampled(1000)...) {
		graph := space.Encode(a)
		if len(graph.Nodes) != schema.Nodes || len(graph.Edges) != schema.Pairs() || len(graph.Labels) != schema.Labels() {
			t.Fatalf("%v has a graph of %d nodes, %d edges and %d labels, which does not fit %+v",
				a, len(graph.Nodes), len(graph.Edges), len(graph.Labels), schema)
		}
		if got, err := space.Decode(scoresOf(graph)); err != nil || got != space.Canonical(a) {
			t.Fatalf("Decode(Encode(%v)) = %v, %v", a, got, err)
		}
	}
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

// What a network decodes to follows the rules of the released code, and the error names the one that
// is broken.
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
	for _, n := range []int{0, 90, 92} {
		_, err := Space{}.Decode(make([]float32, n))
		wantError(t, err, "want 91")
	}
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
		a, err := space.Decode(scores)
		if err == nil {
			space.Index(a) // panics if a is not of the space
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

func TestForeignArchitecturesPanic(t *testing.T) {
	for _, a := range []datasets.Arch{nil, foreign("x"), Cell{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Index(%v) did not panic", a)
				}
			}()
			Space{}.Index(a)
		}()
	}
}

type foreign string

func (f foreign) String() string { return string(f) }

// A space of some cells keeps to them, whatever is drawn, mutated, parsed or decoded.
func TestSubspace(t *testing.T) {
	var positions []int
	for i := 0; i < NumCells; i += 14 {
		positions = append(positions, i)
	}
	space, rng := subspace(positions), rand.New(rand.NewPCG(11, 12))
	if want := "NAS-Bench-101, 30259 cells"; space.Len() != len(positions) || space.Name() != want {
		t.Errorf("%q has %d cells, want %q", space.Name(), space.Len(), want)
	}
	before := -1
	for i := 0; i < space.Len(); i += 500 {
		a := space.At(i)
		among := Space{}.Index(a)
		if space.Index(a) != i || among <= before {
			t.Fatalf("cell %d has the index %d, and %d among all, after %d", i, space.Index(a), among, before)
		}
		before = among
		others := append(space.Neighbours(a), space.Mutate(a, rng), space.Sample(rng))
		for _, b := range others {
			space.Index(b) // panics unless b is of the space
		}
		if mutant := space.Mutate(a, rng); space.Canonical(mutant) == a {
			t.Fatalf("%v was mutated to %v, the same network", a, mutant)
		}
	}
	outside := Cell{allCodes()[1]}
	_, err := space.Parse(outside.String())
	wantError(t, err, "not in this space", "30259 cells")
	_, err = space.Decode(scoresOf(space.Encode(outside)))
	if !errors.Is(err, ErrNotInSpace) {
		t.Errorf("error %v, want ErrNotInSpace", err)
	}
	func() {
		defer func() {
			if r, _ := recover().(string); !strings.Contains(r, "30259 cells") {
				t.Errorf("Index panics with %q", r)
			}
		}()
		space.Index(outside)
	}()
}

func BenchmarkSample(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		Space{}.Sample(rng)
	}
}

func BenchmarkMutate(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	a := Space{}.Sample(rng)
	for b.Loop() {
		a = Space{}.Mutate(a, rng)
	}
}

func BenchmarkEncode(b *testing.B) {
	cells := Enumerate()
	i := 0
	for b.Loop() {
		Space{}.Encode(cells[i%NumCells])
		i += 7919
	}
}

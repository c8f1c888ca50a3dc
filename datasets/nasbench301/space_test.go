package nasbench301

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// Pearson's statistic of a uniform draw has mean n-1 and standard deviation sqrt(2(n-1)) for n
// classes.
func TestSampleIsUniform(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const draws = 100_000
	counts := map[[3]uint8]float64{} // of cell, node and number of the sources' pair
	ops := map[[3]uint8]float64{}    // of cell, edge and operation
	for range draws {
		g := Space{}.Sample(rng).(Genotype)
		if g.check() != nil || g != g.canonical() {
			t.Fatalf("%v is no canonical genotype", g)
		}
		for i, c := range []Cell{g.Normal, g.Reduce} {
			for j, edge := range c {
				ops[[3]uint8{uint8(i), uint8(j), uint8(edge.Op)}]++
				if j%2 == 0 {
					node := 2 + j/2
					counts[[3]uint8{uint8(i), uint8(node), uint8(pairNumber(int(edge.From), int(c[j+1].From), node))}]++
				}
			}
		}
	}
	statistic := func(counts map[[3]uint8]float64, i, j, n int) float64 {
		sum, want := 0.0, draws/float64(n)
		for k := range n {
			d := counts[[3]uint8{uint8(i), uint8(j), uint8(k)}] - want
			sum += d * d / want
		}
		return sum
	}
	within := func(what string, got float64, n int) {
		if math.Abs(got-float64(n-1)) > 5*math.Sqrt(2*float64(n-1)) {
			t.Errorf("chi-squared of %s is %.1f, want about %d", what, got, n-1)
		}
	}
	for i := range 2 {
		for node := 3; node < CellNodes; node++ {
			pairs := node * (node - 1) / 2
			within("sources", statistic(counts, i, node, pairs), pairs)
		}
		for j := range CellEdges {
			within("operations", statistic(ops, i, j, NumOps), NumOps)
		}
	}
}

func TestCanonical(t *testing.T) {
	space, g := Space{}, parse(t, mixed)
	want := parse(t, strings.NewReplacer(
		"('dil_conv_5x5', 1), ('avg_pool_3x3', 0)", "('avg_pool_3x3', 0), ('dil_conv_5x5', 1)",
		"('sep_conv_5x5', 2), ('max_pool_3x3', 0)", "('max_pool_3x3', 0), ('sep_conv_5x5', 2)",
		"('dil_conv_3x3', 3), ('avg_pool_3x3', 1)", "('avg_pool_3x3', 1), ('dil_conv_3x3', 3)",
		"('skip_connect', 4), ('sep_conv_5x5', 3)", "('sep_conv_5x5', 3), ('skip_connect', 4)",
		"('dil_conv_3x3', 3), ('max_pool_3x3', 2)", "('max_pool_3x3', 2), ('dil_conv_3x3', 3)",
	).Replace(mixed))
	if got := space.Canonical(g); got != want || space.Canonical(got) != got {
		t.Errorf("Canonical(%v) = %v, want %v", g, got, want)
	}
}

// There are 16 x 6 other operations, and 2 x 2 x (0 + 1 + 2 + 3) other sources.
func TestNeighbours(t *testing.T) {
	space, rng := Space{}, rand.New(rand.NewPCG(5, 6))
	for range 50 {
		a := space.Sample(rng)
		neighbours := space.Neighbours(a)
		for _, n := range neighbours {
			if n != space.Canonical(n) {
				t.Fatalf("%v is a neighbour of %v", n, a)
			}
			if d := edgesApart(a.(Genotype), n.(Genotype)); d != 1 {
				t.Fatalf("%v and its neighbour %v differ in %d edges", a, n, d)
			}
		}
		if len(neighbours) != 120 {
			t.Fatalf("%v has %d neighbours, want 120", a, len(neighbours))
		}
	}
}

// edgesApart counts the edges of a that b does not have.
func edgesApart(a, b Genotype) int {
	type place struct {
		cell, node int
		edge       Edge
	}
	edges := map[place]bool{}
	for i, c := range []Cell{b.Normal, b.Reduce} {
		for j, edge := range c {
			edges[place{i, j / 2, edge}] = true
		}
	}
	n := 0
	for i, c := range []Cell{a.Normal, a.Reduce} {
		for j, edge := range c {
			if !edges[place{i, j / 2, edge}] {
				n++
			}
		}
	}
	return n
}

func TestSchema(t *testing.T) {
	schema := Space{}.Schema()
	if schema.Graphs != 2 || schema.Nodes != 6 || schema.EdgeTypes != 7 || schema.Outputs() != 28+28*7 || schema.Labels() != 56 {
		t.Errorf("schema is %+v, want 2 graphs of 6 nodes, 7 classes of edges, and 28 edges with 7 operations to decode", schema)
	}
}

// Graph.Edges goes by the larger node, then the smaller; the reduction cell follows the normal
// cell.
func TestEncodeFollowsTheOrderOfGraph(t *testing.T) {
	for _, genotype := range []string{dartsV2, mixed} {
		g := parse(t, genotype)
		graph := Space{}.Encode(g)
		pair, edges := 0, 0
		for i, c := range []Cell{g.Normal, g.Reduce} {
			for v := range 6 {
				if graph.Nodes[6*i+v] != int32(v) {
					t.Errorf("node %d of cell %d has class %d", v, i, graph.Nodes[6*i+v])
				}
				for u := range v {
					want := int32(-1)
					for j, edge := range c {
						if int(edge.From) == u && 2+j/2 == v {
							want = int32(edge.Op)
							edges++
						}
					}
					if graph.Edges[pair] != want {
						t.Errorf("the edge from %d to %d of cell %d is %d, want %d", u, v, i, graph.Edges[pair], want)
					}
					pair++
				}
			}
		}
		if edges != 16 {
			t.Errorf("%d edges, want 16", edges)
		}
	}
	// Possible edges go by target and then source, as in edge_normal_0 to 13 of the benchmark.
	labels := Space{}.Encode(parse(t, dartsV2)).Labels
	want := []int32{
		1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0,
		1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0,
	}
	if !slices.Equal(labels[:28], want) {
		t.Errorf("keep-labels are %v, want %v", labels[:28], want)
	}
	for i, keep := range labels[:28] {
		if op := labels[28+i]; (op >= 0) != (keep == 1) {
			t.Errorf("possible edge %d is kept: %d, and its operation labelled %d", i, keep, op)
		}
	}
}

func TestDecodeIsAlwaysValid(t *testing.T) {
	space, rng := Space{}, rand.New(rand.NewPCG(11, 12))
	scores := make([]float32, space.Schema().Outputs())
	seen := map[datasets.Arch]bool{}
	for range 1000 {
		for i := range scores {
			scores[i] = float32(rng.NormFloat64())
		}
		a, err := space.Decode(scores)
		if err != nil {
			t.Fatal(err)
		}
		seen[a] = true
	}
	if len(seen) != 1000 {
		t.Errorf("1000 random outputs decode to %d genotypes only", len(seen))
	}
	for i := range scores {
		scores[i] = float32(math.NaN())
	}
	if a, err := space.Decode(scores); err != nil || a.(Genotype).check() != nil {
		t.Errorf("Decode of NaN = %v, %v", a, err)
	}
	_, err := space.Decode(scores[1:])
	wantError(t, err, "got 223 scores, want 224")
}

func TestGenotypesThatBreakARulePanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Encode did not panic")
		}
	}()
	Space{}.Encode(Genotype{}) // with two edges from one node
}

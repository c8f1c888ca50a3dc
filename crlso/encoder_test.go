package crlso

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestGraphConvEdgewise compares the factored messages with the formula, evaluated edge by edge
// with the concatenated vector [h_v ; h_u ; e_uv], in float64.
func TestGraphConvEdgewise(t *testing.T) {
	const n, d, edgeTypes, out = 4, 5, 3, 7
	rng := rand.New(rand.NewPCG(1, 2))
	h := make([][]float64, n)
	for v := range h {
		for range d {
			h[v] = append(h[v], rng.NormFloat64())
		}
	}
	edgeClass := []int{0, 2, 1, -1, 2, 0} // the fourth pair has no edge
	between := func(v, u int) int { return edgeClass[max(u, v)*(max(u, v)-1)/2+min(u, v)] }
	edges, mask := make([]float32, n*n*edgeTypes), make([]float32, n*n)
	for v := range n {
		for u := range n {
			if v != u && between(v, u) >= 0 {
				edges[(v*n+u)*edgeTypes+between(v, u)], mask[v*n+u] = 1, 1
			}
		}
	}
	var flat []float32
	for _, row := range h {
		for _, x := range row {
			flat = append(flat, float32(x))
		}
	}

	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		store := model.NewStore()
		outputs := testbed.Evaluate(t, backend, store, func(in []*Node) []*Node {
			batch := Graphs{Nodes: in[0], Edges: in[1], Mask: in[2]}
			return []*Node{
				GraphConv(store.Scope("/conv"), batch, in[0], out, false),
				graphConvSum(store.Scope("/conv"), batch, in[0], out, false),
			}
		},
			tensors.FromFlatDataAndDimensions(flat, 1, n, d),
			tensors.FromFlatDataAndDimensions(edges, 1, n, n, edgeTypes),
			tensors.FromFlatDataAndDimensions(mask, 1, n, n, 1))
		got, gotSum := outputs[0].Value().([][][]float32)[0], outputs[1].Value().([][]float32)[0]

		matrix := func(path string) [][]float32 { return store.GetVariable(path).MustValue().Value().([][]float32) }
		vector := func(path string) []float32 { return store.GetVariable(path).MustValue().Value().([]float32) }
		times := func(x []float64, w [][]float32, bias []float32) []float64 {
			y := make([]float64, len(w[0]))
			for j := range y {
				for i := range x {
					y[j] += x[i] * float64(w[i][j])
				}
				if bias != nil {
					y[j] += float64(bias[j])
				}
			}
			return y
		}
		W := append(append(append([][]float32{}, matrix("/conv/W_v/weights")...), matrix("/conv/W_u/weights")...), matrix("/conv/W_e/weights")...)
		sum := make([]float64, out)
		for v := range n {
			want := times(times(h[v], matrix("/conv/B1/weights"), vector("/conv/B1/bias")),
				matrix("/conv/B2/weights"), vector("/conv/B2/bias"))
			for u := range n {
				if u == v {
					continue
				}
				if between(v, u) < 0 {
					continue
				}
				e := make([]float64, edgeTypes)
				e[between(v, u)] = 1
				for j, m := range times(append(append(append([]float64{}, h[v]...), h[u]...), e...), W, nil) {
					want[j] += max(m, 0.01*m)
				}
			}
			for j := range want {
				if math.Abs(want[j]-float64(got[v][j])) > 1e-5 {
					t.Errorf("node %d, feature %d: %g, want %g", v, j, got[v][j], want[j])
				}
				sum[j] += want[j]
			}
		}
		for j := range sum {
			if math.Abs(sum[j]-float64(gotSum[j])) > 4e-5 {
				t.Errorf("sum of feature %d: %g, want %g", j, gotSum[j], sum[j])
			}
		}
	})
}

// TestEncoderRelabelling renumbers the nodes of random labelled graphs, features and edges with
// them: the summed readout, and so mu, must stay the same. (The predictor concatenates nodes
// instead, and may change.)
func TestEncoderRelabelling(t *testing.T) {
	const n, batch = 4, 8
	rng := rand.New(rand.NewPCG(3, 4))
	config := Tiny201()
	pair := func(u, v int) int { return max(u, v)*(max(u, v)-1)/2 + min(u, v) }
	nodes, edges := make([]int32, batch*n), make([]int32, batch*6)
	for i := range nodes {
		nodes[i] = rng.Int32N(4)
	}
	for i := range edges {
		edges[i] = rng.Int32N(5)
	}
	encode := func(t *testing.T, backend compute.Backend, store *model.Store, order []int) (mu, y []float32) {
		v, e := make([]int32, len(nodes)), make([]int32, len(edges))
		for b := range batch {
			for i := range n {
				v[b*n+i] = nodes[b*n+order[i]]
				for j := range i {
					e[b*6+pair(i, j)] = edges[b*6+pair(order[i], order[j])]
				}
			}
		}
		out := testbed.Evaluate(t, backend, store, func(in []*Node) []*Node {
			graphs := NewGraphs(nasbench201.Space{}.Schema(), true, in[0], in[1])
			mu, _ := Encoder(store.Scope("/encoder"), config.Networks, graphs)
			return []*Node{mu, Predictor(store.Scope("/predictor"), config, graphs)}
		}, tensors.FromFlatDataAndDimensions(v, batch, n), tensors.FromFlatDataAndDimensions(e, batch, 6))
		return tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		store := model.NewStore()
		mu, y := encode(t, backend, store, []int{0, 1, 2, 3})
		for _, order := range [][]int{{1, 0, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
			relabelled, other := encode(t, backend, store, order)
			for i := range mu {
				if math.Abs(float64(mu[i]-relabelled[i])) > 1e-5 {
					t.Fatalf("order %v: mu[%d] is %g, was %g", order, i, relabelled[i], mu[i])
				}
			}
			changed := false
			for i := range y {
				changed = changed || math.Abs(float64(y[i]-other[i])) > 1e-5
			}
			if !changed {
				t.Errorf("order %v: the predictor gives the same, so the relabelling changed nothing", order)
			}
		}
	})
}

// Networks see the numbers of a node's class beside the class.
func TestNumbersOfClasses(t *testing.T) {
	space, err := datasets.NewChoices("numbers", datasets.Choice{Name: "kind", Options: []string{"a", "b"}},
		datasets.Choice{Name: "width", Options: []string{"8", "16", "32"}, Ordered: true})
	if err != nil {
		t.Fatal(err)
	}
	finite := space.(datasets.FiniteSpace)
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		table := NewTable(space, []datasets.Arch{finite.At(4), finite.At(2)}, 2) // b 16 and a 32
		nodes := testbed.Evaluate(t, backend, model.NewStore(), func(in []*Node) []*Node {
			return []*Node{NewGraphs(space.Schema(), true, in[0], in[1]).Nodes}
		}, table.Nodes, table.Edges)[0]
		want := [][][]float32{
			{{0, 1, 0, 0, 0, 0, 0}, {0, 0, 0, 1, 0, 1, 0}},
			{{1, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 1, 1}},
		}
		if got := nodes.Value(); !reflect.DeepEqual(got, want) {
			t.Errorf("nodes are %v, want %v", got, want)
		}
	})
}

// TestReadoutOfTwoGraphs compares the readout of genotypes with those of their cells, as graphs of
// their own, by the same weights: one after the other. Genotypes with their cells exchanged have
// the halves exchanged.
func TestReadoutOfTwoGraphs(t *testing.T) {
	space, rng, config := nasbench301.Space{}, rand.New(rand.NewPCG(5, 6)), Tiny201()
	var archs, exchanged []datasets.Arch
	for range 5 {
		g := space.Sample(rng).(nasbench301.Genotype)
		archs = append(archs, g)
		exchanged = append(exchanged, nasbench301.Genotype{Normal: g.Reduce, Reduce: g.Normal})
	}
	two := space.Schema()
	one := two
	one.Graphs = 1
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		store := model.NewStore()
		readout := func(schema datasets.Schema, archs []datasets.Arch, rows int) [][]float32 {
			table := NewTable(space, archs, len(archs))
			return testbed.Evaluate(t, backend, store, func(in []*Node) []*Node {
				graphs := NewGraphs(schema, false, Reshape(in[0], rows, -1), Reshape(in[1], rows, -1))
				return []*Node{Readout(store.Scope("/encoder"), config.Networks, graphs)}
			}, table.Nodes, table.Edges)[0].Value().([][]float32)
		}
		whole, swapped, cells := readout(two, archs, 5), readout(two, exchanged, 5), readout(one, archs, 10)
		for i, row := range whole {
			if want := slices.Concat(cells[2*i], cells[2*i+1]); !close32(row, want) {
				t.Errorf("%v has readout %v, its cells %v", archs[i], row, want)
			}
			if want := slices.Concat(cells[2*i+1], cells[2*i]); !close32(swapped[i], want) {
				t.Errorf("%v has readout %v, its cells %v", exchanged[i], swapped[i], want)
			}
			if close32(cells[2*i], cells[2*i+1]) {
				t.Errorf("both cells of %v have the same readout", archs[i])
			}
		}
	})
}

// close32 reports whether two vectors differ by rounding only.
func close32(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-5 {
			return false
		}
	}
	return true
}

// TestPredictorOfTwoGraphs counts the features of the predictor's code, the states of all nodes of
// both cells, and exchanges the cells of a genotype, which the predictor has to notice.
func TestPredictorOfTwoGraphs(t *testing.T) {
	config := Tiny201()
	config.TrainingSet = 50
	m := newModel(t, testbed.Go(t), nasbench301.Space{}, config)
	code := m.store.GetVariable(predictorScope + "/code/weights").Shape()
	if want := 2 * nasbench301.CellNodes * config.PredictorDim; code.Dim(0) != want {
		t.Errorf("the code is made of %d features, want %d", code.Dim(0), want)
	}
	g := m.TrainingSet()[0].(nasbench301.Genotype)
	y, err := m.PseudoLabels(g, nasbench301.Genotype{Normal: g.Reduce, Reduce: g.Normal})
	if err != nil || y[0] == y[1] {
		t.Errorf("pseudo-labels of a genotype, with its cells in both orders: %v (%v)", y, err)
	}
}

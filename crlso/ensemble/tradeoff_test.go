package ensemble

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/floats"
)

var _ search.Searcher = &TradeoffEnsemble{}

func smallTradeoff() TradeoffConfig {
	c := Tradeoff201()
	c.Config = smallEnsemble()
	c.Members = 2
	return c
}

// newCostOracle returns an oracle on a device whose latencies are those of convolutions.
func newCostOracle(t *testing.T, budget int) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(datasets.OnDevice(testbed.Table(t), "paper", convolutions), budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

// convolutions is a latency that needs no table.
func convolutions(a datasets.Arch) (float64, error) {
	sum := 0.1
	for _, op := range a.(nasbench201.Cell) {
		sum += []float64{0, 0.1, 0.5, 2, 0.4}[op]
	}
	return sum, nil
}

func TestTradeoffEnsembleSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	searchWith := func(nearest int) []datasets.Query {
		config := smallTradeoff()
		config.Nearest = nearest
		oracle := newCostOracle(t, 13) // a round of three, and one cut short
		if err := (&TradeoffEnsemble{Backend: testbed.Go(t), Config: config}).Search(oracle, rand.New(rand.NewPCG(3, 4))); err != nil {
			t.Fatal(err)
		}
		if len(oracle.Log()) != 13 {
			t.Errorf("%d queries, want 13", len(oracle.Log()))
		}
		return oracle.Log()
	}
	if !slices.Equal(searchWith(5), searchWith(5)) {
		t.Error("the same random source makes other queries")
	}
	searchWith(0)
}

// TestTradeoffMember fits a member, and checks that its models are concave and convex, that its
// solutions are within their limits and in the box, that a wider limit allows no less, and that no
// labelled architecture within a limit is better.
func TestTradeoffMember(t *testing.T) {
	t.Parallel()
	backend := testbed.Go(t)
	config := smallTradeoff()
	config.Steps = 200
	m, err := newTradeoffMember(backend, space, config)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	oracle := newCostOracle(t, 40)
	if err := (search.Random{}).Search(oracle, rng); err != nil {
		t.Fatal(err)
	}
	labels := newTradeoffLabels(oracle.Log())
	if err := m.fit(t.Context(), oracle.Log(), labels, rng); err != nil {
		t.Fatal(err)
	}
	limits := []float64{-0.5, 0, 1, math.Inf(1)}
	solutions, err := m.solve(oracle.Log(), labels, limits)
	if err != nil {
		t.Fatal(err)
	}
	values := testbed.Evaluate(t, backend, m.store, func(inputs []*Node) []*Node {
		return []*Node{Stack([]*Node{m.accuracyOf(inputs[0]), m.costOf(inputs[0])}, -1)}
	}, nn.TensorOf(solutions...))[0].Value().([][]float32)
	for k, limit := range limits {
		accuracy, latency := float64(values[k][0]), float64(values[k][1])
		if latency > limit+1e-4 {
			t.Errorf("limit %g: the solution has latency %g", limit, latency)
		}
		if k > 0 && accuracy < float64(values[k-1][0])-0.02 {
			t.Errorf("limit %g: accuracy %g, but %g within %g", limit, accuracy, values[k-1][0], limits[k-1])
		}
		for _, q := range oracle.Log() {
			if i := space.Index(q.Arch); m.cost[i] <= limit && m.accuracy[i] > accuracy+1e-4 {
				t.Errorf("limit %g: the solution has accuracy %g, a labelled architecture %g", limit, accuracy, m.accuracy[i])
			}
		}
	}
	if near := m.nearest(m.latents[77], 3); len(near) != 3 || floats.Distance(m.latents[near[0]], m.latents[77], 2) > 0 {
		t.Errorf("nearest to architecture 77 are %v", near)
	}
}

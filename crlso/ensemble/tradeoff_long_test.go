//go:build long

package ensemble

import (
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// TestTradeoffEnsembleRanks fits on 100 random architectures, and holds what the members believe of
// all others against the truth.
func TestTradeoffEnsembleRanks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	oracle := newCostOracle(t, 100)
	if err := (search.Random{}).Search(oracle, rng); err != nil {
		t.Fatal(err)
	}
	config := Tradeoff201()
	config.Members = 2
	accuracy, latency, err := (&TradeoffEnsemble{Backend: testbed.Go(t), Config: config}).Fit(space, oracle.Log(), rng)
	if err != nil {
		t.Fatal(err)
	}
	var latencies []float64
	for _, a := range latency.Archs {
		ms, _ := convolutions(a)
		latencies = append(latencies, ms)
	}
	truth, err := datasets.Validation(testbed.Table(t))
	if err != nil {
		t.Fatal(err)
	}
	if tau := stats.KendallTau(accuracy.Mean, truth); tau < 0.6 {
		t.Errorf("Kendall tau of accuracies %.3f, want 0.6", tau)
	}
	if tau := stats.KendallTau(latency.Mean, latencies); tau < 0.8 {
		t.Errorf("Kendall tau of latencies %.3f, want 0.8", tau)
	}
}

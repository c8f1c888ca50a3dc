//go:build long

package ensemble

import (
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"gonum.org/v1/gonum/stat"
)

// TestEnsembleRanks trains the ensemble on 300 labels, as many as the released predictor has, whose
// Kendall tau is 0.599 on all cells and -0.03 among the best thousand (the authors' released code,
// on the same table).
func TestEnsembleRanks(t *testing.T) {
	truth, err := datasets.Validation(testbed.Table(t))
	if err != nil {
		t.Fatal(err)
	}
	ensemble := &Ensemble{Backend: testbed.Fastest(t), Config: Ensemble201()}
	var all, best []float64
	for draw := range uint64(4) {
		oracle, rng := testbed.Oracle(t, 300), rand.New(rand.NewPCG(draw, 8))
		if err := (search.Random{}).Search(oracle, rng); err != nil {
			t.Fatal(err)
		}
		beliefs, err := ensemble.Fit(space, oracle.Log(), rng)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, stats.KendallTau(beliefs.Mean, truth))
		best = append(best, stats.TopKendallTau(beliefs.Mean, truth, 1000))
	}
	t.Logf("Kendall tau %.3f on all cells, %.3f among the best 1,000", all, best)
	if all, best := stat.Mean(all, nil), stat.Mean(best, nil); all < 0.75 || best < 0.25 {
		t.Errorf("mean Kendall tau is %.3f on all cells and %.3f among the best 1,000, want 0.75 and 0.25", all, best)
	}
}

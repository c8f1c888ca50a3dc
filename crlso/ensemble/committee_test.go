package ensemble

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"gonum.org/v1/gonum/floats/scalar"
)

// The Gaussian process has as much of a say as the pairs, which are the same as without it: where
// all of a space is scored, and where candidates are drawn.
func TestProcessHasHalfTheSay(t *testing.T) {
	alone := smallEnsemble()
	alone.Training.Epochs, alone.Members = 3, 2
	committee := alone
	committee.Process = true
	for _, test := range []struct {
		space datasets.Space
		all   bool
	}{{space, true}, {nasbench101.Space{}, false}} {
		rng := rand.New(rand.NewPCG(1, 2))
		var log []datasets.Query
		var targets []float64
		for len(log) < 12 {
			log = append(log, datasets.Query{Arch: test.space.Sample(rng), Accuracy: 90 + rng.NormFloat64()})
			targets = append(targets, log[len(log)-1].Accuracy)
		}
		beliefs := map[bool]Beliefs{}
		for _, config := range []Config{alone, committee} {
			b, err := (&Ensemble{Backend: testbed.Go(t), Config: config}).fit(test.space, log, test.all, rand.New(rand.NewPCG(3, 4)))
			if err != nil {
				t.Fatal(err)
			}
			beliefs[config.Process] = b
		}
		pairs, both := beliefs[false], beliefs[true]
		at := map[datasets.Arch]int{}
		for i, a := range both.Archs {
			at[test.space.Canonical(a)] = i
		}
		var observed []int
		for _, q := range log {
			observed = append(observed, at[test.space.Canonical(q.Arch)])
		}
		process, err := search.GaussianProcess{Subtrees: surroundings}.NewModel(test.space, both.Archs)
		if err != nil {
			t.Fatal(err)
		}
		mean, deviation := process.Believe(observed, stats.NormalQuantiles(targets))
		for i := range mean {
			m := (pairs.Mean[i] + mean[i]) / 2
			square := (pairs.Mean[i]*pairs.Mean[i] + pairs.Deviation[i]*pairs.Deviation[i] + mean[i]*mean[i] + deviation[i]*deviation[i]) / 2
			if d := math.Sqrt(square - m*m); both.Archs[i] != pairs.Archs[i] || !scalar.EqualWithinAbs(both.Mean[i], m, 1e-9) || !scalar.EqualWithinAbs(both.Deviation[i], d, 1e-6) {
				t.Fatalf("%v: %v +- %v, want %v +- %v", both.Archs[i], both.Mean[i], both.Deviation[i], m, d)
			}
		}
	}
}

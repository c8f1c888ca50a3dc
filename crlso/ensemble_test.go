package crlso

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

var _ search.Searcher = &Ensemble{}

func smallEnsemble() EnsembleConfig {
	config := Ensemble201()
	config.Networks.HiddenDim, config.Networks.EncoderLayers = 8, 2
	config.Networks.ICNNWidth, config.Networks.ICNNLayers = 6, 1
	config.Members, config.Initial, config.Batch = 3, 9, 3 // all rounds of a short search in one program
	config.Training.Epochs, config.Training.Batch = 20, 16
	return config
}

func TestEnsembleSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		var logs [2][]datasets.Query
		for i := range logs {
			oracle := newOracle(t, 16) // two rounds of three, and one cut short
			if err := (&Ensemble{Backend: backend, Config: smallEnsemble()}).Search(oracle, rand.New(rand.NewPCG(3, 4))); err != nil {
				t.Fatal(err)
			}
			if logs[i] = oracle.Log(); len(logs[i]) != 16 {
				t.Errorf("%d queries, want 16", len(logs[i]))
			}
		}
		if !slices.Equal(logs[0], logs[1]) {
			t.Error("the same random source makes other queries")
		}
	})
}

// endless is a benchmark whose space cannot be enumerated.
type endless struct{ datasets.Benchmark }

func (e endless) Space() datasets.Space { return struct{ datasets.Space }{e.Benchmark.Space()} }

// TestEnsembleInLargeSpace searches where the candidates have to be drawn.
func TestEnsembleInLargeSpace(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	oracle, err := datasets.NewOracle(endless{benchmark(t)}, 20, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Ensemble{Backend: testbed.Go(t), Config: smallEnsemble()}).Search(oracle, rand.New(rand.NewPCG(3, 4))); err != nil {
		t.Fatal(err)
	}
	log := oracle.Log()
	candidates := search.DrawCandidates(oracle.Space(), log, maxDrawn, maxDrawn, rand.New(rand.NewPCG(1, 1)))
	if len(candidates) <= 2000 || len(candidates) > maxDrawn {
		t.Errorf("%d candidates", len(candidates))
	}
	known := make(map[datasets.Arch]bool)
	for _, a := range candidates {
		if known[a] {
			t.Fatalf("%v is a candidate twice", a)
		}
		known[a] = true
	}
	near := space.Neighbours(mostAccurate(log, 1)[0].Arch)
	for _, a := range append(near, archsOf(log)...) {
		if !known[a] {
			t.Errorf("%v is labelled, or a neighbour of the best, and no candidate", a)
		}
	}
}

// TestConcavePair trains a pair twice from fresh weights: it orders what it was trained on, its performance model is
// concave, and the second pair is another one.
func TestConcavePair(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		config := smallEnsemble()
		config.Training.Epochs = 200
		pair, err := newConcavePair(backend, space, config)
		if err != nil {
			t.Fatal(err)
		}
		oracle := newOracle(t, 30)
		rng := rand.New(rand.NewPCG(5, 6))
		if err := (search.Random{}).Search(oracle, rng); err != nil {
			t.Fatal(err)
		}
		labelled := newGraphTable(space, archsOf(oracle.Log()), 32)
		var performances [2][]float64
		for i := range performances {
			if performances[i], err = pair.fit(labelled, config.targets(oracle.Log()), pair.all, rng); err != nil {
				t.Fatal(err)
			}
			best, worst := 0.0, 0.0
			for _, q := range oracle.Log() {
				p := performances[i][space.Index(q.Arch)]
				if q.Accuracy > 90 {
					best += p
				} else if q.Accuracy < 80 {
					worst -= p
				}
			}
			if best+worst <= 0 {
				t.Errorf("fit %d: sum of performances is %g for good cells and %g for bad ones", i, best, -worst)
			}
			for _, w := range nonNegativeWeights(pair.store.Scope(memberICNNScope), config.Networks) {
				if low := slices.Min(tensors.MustCopyFlatData[float32](w.MustValue())); low < 0 {
					t.Errorf("fit %d: %s has an entry %g", i, w.Path(), low)
				}
			}
		}
		if fmt.Sprint(performances[0]) == fmt.Sprint(performances[1]) {
			t.Error("the second pair is the first one again")
		}
	})
}

func TestEnsembleErrors(t *testing.T) {
	backend, rng := testbed.Fastest(t), rand.New(rand.NewPCG(1, 1))
	config := smallEnsemble()
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(newOracle(t, 7), rng), "budget is 7, below the 9 initial queries")
	config.Members = 0
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(newOracle(t, 20), rng), "0 members")
	config = smallEnsemble()
	config.Networks.LatentDim = 0
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(newOracle(t, 20), rng), "LatentDim is 0")
	oracle := newOracle(t, 20)
	oracle.Close()
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: smallEnsemble()}).Search(oracle, rng), "oracle is closed")
}

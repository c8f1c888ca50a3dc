package crlso

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
)

// searchable returns a model whose latent space is trained, and an oracle with the initial set.
func searchable(t *testing.T, backend compute.Backend, config Config) (*Model, *datasets.Oracle) {
	t.Helper()
	config.Joint.Epochs = 8
	m := newModel(t, backend, space, config)
	oracle := testbed.Oracle(t, config.Budget)
	if err := m.LabelInitialSet(oracle); err != nil {
		t.Fatal(err)
	}
	if err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil); err != nil {
		t.Fatal(err)
	}
	return m, oracle
}

// TestSearch checks the bookkeeping of every round against the oracle's log, and that the jointly
// trained ICNN stays as it was.
func TestSearch(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		config := Tiny201()
		config.Budget = 53 // the last round is cut short
		m, oracle := searchable(t, backend, config)
		at := testbed.Latents(rand.New(rand.NewPCG(1, 2)), 3, config.LatentDim, 1)
		before, err := m.Performance(at)
		if err != nil {
			t.Fatal(err)
		}
		var rounds []SearchRound
		err = m.Search(t.Context(), oracle, func(r SearchRound) error { rounds = append(rounds, r); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got := len(oracle.Log()); got != 53 {
			t.Errorf("%d queries, want 53", got)
		}
		queries := config.InitialSet
		for i, r := range rounds {
			best, sum := 0.0, 0.0
			for j, q := range oracle.Log()[:r.Queries] {
				best = max(best, q.Accuracy)
				if j >= queries {
					sum += q.Accuracy / float64(r.Queries-queries)
				}
			}
			if r.Number != i+1 || r.Queries <= queries || r.Best != best || r.MeanAccuracy < sum-1e-9 || r.MeanAccuracy > sum+1e-9 {
				t.Errorf("round %+v after %d queries: want best %g, mean %g", r, queries, best, sum)
			}
			if r.Attempts < r.Queries-queries || r.NoiseLength <= 0 || r.StepLength <= 0 || r.FitLoss <= 0 {
				t.Errorf("round %+v: attempts, lengths or loss are off", r)
			}
			queries = r.Queries
		}
		after, err := m.Performance(at)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, after) {
			t.Errorf("the jointly trained ICNN went from %v to %v", before, after)
		}

		again := testbed.Oracle(t, config.Budget)
		for _, q := range oracle.Log()[:config.InitialSet] {
			if _, err := again.Query(q.Arch); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Search(t.Context(), again, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(oracle.Log(), again.Log()) {
			t.Error("the same search twice makes other queries")
		}
	})
}

// TestSearchStuck lets the search propose nothing new: without noise and step, every start decodes
// to the same architecture each time.
func TestSearchStuck(t *testing.T) {
	t.Parallel()
	config := Tiny201()
	config.SearchNoise, config.Direction, config.MaxRetries = 0, Stay, 3
	m, oracle := searchable(t, testbed.Fastest(t), config)
	var last SearchRound
	err := m.Search(t.Context(), oracle, func(r SearchRound) error { last = r; return nil })
	expect.ErrorLine(t, err, "none of 5 starts led to a new architecture in 3 attempts", "raise SearchNoise")
	if last.GaveUp != 5 || last.Attempts != 15 || last.StepLength != 0 {
		t.Errorf("last round %+v, want 5 given up after 15 attempts", last)
	}
}

func TestSearchErrors(t *testing.T) {
	config := Tiny201()
	m := newModel(t, testbed.Fastest(t), space, config)
	expect.ErrorLine(t, m.Search(t.Context(), testbed.Oracle(t, 60), nil), "answered 0 queries", "label the initial set")
	expect.ErrorLine(t, m.LabelInitialSet(testbed.Oracle(t, 39)), "budget is 39, below the initial set of 40")

	oracle := testbed.Oracle(t, 60)
	if err := m.LabelInitialSet(oracle); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	expect.ErrorLine(t, m.Search(cancelled, oracle, nil), "round 1", "interrupted")
	oracle.Close()
	expect.ErrorLine(t, m.Search(t.Context(), oracle, nil), "oracle is closed")
}

// TestSearchSeeds compares searches side by side, and at once, with each alone.
func TestSearchSeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) { wantAsAlone(t, backend, Tiny201()) })
	if err := newModel(t, testbed.Fastest(t), space, Tiny201()).SearchSeeds(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

// TestSearchSeedsClipped is TestSearchSeeds with a limit on each search's gradient.
func TestSearchSeedsClipped(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := Tiny201()
	config.Surrogate = MLPSurrogate
	config.FineTune.ClipNorm, config.FineTune.Beta1, config.FineTune.LearningRate = 0.01, 0.9, 1e-3
	wantAsAlone(t, testbed.Go(t), config)
}

// wantAsAlone makes searches that differ in budget and in what is labelled, so they take different
// numbers of steps a round, and end in different rounds; one of them cannot query.
func wantAsAlone(t *testing.T, backend compute.Backend, config Config) {
	t.Helper()
	config.Budget = 90
	m, _ := searchable(t, backend, config)
	type size struct{ initial, budget int }
	oracles := func() map[uint64]*datasets.Oracle {
		all := make(map[uint64]*datasets.Oracle)
		for seed, size := range map[uint64]size{3: {60, 75}, 5: {70, 90}, 8: {40, 50}, 9: {40, 50}} {
			all[seed] = testbed.Oracle(t, size.budget)
			if err := search.DrawInitialSet(all[seed], rand.New(rand.NewPCG(seed, 1)), size.initial); err != nil {
				t.Fatal(err)
			}
		}
		all[9].Close()
		return all
	}
	alone, want := oracles(), make(map[uint64][]SearchRound)
	for _, seed := range []uint64{3, 5, 8} {
		m.Config.SearchSeed = seed
		err := m.Search(t.Context(), alone[seed], func(r SearchRound) error {
			want[seed] = append(want[seed], r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for how, size := range map[string]struct{ beside, atOnce int }{"side by side": {4, 1}, "at once": {1, 3}} {
		oracles, got := oracles(), make(map[uint64][]SearchRound)
		searches, err := m.newSearches(oracles)
		if err != nil {
			t.Fatal(err)
		}
		err = m.searchAll(t.Context(), searches, size.beside, size.atOnce, func(seed uint64, r SearchRound) error {
			got[seed] = append(got[seed], r)
			return nil
		})
		expect.ErrorLine(t, err, "search 9, round 1", "oracle is closed")
		for seed, rounds := range want {
			if len(got[seed]) != len(rounds) {
				t.Fatalf("search %d, %s: %d rounds, alone it makes %d", seed, how, len(got[seed]), len(rounds))
			}
			for i, want := range rounds {
				got := got[seed][i]
				if math.Abs(got.FitLoss-want.FitLoss) > 1e-5 ||
					got.Queries != want.Queries || got.Attempts != want.Attempts || got.Best != want.Best {
					t.Errorf("search %d, %s: round %+v, alone it is %+v", seed, how, got, want)
				}
			}
			got, want := oracles[seed].Log(), alone[seed].Log()
			if len(got) != oracles[seed].Budget() || !slices.Equal(got, want) {
				t.Errorf("search %d, %s: other queries than alone", seed, how)
			}
		}
	}
}

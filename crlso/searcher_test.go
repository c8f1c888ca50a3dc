package crlso

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// CR-LSO is compared with other searches through one interface.
var _ search.Searcher = &Searcher{}

// pretraining trains the graph VAE for some epochs.
func pretraining(epochs int) nn.Training {
	return nn.Training{Epochs: epochs, Batch: 100, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999}
}

// pretrained is a configuration with a pretraining.
func pretrained() Config {
	config := Tiny201()
	config.Seed = 11
	config.Pretrain = pretraining(2)
	return config
}

func searchWith(t *testing.T, searcher *Searcher, oracle *datasets.Oracle, seed uint64) []datasets.Query {
	t.Helper()
	if err := searcher.Search(oracle, rand.New(rand.NewPCG(seed, 9))); err != nil {
		t.Error(err)
	}
	return oracle.Log()
}

// only returns the one value of a map.
func only[K comparable, V any](t *testing.T, m map[K]V) (value V) {
	t.Helper()
	if len(m) != 1 {
		t.Fatalf("%d entries, want 1", len(m))
	}
	for _, value = range m {
	}
	return value
}

// TestSearcher makes the same searches one after the other, on one model, and at once, on as many
// as there are: the queries are the same, and so are the weights in the end, bit by bit.
func TestSearcher(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	const searches = 3
	config := pretrained()
	oneByOne, atOnce := &Searcher{Backend: testbed.Fastest(t), Config: config}, &Searcher{Backend: testbed.Fastest(t), Config: config}
	var logs, beside [searches][]datasets.Query
	for seed := range uint64(searches) {
		logs[seed] = searchWith(t, oneByOne, testbed.Oracle(t, 50), seed)
	}
	var group sync.WaitGroup
	for seed := range uint64(searches) {
		oracle := testbed.Oracle(t, 50)
		group.Go(func() { beside[seed] = searchWith(t, atOnce, oracle, seed) })
	}
	group.Wait()
	for seed, log := range logs {
		if len(log) != 50 || !slices.Equal(log, beside[seed]) {
			t.Errorf("seed %d: a fresh model makes other queries than one that was used before", seed)
		}
	}
	if slices.Equal(logs[0], logs[1]) {
		t.Error("another seed makes the same queries")
	}

	if n := len(oneByOne.models.Idle()); n != 1 {
		t.Errorf("%d models for searches one by one, want 1", n)
	}
	used := oneByOne.models.Idle()[0]
	for _, m := range atOnce.models.Idle() {
		if m.Config.Seed != used.Config.Seed {
			continue
		}
		for _, scope := range []string{gvaeScope, predictorScope} {
			if differs(testbed.Weights(t, m.Store()), testbed.Weights(t, used.Store()), scope) {
				t.Errorf("a fresh model has other weights below %s in the end than one that was used before", scope)
			}
		}
	}

	// Pretraining is shared and label-free: a model that never saw a label has the same weights
	// after it.
	unlabelled := newModel(t, testbed.Fastest(t), space, config)
	if err := unlabelled.Pretrain(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	for _, searcher := range []*Searcher{oneByOne, atOnce} {
		if fmt.Sprint(only(t, searcher.pretrained)) != fmt.Sprint(unlabelled.vaeWeights()) {
			t.Error("the pretrained weights depend on labels or seeds")
		}
	}
	if fmt.Sprint(used.vaeWeights()) == fmt.Sprint(unlabelled.vaeWeights()) {
		t.Error("joint training has not changed the graph VAE")
	}

	// Random search labels the same architectures first, so methods are compared with common random
	// numbers.
	random := testbed.Oracle(t, config.InitialSet)
	if err := (search.Random{}).Search(random, rand.New(rand.NewPCG(0, 9))); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(random.Log(), logs[0][:config.InitialSet]) {
		t.Error("random search begins with other architectures")
	}
}

// TestSearcherWithoutPretraining compares the second search on a model with the search on a fresh
// model.
func TestSearcherWithoutPretraining(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"released":   func(*Config) {},
		"supervised": func(c *Config) { c.Supervised = true },
		"two stages": func(c *Config) { c.PerformanceWeight = 0 },
	} {
		config := Tiny201()
		config.Joint.Epochs = 1
		change(&config)
		reused, fresh := &Searcher{Backend: testbed.Go(t), Config: config}, &Searcher{Backend: testbed.Go(t), Config: config}
		searchWith(t, reused, testbed.Oracle(t, 45), 1)
		if a, b := searchWith(t, reused, testbed.Oracle(t, 45), 2), searchWith(t, fresh, testbed.Oracle(t, 45), 2); !slices.Equal(a, b) {
			t.Errorf("%s: a fresh model makes other queries than one that was used before", name)
		}
	}
}

func TestSearcherErrors(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	searcher := &Searcher{Backend: testbed.Go(t), Config: Tiny201()}
	expect.ErrorLine(t, searcher.Search(testbed.Oracle(t, 39), rng), "budget is 39, below the initial set of 40")
	oracle := testbed.Oracle(t, 50)
	oracle.Close()
	expect.ErrorLine(t, searcher.Search(oracle, rng), "oracle is closed")
	searcher.Config.TopK = 41
	expect.ErrorLine(t, searcher.Search(testbed.Oracle(t, 50), rng), "TopK is 41, above the InitialSet of 40")
	if len(searcher.models.Idle()) != 0 {
		t.Error("bad input has cost a model")
	}

	// A search that fails leaves its model, full of NaN, to nobody.
	searcher.Config = Tiny201()
	searcher.Config.Joint.LearningRate = 1e30
	expect.ErrorLine(t, searcher.Search(testbed.Oracle(t, 50), rng), "diverged", "lower the learning rate")
	if n := len(searcher.models.Idle()); n != 0 {
		t.Errorf("%d models are kept after a search that failed", n)
	}
}

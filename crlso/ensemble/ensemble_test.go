package ensemble

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
)

var _ search.Searcher = &Ensemble{}

var space = nasbench201.Space{}

func smallEnsemble() Config {
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
			oracle := testbed.Oracle(t, 16) // two rounds of three, and one cut short
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
	oracle, err := datasets.NewOracle(endless{testbed.Table(t)}, 20, datasets.MeanLabel)
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
	for _, a := range append(near, datasets.Archs(log)...) {
		if !known[a] {
			t.Errorf("%v is labelled, or a neighbour of the best, and no candidate", a)
		}
	}
}

// TestConcavePairs trains two pairs twice from fresh weights: each orders what it was trained on,
// its performance model is concave, and no pair is another one.
func TestConcavePairs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		config := smallEnsemble()
		config.Members, config.Training.Epochs = 2, 200
		pairs, err := newConcavePairs(backend, space, config)
		if err != nil {
			t.Fatal(err)
		}
		oracle := testbed.Oracle(t, 30)
		rng := rand.New(rand.NewPCG(5, 6))
		if err := (search.Random{}).Search(oracle, rng); err != nil {
			t.Fatal(err)
		}
		labelled := crlso.NewTable(space, datasets.Archs(oracle.Log()), 32)
		different := map[string]bool{}
		for round := range 2 {
			beliefs, err := pairs.fit(labelled, config.targets(oracle.Log()), pairs.all, rng)
			if err != nil {
				t.Fatal(err)
			}
			for i, belief := range beliefs {
				different[fmt.Sprint(belief)] = true
				best, worst := 0.0, 0.0
				for _, q := range oracle.Log() {
					p := belief[space.Index(q.Arch)]
					if q.Accuracy > 90 {
						best += p
					} else if q.Accuracy < 80 {
						worst -= p
					}
				}
				if best+worst <= 0 {
					t.Errorf("round %d, pair %d: sum of beliefs is %g for good cells and %g for bad ones", round, i, best, -worst)
				}
			}
			projected := 0
			for w := range pairs.store.Scope(memberICNNScope).IterVariables() {
				if !strings.Contains(w.Path(), "/U_") && !strings.HasSuffix(w.Path(), "/u/weights") {
					continue
				}
				projected++
				if low := slices.Min(tensors.MustCopyFlatData[float32](w.MustValue())); low < 0 {
					t.Errorf("round %d: %s has an entry %g", round, w.Path(), low)
				}
			}
			if want := config.Networks.ICNNLayers + 1; projected != want {
				t.Errorf("%d weights have to be non-negative, want %d", projected, want)
			}
		}
		if len(different) != 4 {
			t.Errorf("%d different pairs of 4", len(different))
		}
	})
}

// Members that are trained side by side believe what each does that is trained alone.
func TestMembersSideBySide(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		labelled, draw := make([]datasets.Query, 20), rand.New(rand.NewPCG(1, 2))
		for i := range labelled {
			labelled[i] = datasets.Query{Arch: space.Sample(draw), Accuracy: 90 + draw.NormFloat64()}
		}
		fit := func(members int, rng *rand.Rand) Beliefs {
			config := smallEnsemble()
			config.Members = members
			beliefs, err := (&Ensemble{Backend: backend, Config: config}).Fit(space, labelled, rng)
			if err != nil {
				t.Fatal(err)
			}
			return beliefs
		}
		together := fit(3, rand.New(rand.NewPCG(3, 4)))
		alone, sum := rand.New(rand.NewPCG(3, 4)), make([]float64, space.Len())
		for range 3 {
			floats.Add(sum, fit(1, alone).Mean)
		}
		for i := range sum {
			if got, want := together.Mean[i], sum[i]/3; math.Abs(got-want) > 1e-3 {
				t.Fatalf("%v: together they expect %g, alone %g", together.Archs[i], got, want)
			}
		}
	})
}

func TestEnsembleErrors(t *testing.T) {
	backend, rng := testbed.Fastest(t), rand.New(rand.NewPCG(1, 1))
	config := smallEnsemble()
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(testbed.Oracle(t, 7), rng), "budget is 7, below the initial set of 9")
	config.Members = 0
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(testbed.Oracle(t, 20), rng), "0 members")
	config = smallEnsemble()
	config.Networks.LatentDim = 0
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(testbed.Oracle(t, 20), rng), "LatentDim is 0")
	nets, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: []string{"1", "2"}}, datasets.Choice{Name: "width", Options: []string{"8", "16", "32", "64", "128"}})
	if err != nil {
		t.Fatal(err)
	}
	config = smallEnsemble()
	config.Networks.Directed = true
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: config}).Search(testbed.MadeUpOracle(t, nets, 10), rng), "Directed is set, but the edges of nets have no direction")
	oracle := testbed.Oracle(t, 20)
	oracle.Close()
	expect.ErrorLine(t, (&Ensemble{Backend: backend, Config: smallEnsemble()}).Search(oracle, rng), "oracle is closed")
}

// Fit says what it believes of a whole space, in its order, also where a round scores a part.
func TestFitOfALargeSpace(t *testing.T) {
	config := smallEnsemble()
	config.Enumerated, config.Members = 100, 1
	labelled, rng := make([]datasets.Query, 10), rand.New(rand.NewPCG(1, 2))
	for i := range labelled {
		labelled[i] = datasets.Query{Arch: space.Sample(rng), Accuracy: float64(i)}
	}
	beliefs, err := (&Ensemble{Backend: testbed.Go(t), Config: config}).Fit(space, labelled, rng)
	if err != nil || !slices.Equal(beliefs.Archs, datasets.All(space)) || len(beliefs.Mean) != space.Len() {
		t.Errorf("%d beliefs of other architectures than the %d of the space: %v", len(beliefs.Mean), space.Len(), err)
	}
}

// turned is a space whose neighbours are not canonical.
type turned struct{ nasbenchgraph.Space }

func (s turned) Neighbours(a datasets.Arch) []datasets.Arch {
	neighbours := s.Space.Neighbours(a)
	for i, n := range neighbours {
		if arch := n.(nasbenchgraph.Arch); arch.Links == [4]uint8{} {
			slices.Reverse(arch.Ops[:]) // the four are alike
			neighbours[i] = arch
		}
	}
	return neighbours
}

// Queries for neighbours of the incumbent are made where neighbours are not canonical, too.
func TestNeighboursThatAreNotCanonical(t *testing.T) {
	space := turned{nasbenchgraph.Proteins()}
	incumbent := space.Canonical(nasbenchgraph.Arch{Ops: [4]nasbenchgraph.Op{nasbenchgraph.GCN, nasbenchgraph.SAGE, nasbenchgraph.ARMA, nasbenchgraph.FC}})
	oracle := testbed.MadeUpOracle(t, space, 10)
	if _, err := oracle.QueryAll(incumbent); err != nil {
		t.Fatal(err)
	}
	b := Beliefs{Archs: datasets.All(space), Mean: make([]float64, space.Len()), Deviation: make([]float64, space.Len())}
	neighbours := map[datasets.Arch]bool{}
	for _, a := range space.Neighbours(incumbent) {
		neighbours[space.Canonical(a)] = neighbours[space.Canonical(a)] || a.(nasbenchgraph.Arch).Links == [4]uint8{}
	}
	for i, a := range b.Archs {
		if reversed, ok := neighbours[a]; ok && reversed {
			b.Mean[i] = 1 // the best neighbours are those that come reversed
		} else if !ok {
			b.Mean[i] = 2
		}
	}
	ensemble := &Ensemble{Config: smallEnsemble()}
	ensemble.Config.Local = 1
	chosen := ensemble.mostPromising(oracle, b, 3)
	if len(chosen) != 3 || !neighbours[chosen[2]] {
		t.Errorf("chosen are %v, want the last to be a neighbour of %v", chosen, incumbent)
	}
}

// A space of a single choice is a graph of one node, without pairs.
func TestSpaceOfOneNode(t *testing.T) {
	space, err := datasets.NewChoices("one choice", datasets.Choice{Name: "depth", Options: []string{"2", "4", "8", "16"}})
	if err != nil {
		t.Fatal(err)
	}
	config := smallEnsemble()
	config.Initial, config.Batch, config.Local = 2, 1, 0
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		oracle := testbed.MadeUpOracle(t, space, 4)
		err := (&Ensemble{Backend: backend, Config: config}).Search(oracle, rand.New(rand.NewPCG(1, 2)))
		if err != nil || len(oracle.Log()) != 4 {
			t.Errorf("%d queries of 4: %v", len(oracle.Log()), err)
		}
	})
}

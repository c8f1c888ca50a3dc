package crlso

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// spaces are those of the paper.
var spaces = map[string]datasets.Space{"101": nasbench101.Space{}, "201": space, "301": nasbench301.Space{}}

// partly is a configuration that trains on 300 architectures, until some latents decode to an
// architecture.
func partly() Config {
	c := Tiny201()
	c.HiddenDim, c.TrainingSet, c.InitialSet, c.Budget = 16, 300, 20, 30
	c.Joint = nn.Training{Epochs: 8, Batch: 64, LearningRate: 5e-3, Beta1: 0.9, Beta2: 0.999, ClipNorm: 5}
	return c
}

// TestSearcherInLargeSpaces searches spaces of which the graph VAE sees a small part. A second
// search on a model makes the same queries as on a fresh one, so nothing of the first search's
// labelled architectures is left in the training set; those of the second are in it, and what it
// found later is not, but can be encoded and predicted.
func TestSearcherInLargeSpaces(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	backend := testbed.Go(t)
	for _, name := range []string{"101", "301"} {
		t.Run(name, func(t *testing.T) {
			space, config := spaces[name], partly()
			reused, fresh := &Searcher{Backend: backend, Config: config}, &Searcher{Backend: backend, Config: config}
			searchWith(t, reused, testbed.MadeUpOracle(t, space, 22), 1)
			log := searchWith(t, reused, testbed.MadeUpOracle(t, space, 30), 2)
			if again := searchWith(t, fresh, testbed.MadeUpOracle(t, space, 30), 2); len(log) != 30 || !slices.Equal(log, again) {
				t.Fatalf("%d queries; a fresh model makes others than one that was used before", len(log))
			}
			m := reused.models.Idle()[0]
			trained := make(map[datasets.Arch]bool)
			for _, a := range m.TrainingSet() {
				trained[space.Canonical(a)] = true
			}
			if len(trained) != config.TrainingSet {
				t.Errorf("the training set has %d different architectures, want %d", len(trained), config.TrainingSet)
			}
			var outside []datasets.Arch
			for i, q := range log {
				if !trained[space.Canonical(q.Arch)] {
					outside = append(outside, q.Arch)
					if i < config.InitialSet {
						t.Errorf("labelled architecture %d is not in the training set", i)
					}
				}
			}
			if len(outside) == 0 {
				t.Fatal("the search has found nothing outside the training set")
			}
			latents, err := m.Encode(outside...)
			if err != nil {
				t.Fatal(err)
			}
			predicted, err := m.PseudoLabels(outside...)
			if err != nil {
				t.Fatal(err)
			}
			for i, y := range predicted {
				if math.IsNaN(y+latents[i][0]) || len(latents[i]) != config.LatentDim {
					t.Errorf("%v has latent %v and pseudo-label %g", outside[i], latents[i], y)
				}
			}
		})
	}
}

// TestDrawTrainingSet draws from a finite space each architecture with the same probability, and
// different ones with each seed.
func TestDrawTrainingSet(t *testing.T) {
	t.Parallel()
	counts := make(map[datasets.Arch]int)
	for seed := range uint64(50) {
		archs, whole, err := drawTrainingSet(space, 5000, nn.NewRand(seed, "training set", 0))
		if err != nil || whole || len(archs) != 5000 {
			t.Fatalf("%d architectures, whole: %t (%v)", len(archs), whole, err)
		}
		for _, a := range archs {
			counts[a]++
		}
	}
	chi2, want := 0.0, 50*5000/float64(space.Len())
	for i := range space.Len() {
		d := float64(counts[space.At(i)]) - want
		chi2 += d * d / (want * (1 - 5000/float64(space.Len())))
	}
	if n := float64(space.Len()); math.Abs(chi2-n) > 5*math.Sqrt(2*n) {
		t.Errorf("chi-squared of the draws is %.0f, want about %.0f", chi2, n)
	}
	for _, n := range []int{0, space.Len()} {
		archs, whole, err := drawTrainingSet(space, n, nn.NewRand(1, "training set", 0))
		if err != nil || !whole || len(archs) != space.Len() || archs[1234] != space.At(1234) {
			t.Errorf("a training set of %d is not the whole space in its order (%v)", n, err)
		}
	}
}

// TestTrainingSetOfPart compares latents, with the same initial weights, in a model that knows the
// whole space and in one of a part, which has to reckon with missing edges; and trains the part
// with the labels of some.
func TestTrainingSetOfPart(t *testing.T) {
	t.Parallel()
	all := newModel(t, testbed.Go(t), space, whole())
	config := Tiny201()
	config.TrainingSet, config.Supervised = 50, true
	part := newModel(t, testbed.Go(t), space, config)
	if all.drawn != nil || len(part.TrainingSet()) != 50 {
		t.Fatalf("%d architectures are drawn of all, %d of a part", len(all.drawn), len(part.TrainingSet()))
	}
	archs := []datasets.Arch{space.At(3), part.TrainingSet()[7], space.At(15000)}
	a, err1 := all.Encode(archs...)
	b, err2 := part.Encode(archs...)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for i := range a {
		for j := range a[i] {
			if math.Abs(a[i][j]-b[i][j]) > 1e-5 {
				t.Errorf("%v has latent %v, %v in a model of a part", archs[i], a[i], b[i])
			}
		}
	}

	rng := rand.New(rand.NewPCG(1, 2))
	labelled := []datasets.Query{{Arch: part.TrainingSet()[9], Accuracy: 90}}
	for len(labelled) < 40 {
		labelled = append(labelled, datasets.Query{Arch: space.At(int(rng.Int32N(7000))*2 + len(labelled)%2), Accuracy: 50})
	}
	before := part.TrainingSet()
	if err := part.Include(labelled); err != nil {
		t.Fatal(err)
	}
	labels, err := part.JointLabels(labelled)
	if err != nil {
		t.Fatal(err)
	}
	after, known := part.TrainingSet(), 0
	for i, a := range after {
		if !math.IsNaN(labels[i]) {
			known++
		} else if !slices.Contains(before, a) {
			t.Errorf("%v is neither labelled nor drawn", a)
		}
	}
	if known != 40 || len(after) != 50 {
		t.Errorf("%d of %d architectures are labelled, want 40 of 50", known, len(after))
	}
	if err := part.TrainJoint(t.Context(), labels, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := part.Include(nil); err != nil || !slices.Equal(part.TrainingSet(), before) {
		t.Errorf("without labelled architectures the training set is not what was drawn (%v)", err)
	}
	expect.ErrorLine(t, part.Include(slices.Repeat(labelled, 2)), "TrainingSet is 50, below the 80 labelled")
}

func TestTrainingSetErrors(t *testing.T) {
	backend, config := testbed.Go(t), whole()
	_, err := NewModel(backend, nasbench301.Space{}, config)
	expect.ErrorLine(t, err, "TrainingSet is 0", "NAS-Bench-301 cannot be enumerated", "set how many to draw")
	oracle := testbed.MadeUpOracle(t, nasbench301.Space{}, 60)
	expect.ErrorLine(t, (&Searcher{Backend: backend, Config: config}).Search(oracle, rand.New(rand.NewPCG(1, 1))), "cannot be enumerated")
	if len(oracle.Log()) > 0 {
		t.Error("a configuration that cannot work has cost queries")
	}
	config.TrainingSet = 15626
	_, err = NewModel(backend, space, config)
	expect.ErrorLine(t, err, "TrainingSet is 15626, but NAS-Bench-201 has only 15625 architectures")
	config.TrainingSet = 39
	_, err = NewModel(backend, space, config)
	expect.ErrorLine(t, err, "TrainingSet is 39, want 0 or at least the InitialSet of 40")
	// A space that has no more than its samples show: never enumerated, and soon exhausted.
	_, _, err = drawTrainingSet(onlySample{space, 3}, 4, rand.New(rand.NewPCG(1, 1)))
	expect.ErrorLine(t, err, "nothing new in 100000 samples of NAS-Bench-201, after 3 of 4", "lower TrainingSet")
}

// onlySample is a space that cannot be enumerated and samples n architectures.
type onlySample struct {
	datasets.Space
	n int
}

func (s onlySample) Sample(rng *rand.Rand) datasets.Arch { return space.At(rng.IntN(s.n)) }

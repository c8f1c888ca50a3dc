package search

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats/scalar"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/datasets"
)

func wantClose(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !scalar.EqualWithinAbsOrRel(got, want, 1e-12, 1e-9) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Four observations among the 27 points with three features of three classes. The expected values
// are those of the textbook's formulas in numpy, solved with a dense matrix.
func TestPosterior(t *testing.T) {
	var features [][]int32
	for i := range int32(27) {
		features = append(features, []int32{i / 9, i / 3 % 3, i % 3})
	}
	p := newPosterior(len(features), func(point int) []float64 {
		return covariances(byFeatures(features).from(point), 4)
	}, 0.01)
	p.observe(0)
	p.observe(5, 13, 26)
	mean := p.mean([]float64{-1, 0.5, 2, 0.25})
	for point, want := range map[int]struct{ mean, variance float64 }{
		0:  {-0.9750003125975635, 0.009837331000182692},
		1:  {-0.008778202863184037, 0.32169229173128266},
		8:  {-0.001581620864465727, 0.2317719433664278},
		13: {1.9691995876263737, 0.009837331000182692},
		14: {1.3077956888652926, 0.23177194336642792},
		25: {0.6699039030810616, 0.2994181387277868},
	} {
		wantClose(t, "mean", mean[point], want.mean)
		wantClose(t, "variance", p.variance[point], want.variance)
	}
}

// Without observations the posterior is the prior.
func TestPrior(t *testing.T) {
	p := newPosterior(2, nil, 0.01)
	for i, mean := range p.mean(nil) {
		wantClose(t, "mean", mean, 0)
		wantClose(t, "variance", p.variance[i], 1)
	}
}

// The number of features in which two points differ, and its mean over all pairs, a point and
// itself included.
func TestDiffering(t *testing.T) {
	features := [][]int32{{0, 1, 2}, {0, 1, 1}, {1, 2, 2}, {0, 3, 2}}
	mean := 0.0
	for point, want := range [][]float64{{0, 1, 2, 1}, {1, 0, 3, 2}, {2, 3, 0, 2}, {1, 2, 2, 0}} {
		got := byFeatures(features).from(point)
		if !slices.Equal(got, want) {
			t.Errorf("point %d differs in %v features, want %v", point, got, want)
		}
		mean += stat.Mean(want, nil) / 4
	}
	wantClose(t, "mean", byFeatures(features).meanDistance(), mean)
}

// Observations all at once, in more than one block, make the same posterior as one by one.
func TestObserveInBlocks(t *testing.T) {
	l := LatentGP{Latents: toy.Latents()}
	prior := func(point int) []float64 { return covariances(l.squares(point), 5) }
	atOnce, oneByOne := newPosterior(81, prior, 0.01), newPosterior(81, prior, 0.01)
	points, targets := newSource(1).Perm(81)[:30], make([]float64, 30)
	for i, point := range points {
		targets[i] = float64(i % 7)
		oneByOne.observe(point)
	}
	atOnce.observe(points...)
	want := oneByOne.mean(targets)
	for i, got := range atOnce.mean(targets) {
		wantClose(t, "mean", got, want[i])
		wantClose(t, "variance", atOnce.variance[i], oneByOne.variance[i])
	}
}

// In a space that cannot be enumerated, a round draws what it chooses from: without repetition, and
// enough of the toy space to find its best within a third of it.
func TestGaussianProcessDraws(t *testing.T) {
	for seed := range uint64(5) {
		oracle := newOracle(t, toy.Benchmark{Over: endless{toy.Space{}}}, 27)
		if err := (GaussianProcess{}).Search(oracle, newSource(seed)); err != nil {
			t.Fatal(err)
		}
		drawn := DrawCandidates(oracle.Space(), oracle.Log(), math.MaxInt, drawnRandom, newSource(seed))
		seen, best := map[datasets.Arch]bool{}, 0.0
		for i, a := range drawn {
			if seen[a] || i < len(oracle.Log()) && a != oracle.Log()[i].Arch {
				t.Fatalf("architecture %d, %v, is there twice or is not query %d", i, a, i)
			}
			seen[a] = true
		}
		for _, query := range oracle.Log() {
			best = max(best, query.Accuracy)
		}
		if best != 8 || len(drawn) != 81 {
			t.Errorf("seed %d: the best of %d queries is %v, want 8; %d architectures are drawn", seed, len(oracle.Log()), best, len(drawn))
		}
	}
}

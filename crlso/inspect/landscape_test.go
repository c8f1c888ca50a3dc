package inspect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
)

func newModel(t *testing.T, backend compute.Backend, space datasets.Space, config crlso.Config) *crlso.Model {
	t.Helper()
	m, err := crlso.NewModel(backend, space, config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trained is a small model that decodes some cells, from accuracies in place of pseudo-labels.
func trained(t *testing.T) *crlso.Model {
	t.Helper()
	config := crlso.Tiny201()
	config.TrainingSet = 0
	config.Joint.Epochs, config.Joint.Batch, config.Joint.LearningRate = 15, 256, 1e-2
	config.Joint.Beta1, config.Joint.Beta2 = 0.9, 0.999
	config.ICNNWidth = 32
	m := newModel(t, testbed.Fastest(t), space, config)
	accuracies, err := datasets.Validation(testbed.Table(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.TrainJoint(t.Context(), accuracies, 0, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTrainedSpace looks at a latent space that is trained for a moment.
func TestTrainedSpace(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	m := trained(t)
	t.Run("landscape", func(t *testing.T) { testLandscape(t, m) })
	t.Run("decode around", func(t *testing.T) { testDecodeAround(t, m) })
}

// testLandscape checks that the numbers are possible, and the same each time.
func testLandscape(t *testing.T, m *crlso.Model) {
	table := testbed.Table(t)
	l, err := MeasureLandscape(t.Context(), m, table)
	if err != nil {
		t.Fatal(err)
	}
	again, err := MeasureLandscape(t.Context(), m, table)
	if err != nil {
		t.Fatal(err)
	}
	if l != again {
		t.Errorf("%+v, and then %+v", l, again)
	}
	// Each kind of function can do what the one before it can.
	if !(0 < l.LinearFit && l.LinearFit < l.ConcaveFit && l.ConcaveFit < l.FreeFit && l.FreeFit < 1) {
		t.Errorf("R² is %.3f linear, %.3f concave, %.3f free", l.LinearFit, l.ConcaveFit, l.FreeFit)
	}
	for name, share := range map[string]float64{"free": l.Violations.Model, "random": l.Violations.Random, "good": l.Violations.Good} {
		if !(share > 0 && share < 1) {
			t.Errorf("%s violations are %g, want a share above 0", name, share)
		}
	}
	if !(l.NeighbourDifference > 0 && l.NeighbourDifference < l.PairDifference) {
		t.Errorf("neighbours differ by %g, pairs by %g", l.NeighbourDifference, l.PairDifference)
	}
	// numpy: a = the 15,625 accuracies of cifar10_val; abs(a[:, None] - a).sum() / (15625 * 15624)
	if want := 8.575465; math.Abs(l.PairDifference-want) > 1e-3 {
		t.Errorf("pairs differ by %.4f, want %.4f", l.PairDifference, want)
	}
	// Good cells have no room above them.
	if l.MidpointExcess.Good > 0.5 || math.Abs(l.MidpointExcess.Random) > 50 {
		t.Errorf("midpoints are %g points above random ends, %g above good ones", l.MidpointExcess.Random, l.MidpointExcess.Good)
	}
}

func testDecodeAround(t *testing.T, m *crlso.Model) {
	exact, err := Reconstruct(m, m.TrainingSet())
	if err != nil || exact.Exact < 0.1 {
		t.Fatal(exact, err)
	}
	all, err := DecodeAround(m, space.Len(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(all[0].Same-exact.Exact) > 1e-9 || math.Abs(all[0].Valid-1) > 1e-9 || math.Abs(all[0].Distinct-1) > 1e-9 {
		t.Errorf("without noise %+v, but %+v", all[0], exact)
	}
	around, err := DecodeAround(m, 200, 10, 0, 0.3, 3)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(around[0].Distinct-0.1) > 1e-9 {
		t.Errorf("ten copies without noise decode to %.3f different cells each, want 0.1", around[0].Distinct)
	}
	for i := 1; i < 3; i++ {
		if around[i].Same >= around[i-1].Same || around[i].Distinct <= around[i-1].Distinct {
			t.Errorf("noise of %g gives %+v, %g gives %+v", around[i-1].Noise, around[i-1], around[i].Noise, around[i])
		}
	}
}

func TestBestAndPairs(t *testing.T) {
	if got := stats.Best([]float64{3, 9, 5, 9}, 3); !slices.Equal(got, []int{1, 3, 2}) {
		t.Errorf("the best rows are %v, want [1 3 2]", got)
	}
	latents := [][]float64{{0}, {1}, {2}}
	a, b := Pairs(rand.New(rand.NewPCG(1, 1)), latents, 600)
	count := map[[2]float64]int{}
	for i := range a {
		count[[2]float64{a[i][0], b[i][0]}]++
	}
	if len(count) != 6 {
		t.Errorf("%d ordered pairs of three, want 6: %v", len(count), count)
	}
	for pair, n := range count {
		if pair[0] == pair[1] || n < 60 || n > 140 {
			t.Errorf("the pair %v is drawn %d times of 600", pair, n)
		}
	}
}

// space is NAS-Bench-201.
var space = nasbench201.Space{}

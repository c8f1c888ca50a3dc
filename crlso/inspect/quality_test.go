package inspect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
)

// TestGenerate counts by hand what random latents decode to, in a space where many scores make no
// architecture.
func TestGenerate(t *testing.T) {
	t.Parallel()
	config := crlso.Tiny201()
	config.HiddenDim, config.TrainingSet, config.InitialSet = 16, 300, 20
	config.Joint = nn.Training{Epochs: 8, Batch: 64, LearningRate: 5e-3, Beta1: 0.9, Beta2: 0.999, ClipNorm: 5}
	config.PerformanceWeight = 0
	space := nasbench101.Space{}
	m := newModel(t, testbed.Go(t), space, config)
	if err := m.TrainJoint(t.Context(), nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	latents := testbed.Latents(rand.New(rand.NewPCG(1, 2)), 500, config.LatentDim, 1)
	got, err := Generate(m, latents)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := m.Decode(latents)
	if err != nil {
		t.Fatal(err)
	}
	valid, different := 0.0, make(map[datasets.Arch]bool)
	for _, d := range decoded {
		if d.Err == nil {
			valid++
			different[space.Canonical(d.Arch)] = true
		}
	}
	if valid == 0 || valid == 500 || len(different) == int(valid) {
		t.Fatalf("%g of 500 decodings are valid and %d different: this shows nothing", valid, len(different))
	}
	if want := (Generation{valid / 500, float64(len(different)) / valid}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestReportDecoder reports on a decoder in which every cell is valid. All of the training set is
// what Reconstruct takes too; and without noise, latents around it decode to as many different
// cells, at least, as decode to themselves.
func TestReportDecoder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := crlso.Tiny201()
	config.TrainingSet, config.SearchNoise = 200, 0
	config.Joint = nn.Training{Epochs: 60, Batch: 50, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999}
	config.PerformanceWeight = 0
	m := newModel(t, testbed.Go(t), space, config)
	if err := m.TrainJoint(t.Context(), nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	report, err := ReportDecoder(m, 1000, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	all, err := Reconstruct(m, m.TrainingSet())
	if err != nil || report.Reconstruction != all {
		t.Errorf("%+v, of all the training set %+v (%v)", report.Reconstruction, all, err)
	}
	if all.Exact == 0 || report.AroundData.Unique < all.Exact-1e-9 {
		t.Errorf("%+v: %g of all cells decode to themselves", report, all.Exact)
	}
	if report.Prior.Valid != 1 || report.AroundData.Valid != 1 || report.Prior == report.AroundData {
		t.Errorf("%+v: want all valid, and another answer for the prior", report)
	}

	// A cell in place of all others is reconstructed never or always.
	one, err := Reconstruct(m, []datasets.Arch{space.At(5), space.At(5)})
	if err != nil || one.Exact != math.Round(one.Exact) || one.Valid != 1 {
		t.Errorf("reconstruction of one cell is %+v (%v)", one, err)
	}
	_, err = ReportDecoder(m, 0, rand.New(rand.NewPCG(1, 2)))
	expect.ErrorLine(t, err, "0 architectures, want at least 1")
}

package scale

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// TestScales checks that every configuration of the notebooks can work on its space, and that those
// of NAS-Bench-201 are what published numbers were made with.
func TestScales(t *testing.T) {
	laptop, smoke := crlso.Released201(), crlso.Released201()
	laptop.Joint.Epochs = 80
	smoke.HiddenDim, smoke.ICNNWidth, smoke.PredictorDim, smoke.PredictorCode = 32, 16, 32, 32
	smoke.Predictor.Epochs, smoke.Joint.Epochs, smoke.FineTune.Epochs = 40, 2, 5
	smoke.Predictor.LearningRate, smoke.Joint.LearningRate = 1e-3, 1e-3
	smoke.InitialSet, smoke.Budget = 60, 100
	for name, want := range map[string]crlso.Config{"smoke": smoke, "laptop": laptop, "": laptop, "paper": crlso.Paper201()} {
		t.Setenv("CRLSO_SCALE", name)
		for space, config := range map[datasets.Space]crlso.Config{
			nasbench201.Space{}: Config201(), nasbench101.Space{}: Config101(), nasbench301.Space{}: Config301(),
		} {
			if err := config.ValidateFor(space); err != nil {
				t.Errorf("%s at scale %q: %v", space.Name(), name, err)
			}
		}
		if got := Config201(); got != want {
			t.Errorf("NAS-Bench-201 at scale %q: %+v, want %+v", name, got, want)
		}
		if got := Of("smoke", "laptop", "paper"); got != Current() {
			t.Errorf("at scale %q, Of chooses %q", name, got)
		}
	}
}

// A scale that there is not ends a notebook with one line.
func TestUnknownScale(t *testing.T) {
	t.Setenv("CRLSO_SCALE", "huge")
	defer func() {
		const want = `CRLSO_SCALE is "huge"; known scales are smoke, laptop, paper`
		if got := recover(); got != want {
			t.Errorf("%v, want %s", got, want)
		}
	}()
	Current()
}

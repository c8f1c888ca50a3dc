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
	for space, at := range map[datasets.Space]func(string) (crlso.Config, error){
		nasbench201.Space{}: Config201, nasbench101.Space{}: Config101, nasbench301.Space{}: Config301,
	} {
		for _, scale := range Names {
			config, err := at(scale)
			if err == nil {
				err = config.ValidateFor(space)
			}
			if err != nil {
				t.Errorf("%s at scale %s: %v", space.Name(), scale, err)
			}
		}
		byDefault, err1 := at("")
		laptop, err2 := at("laptop")
		if err1 != nil || err2 != nil || byDefault != laptop {
			t.Errorf("%s: the default scale is not laptop (%v, %v)", space.Name(), err1, err2)
		}
		const want = `unknown scale "huge"; known are smoke, laptop, paper`
		if _, err := at("huge"); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	laptop, smoke := crlso.Released201(), crlso.Released201()
	laptop.Joint.Epochs = 80
	smoke.HiddenDim, smoke.ICNNWidth, smoke.PredictorDim, smoke.PredictorCode = 32, 16, 32, 32
	smoke.Predictor.Epochs, smoke.Joint.Epochs, smoke.FineTune.Epochs = 40, 2, 5
	smoke.Predictor.LearningRate, smoke.Joint.LearningRate = 1e-3, 1e-3
	smoke.InitialSet, smoke.Budget = 60, 100
	for scale, want := range map[string]crlso.Config{"smoke": smoke, "laptop": laptop, "paper": crlso.Paper201()} {
		if got, err := Config201(scale); err != nil || got != want {
			t.Errorf("NAS-Bench-201 at scale %s: %+v, want %+v (%v)", scale, got, want, err)
		}
	}
}

// Package scale says what smoke, laptop and paper mean in the notebooks.
package scale

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
)

// Names are the scales of the notebooks, the smallest first.
var Names = []string{"smoke", "laptop", "paper"}

// Current returns the scale that the notebook runs at, $CRLSO_SCALE, or laptop if that is not set.
// It panics if there is no such scale.
func Current() string {
	name := os.Getenv("CRLSO_SCALE")
	if name == "" {
		return "laptop"
	}
	if !slices.Contains(Names, name) {
		panic(fmt.Sprintf("CRLSO_SCALE is %q; known scales are %s", name, strings.Join(Names, ", ")))
	}
	return name
}

// Of returns what is chosen for the current scale.
func Of[T any](smoke, laptop, paper T) T {
	return map[string]T{"smoke": smoke, "laptop": laptop, "paper": paper}[Current()]
}

// Config201 returns the configuration for NAS-Bench-201 at the current scale:
//
//	smoke   networks of an eighth of the width and two epochs: shows that everything runs
//	laptop  Released201 with 80 epochs of joint training instead of 200
//	paper   Paper201
func Config201() crlso.Config {
	laptop := crlso.Released201()
	laptop.Joint.Epochs = 80
	smoke := smokeOf(laptop)
	smoke.Joint.Epochs, smoke.Joint.LearningRate = 2, 1e-3
	return Of(smoke, laptop, crlso.Paper201())
}

// Config101 is Config201 for NAS-Bench-101:
//
//	smoke   1,000 cells, small networks
//	laptop  30,000 cells, Released101 with 30 epochs of a faster schedule of this project's
//	paper   Released101, all 423,624 cells
func Config101() crlso.Config {
	laptop := crlso.Released101()
	laptop.TrainingSet = 30_000
	laptop.Joint = nn.QuickTraining(30, 128)
	laptop.Joint.LearningRate = 5e-4 // at 1e-3, networks of this width diverge
	laptop.SearchNoise = 0.2         // with 0.05, from some round on no start leads to a new cell
	smoke := smokeOf(laptop)
	smoke.TrainingSet, smoke.Joint = 1000, nn.QuickTraining(25, 50)
	smoke.SearchNoise = 1 // or its decoder, hardly trained, would say little that is new
	return Of(smoke, laptop, crlso.Released101())
}

// Config301 is Config201 for NAS-Bench-301:
//
//	smoke   1,000 architectures, small networks
//	laptop  Extended301 with 20,000 architectures and 40 epochs
//	paper   Extended301, 100,000 architectures
func Config301() crlso.Config {
	laptop := crlso.Extended301()
	laptop.TrainingSet = 20_000
	laptop.Joint = nn.QuickTraining(40, 128)
	smoke := smokeOf(laptop)
	smoke.TrainingSet, smoke.Joint = 1000, nn.QuickTraining(5, 50)
	smoke.SearchNoise = 1
	return Of(smoke, laptop, crlso.Extended301())
}

// smokeOf returns c with small networks and few labels. Joint training is for the caller to
// shorten.
func smokeOf(c crlso.Config) crlso.Config {
	c.HiddenDim, c.ICNNWidth, c.PredictorDim, c.PredictorCode = 32, 16, 32, 32
	c.Predictor.Epochs, c.FineTune.Epochs = 40, 5
	c.Predictor.LearningRate = 1e-3
	c.InitialSet, c.Budget = 60, 100
	return c
}

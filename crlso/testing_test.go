package crlso

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// small is a configuration that trains in a moment, on a part of the space. Most of what a test costs is XLA's compiling, and a
// program is compiled once for all tests whose configurations differ in nothing but seeds, epochs and learning rates: see
// package compilecache.
func small() Config {
	c := Released201()
	c.LatentDim, c.HiddenDim, c.EncoderLayers = 5, 24, 2
	c.ICNNWidth, c.ICNNLayers = 12, 2
	c.PredictorDim, c.PredictorLayers, c.PredictorCode = 12, 2, 6
	c.TrainingSet = 1000
	c.Joint.Epochs, c.Joint.Batch, c.Joint.LearningRate = 2, 100, 3e-3
	c.Predictor.Epochs, c.FineTune.Epochs = 3, 3
	c.InitialSet, c.Budget, c.TopK = 40, 60, 5
	return c
}

// whole is small on the whole space, in which every pair of nodes has an edge.
func whole() Config {
	c := small()
	c.TrainingSet = 0
	c.Joint.Batch, c.Joint.LearningRate = 1600, 1e-3
	return c
}

// space is NAS-Bench-201.
var space = nasbench201.Space{}

func newModel(t testing.TB, backend compute.Backend, space datasets.Space, config Config) *Model {
	t.Helper()
	m, err := NewModel(backend, space, config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trueAccuracies are those of a model's training set. They stand in for pseudo-labels where a test needs no predictor.
func trueAccuracies(t testing.TB, m *Model) []float64 {
	t.Helper()
	return trainingLabels(t, m, testbed.Table(t))
}

// weightsOf returns all weights and moments by path.
func weightsOf(t testing.TB, m *Model) map[string][]float32 {
	t.Helper()
	out := make(map[string][]float32)
	for v := range m.store.IterVariables() {
		if v.DType() != dtypes.Float32 {
			continue // GoMLX's checkpoints add a step counter
		}
		out[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
	}
	return out
}

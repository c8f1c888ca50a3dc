package crlso

import (
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"
)

// whole is Tiny201 on the whole space, in which every pair of nodes has an edge.
func whole() Config {
	c := Tiny201()
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

// trueAccuracies are those of a model's training set. They stand in for pseudo-labels where a test
// needs no predictor.
func trueAccuracies(t testing.TB, m *Model) []float64 {
	t.Helper()
	return trainingLabels(t, m, testbed.Table(t))
}

// midpointGaps returns how far 1 - f lies above its chords, in the middle between each latent of
// the first half and one of the second: negative where 1 - f is not concave.
func midpointGaps(t testing.TB, m *Model, latents [][]float64) (gaps []float64) {
	t.Helper()
	half := len(latents) / 2
	middles := make([][]float64, half)
	for i := range middles {
		middles[i] = floats.AddTo(make([]float64, len(latents[i])), latents[i], latents[half+i])
		floats.Scale(0.5, middles[i])
	}
	values, err := m.Performance(slices.Concat(latents[:2*half], middles))
	if err != nil {
		t.Fatal(err)
	}
	for i := range middles {
		gaps = append(gaps, values[2*half+i]-(values[i]+values[half+i])/2)
	}
	return gaps
}

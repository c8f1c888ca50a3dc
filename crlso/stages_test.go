package crlso

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
)

// TestBackendsAgree trains ten steps on XLA and on the Go backend: losses and weights differ by
// less than 1e-3.
func TestBackendsAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := whole()
	config.Joint.Epochs = 1
	weights := make(map[string]map[string][]float32)
	losses := make(map[string][]Loss)
	for name, open := range testbed.Backends {
		m := newModel(t, open(t), space, config)
		err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, func(e Epoch) error { losses[name] = e.Losses; return nil })
		if err != nil {
			t.Fatal(err)
		}
		weights[name] = testbed.Weights(t, m.Store())
	}
	for name := range testbed.Backends {
		for i, loss := range losses["go"] {
			if other := losses[name][i].Value; math.Abs(loss.Value-other) > 1e-3*math.Abs(loss.Value) {
				t.Errorf("%s loss is %g on go and %g on %s", loss.Name, loss.Value, other, name)
			}
		}
		for path, values := range weights["go"] {
			for i, value := range values {
				if other := weights[name][path][i]; math.Abs(float64(value-other)) > 1e-3 {
					t.Fatalf("%s[%d] is %g on go and %g on %s", path, i, value, other, name)
				}
			}
		}
	}
}

// TestRepeatable trains twice with one seed and once with another.
func TestRepeatable(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		train := func(seed uint64) string {
			config := Tiny201()
			config.Seed = seed
			m := newModel(t, backend, space, config)
			if err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(testbed.Weights(t, m.Store()))
		}
		first := train(1)
		if train(1) != first {
			t.Error("the same seed gives other weights")
		}
		if train(2) == first {
			t.Error("another seed gives the same weights")
		}
	})
}

// TestTrainPredictor fits the labelled set and lowers its loss.
func TestTrainPredictor(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		config := Tiny201()
		config.Predictor.Epochs, config.Predictor.LearningRate = 45, 1e-2
		m := newModel(t, backend, space, config)
		oracle := testbed.Oracle(t, config.Budget)
		if err := m.LabelInitialSet(oracle); err != nil {
			t.Fatal(err)
		}
		var epochs []Epoch
		err := m.TrainPredictor(t.Context(), oracle.Log(), func(e Epoch) error { epochs = append(epochs, e); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if len(epochs) != 3 || epochs[2].Number != 45 {
			t.Fatalf("reports %+v, want them at epochs 20, 40 and 45", epochs)
		}
		if first, last := epochs[0].Losses[0].Value, epochs[2].Losses[0].Value; last > first/2 {
			t.Errorf("squared error went from %g to %g", first, last)
		}
		labelled := oracle.Log()
		y, err := m.PseudoLabels(datasets.Archs(labelled)...)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, q := range labelled {
			sum += (y[i] - q.Accuracy) * (y[i] - q.Accuracy) / float64(len(y)) / 1e4
		}
		if last := epochs[2].Losses[0].Value; sum > 2*last {
			t.Errorf("squared error of the pseudo-labels is %g, in training it was %g", sum, last)
		}
	})
}

func TestTrainingErrors(t *testing.T) {
	t.Parallel()
	m := newModel(t, testbed.Fastest(t), space, whole())
	expect.ErrorLine(t, m.TrainJoint(t.Context(), []float64{1}, 0, nil), "1 labels for the 15625 architectures of the training set")
	expect.ErrorLine(t, m.TrainPredictor(t.Context(), nil, nil), "no labelled architectures")

	y := trueAccuracies(t, m)
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	expect.ErrorLine(t, m.TrainJoint(cancelled, y, 0, nil), "joint training, epoch 1 of 2", "interrupted")

	config := Tiny201()
	config.Joint.LearningRate = 1e30
	m = newModel(t, testbed.Fastest(t), space, config)
	expect.ErrorLine(t, m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil), "diverged", "lower the learning rate")

	_, err := m.Performance([][]float64{{1, 2}})
	expect.ErrorLine(t, err, "latent 0 has 2 dimensions, want 5")
}

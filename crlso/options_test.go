package crlso

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/gomlx/compute"
)

// jointly trains a model with labels and returns its weights.
func jointly(t *testing.T, backend compute.Backend, config Config, labels []float64) map[string][]float32 {
	t.Helper()
	m := newModel(t, backend, space, config)
	if err := m.TrainJoint(t.Context(), labels, 0, nil); err != nil {
		t.Fatal(err)
	}
	return testbed.Weights(t, m.Store())
}

// differs reports whether weights below a scope are not the same.
func differs(a, b map[string][]float32, scope string) bool {
	for path := range a {
		if strings.HasPrefix(path, scope+"/") && !slices.Equal(a[path], b[path]) {
			return true
		}
	}
	return false
}

// TestPerformanceWeight trains the graph VAE with all, half and none of the surrogate's regression.
// Without, the surrogate stays as it was drawn, and no labels are needed.
func TestPerformanceWeight(t *testing.T) {
	t.Parallel()
	backend, config := testbed.Go(t), Tiny201()
	config.Joint.Epochs = 1
	m := newModel(t, backend, space, config)
	fresh, y := testbed.Weights(t, m.Store()), trueAccuracies(t, m)
	whole := jointly(t, backend, config, y)
	config.PerformanceWeight = 0.5
	half := jointly(t, backend, config, y)
	config.PerformanceWeight = 0
	none := jointly(t, backend, config, nil)
	if !differs(whole, fresh, icnnScope) || differs(none, fresh, icnnScope) {
		t.Error("the surrogate is not trained with a weight of 1, or is with 0")
	}
	if !differs(whole, half, encoderScope) || !differs(half, none, encoderScope) {
		t.Error("the weight of the regression does not matter to the encoder")
	}
	if !differs(none, fresh, encoderScope) || !differs(none, fresh, decoderScope) {
		t.Error("the graph VAE is not trained with a weight of 0")
	}
}

// TestSupervised gives joint training the labels of a part of the space. Whatever the others' would
// be does not matter, and with all labels known, the result is the one of semi-supervised training.
func TestSupervised(t *testing.T) {
	t.Parallel()
	config := Tiny201()
	config.Supervised = true
	m := newModel(t, testbed.Fastest(t), space, config)
	oracle := testbed.Oracle(t, config.Budget)
	if err := m.LabelInitialSet(oracle); err != nil {
		t.Fatal(err)
	}
	if err := m.Include(oracle.Log()); err != nil {
		t.Fatal(err)
	}
	labels, err := m.JointLabels(oracle.Log())
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for i, label := range labels {
		accuracy, _ := oracle.Query(m.TrainingSet()[i]) // answers without cost what it knows, and what is left of the budget
		if !math.IsNaN(label) {
			known++
			if label != accuracy {
				t.Errorf("label of architecture %d is %g, want %g", i, label, accuracy)
			}
		}
	}
	if known != config.InitialSet {
		t.Errorf("%d labels, want those of the %d in the initial set", known, config.InitialSet)
	}

	// The squared error of the labelled ones falls, those of all others do not enter.
	config.Joint.Epochs = 6
	m = newModel(t, testbed.Fastest(t), space, config)
	if err := m.Include(oracle.Log()); err != nil {
		t.Fatal(err)
	}
	var regression []float64
	err = m.TrainJoint(t.Context(), labels, 0, func(e Epoch) error {
		regression = append(regression, e.Losses[3].Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if regression[5] > regression[0]/2 || !(regression[5] > 0) {
		t.Errorf("regression on the labelled architectures goes %v", regression)
	}
	for _, v := range testbed.Weights(t, m.Store()) {
		for _, w := range v {
			if w != w {
				t.Fatal("missing labels make weights NaN")
			}
		}
	}

	// What is handed over for a released configuration are pseudo-labels.
	m.Config.Supervised = false
	pseudo, err := m.PseudoLabels(m.TrainingSet()...)
	if err != nil {
		t.Fatal(err)
	}
	labels, err = m.JointLabels(oracle.Log())
	if err != nil || !slices.Equal(labels, pseudo) {
		t.Errorf("semi-supervised labels are not the predictor's (%v)", err)
	}
}

// TestLabelTransform checks what the networks see: fractions of accuracies by default, and normal
// quantiles with the location and scale of the documentation.
func TestLabelTransform(t *testing.T) {
	t.Parallel()
	accuracies := []float64{91, 10, 90.5, 88, 10}
	if got := FractionLabels.targets(accuracies); !slices.Equal(got, accuracies) {
		t.Errorf("%v became %v", accuracies, got)
	}
	got := QuantileLabels.targets(accuracies)
	for i, q := range stats.NormalQuantiles(accuracies) {
		if want := 80 + 10*q; math.Abs(got[i]-want) > 1e-9 {
			t.Errorf("target %d is %g, want %g", i, got[i], want)
		}
	}
	if accuracies[0] != 91 {
		t.Error("the accuracies themselves were changed")
	}

	// A monotone change of all accuracies changes nothing that is trained on quantiles, predictor
	// and fine-tuned surrogate, and does on fractions.
	for _, transform := range []LabelTransform{QuantileLabels, FractionLabels} {
		var predictors [2]map[string][]float32
		var fits [2]float64
		for i := range fits {
			config := Tiny201()
			config.LabelTransform = transform
			oracle := testbed.Oracle(t, config.Budget)
			m := newModel(t, testbed.Go(t), space, config)
			if err := m.LabelInitialSet(oracle); err != nil {
				t.Fatal(err)
			}
			queries := slices.Clone(oracle.Log())
			var labelled []entry
			for j := range queries {
				if i == 1 {
					queries[j].Accuracy *= queries[j].Accuracy / 100
				}
				labelled = append(labelled, entry{make([]float64, config.LatentDim), queries[j].Accuracy})
			}
			if err := m.TrainPredictor(t.Context(), queries, nil); err != nil {
				t.Fatal(err)
			}
			predictors[i] = testbed.Weights(t, m.Store())
			p, err := m.searchPrograms(searchSize{searches: 1, capacity: config.Budget})
			if err != nil {
				t.Fatal(err)
			}
			losses, err := m.fineTune(t.Context(), p, []*seedSearch{{known: oracle, labelled: labelled}}, 1)
			if err != nil {
				t.Fatal(err)
			}
			fits[i] = losses[0]
		}
		same := transform == QuantileLabels
		if differs(predictors[0], predictors[1], predictorScope) == same || (fits[0] == fits[1]) != same {
			t.Errorf("%s: whether bent accuracies give the same predictor and fit is not as it should be (fits %v)", transform, fits)
		}
	}
}

// TestPretrain trains the graph VAE without labels: reconstruction rises, the surrogate stays as it
// was drawn, and the result depends on nothing but the seed, not even on what was trained before.
func TestPretrain(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		config := Tiny201()
		config.Pretrain = pretraining(2)
		m := newModel(t, backend, space, config)
		fresh := testbed.Weights(t, m.Store())
		var weights [2]map[string][]float32
		for i := range weights {
			var losses []float64
			if err := m.Pretrain(t.Context(), 0, func(e Epoch) error { losses = append(losses, e.Losses[1].Value); return nil }); err != nil {
				t.Fatal(err)
			}
			if len(losses) != 2 || losses[1] > 0.9*losses[0] {
				t.Errorf("reconstruction loss goes %v", losses)
			}
			weights[i] = testbed.Weights(t, m.Store())
		}
		if differs(weights[0], fresh, icnnScope) || differs(weights[0], fresh, predictorScope) {
			t.Error("pretraining changes surrogate or predictor")
		}
		if differs(weights[0], weights[1], gvaeScope) {
			t.Error("pretraining what was trained before gives other weights")
		}
	})
}

// TestWarmUp fits the surrogate to the latents of an untrained encoder: the first squared error of
// joint training is a small part of what it is without, nothing but the surrogate has changed by
// then, and a second warm-up gives the same.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	backend := testbed.Go(t)
	config := Tiny201()
	config.Joint.Epochs, config.Joint.LearningRate = 1, 1e-3
	firstError := func(m *Model) (value float64) {
		if err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, func(e Epoch) error { value = e.Losses[3].Value; return nil }); err != nil {
			t.Fatal(err)
		}
		return value
	}
	cold := firstError(newModel(t, backend, space, config))
	config.WarmUp = nn.Training{Epochs: 10, Batch: 100, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999}
	m := newModel(t, backend, space, config)
	fresh := testbed.Weights(t, m.Store())
	var weights [2]map[string][]float32
	for i := range weights {
		if err := m.warmUp(t.Context(), trueAccuracies(t, m)); err != nil {
			t.Fatal(err)
		}
		weights[i] = testbed.Weights(t, m.Store())
	}
	if differs(weights[0], weights[1], icnnScope) || !differs(fresh, weights[0], icnnScope) {
		t.Error("the warm-up does not give the same surrogate twice, or does not train it")
	}
	for _, scope := range []string{encoderScope, decoderScope, predictorScope} {
		if differs(fresh, weights[0], scope) {
			t.Errorf("the warm-up changes %s", scope)
		}
	}
	if warm := firstError(m); warm > cold/2 {
		t.Errorf("squared error in the first epoch is %g after a warm-up and %g without", warm, cold)
	}
}

// TestBFloat16 trains jointly with rounded products: losses are near those of float32, and not the
// same.
func TestBFloat16(t *testing.T) {
	t.Parallel()
	config := Tiny201()
	config.Joint.Epochs = 1
	train := func(half bool) (losses []Loss, weights map[string][]float32) {
		m := newModel(t, testbed.Fastest(t), space, config)
		m.BFloat16 = half
		err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, func(e Epoch) error {
			losses = e.Losses
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return losses, testbed.Weights(t, m.Store())
	}
	want, weights := train(false)
	got, rounded := train(true)
	for i := range want {
		if d := math.Abs(got[i].Value/want[i].Value - 1); d == 0 || d > 0.05 {
			t.Errorf("%s is %g with rounded products and %g without", got[i].Name, got[i].Value, want[i].Value)
		}
	}
	for _, scope := range []string{encoderScope, decoderScope, icnnScope} {
		if !differs(weights, rounded, scope) {
			t.Errorf("products below %s were not rounded", scope)
		}
	}
}

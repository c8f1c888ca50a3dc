package crlso

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// TestBackendsAgree trains ten steps on XLA and on the Go backend: losses and weights differ by less than 1e-3.
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
		weights[name] = weightsOf(t, m)
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
			config := small()
			config.Seed = seed
			m := newModel(t, backend, space, config)
			if err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(weightsOf(t, m))
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

// TestAdam compares ten steps with GoMLX's own Adam, on a sum of squares with one example a step.
func TestAdam(t *testing.T) {
	const steps = 10
	targets := [][]float32{{1, -2, 3}, {0.5, 4, -1}}
	start := []float32{0.1, -0.3, 2}
	loss := func(w, target *Node) *Node {
		return ReduceAllSum(Mul(Square(Sub(w, target)), Const(w.Graph(), []float32{1, 3, 0.01})))
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		for _, betas := range [][2]float64{{0, 0.5}, {0.9, 0.999}} {
			library := model.NewStore()
			w := library.VariableWithValue("/net/w", start)
			adam := optimizer.Adam().LearningRate(0.05).Betas(betas[0], betas[1]).Epsilon(1e-8).Done()
			exec := model.MustNewExec(backend, library, func(scope *model.Scope, target *Node) *Node {
				value := loss(w.NodeValue(target), target)
				adam.UpdateGraph(scope.At("net"), target.Graph(), value)
				return value
			})

			ours := model.NewStore()
			v := ours.VariableWithValue("/net/w", start)
			config := Training{Epochs: 1, Batch: 1, LearningRate: 0.05, Beta1: betas[0], Beta2: betas[1]}
			trainer, err := newTrainer(backend, ours, config, 1, objective{scope: "/net", names: []string{"loss"},
				loss: func(tables, batch []*Node) []*Node {
					target := Squeeze(Gather(tables[0], InsertAxes(batch[1], -1)), 0)
					return []*Node{loss(v.NodeValue(target), target)}
				}})
			if err != nil {
				t.Fatal(err)
			}
			s := schedule{steps: steps, batch: 1}
			for i := range steps {
				s.indices = append(s.indices, int32(i%2))
				s.weights = append(s.weights, 1)
				s.rates = append(s.rates, 0.05)
			}
			means, err := trainer.run(t.Context(), s, 0, []*tensors.Tensor{tensors.FromValue(targets)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i := range steps {
				sum += float64(exec.MustExec1(targets[i%2]).Value().(float32))
			}
			if math.Abs(means[0]-sum/steps) > 1e-4 {
				t.Errorf("betas %v: mean loss %g, GoMLX has %g", betas, means[0], sum/steps)
			}
			want, got := w.MustValue().Value().([]float32), v.MustValue().Value().([]float32)
			for i := range want {
				if math.Abs(float64(want[i]-got[i])) > 1e-5 {
					t.Errorf("betas %v: weight %d is %g, GoMLX has %g", betas, i, got[i], want[i])
				}
			}
		}
	})
}

// TestWeightDecayAndClipping makes one step by hand. Adam's first step is the sign of the gradient
// times the rate, so the second moment it leaves behind shows the gradient that it got.
func TestWeightDecayAndClipping(t *testing.T) {
	backend := testbed.Fastest(t)
	store := model.NewStore()
	a, b := store.VariableWithValue("/net/a", []float32{2}), store.VariableWithValue("/net/b", []float32{-1, 0})
	config := Training{Epochs: 1, Batch: 1, LearningRate: 0.1, Beta1: 0, Beta2: 0.5, WeightDecay: 0.25, ClipNorm: 1}
	trainer, err := newTrainer(backend, store, config, 0, objective{scope: "/net", names: []string{"loss"},
		loss: func(_, batch []*Node) []*Node {
			x := batch[0]
			return []*Node{Add(MulScalar(ReduceAllSum(a.NodeValue(x)), 3), MulScalar(ReduceAllSum(Slice(b.NodeValue(x), AxisRange(0, 1))), 4))}
		}})
	if err != nil {
		t.Fatal(err)
	}
	s := schedule{steps: 1, batch: 1, indices: []int32{0}, weights: []float32{1}, rates: []float32{0.1}}
	if _, err := trainer.run(t.Context(), s, 0, nil, nil); err != nil {
		t.Fatal(err)
	}
	// The gradient (3, 4, 0) has norm 5 and is clipped to (0.6, 0.8, 0); then 0.25 w is added: (1.1, 0.55, 0).
	for path, want := range map[string][]float32{
		"/net/a":                    {1.9},
		"/net/b":                    {-1.1, 0},
		"/adam/second_moment/net/a": {1.1 * 1.1 / 2},
		"/adam/second_moment/net/b": {0.55 * 0.55 / 2, 0},
	} {
		for i, got := range store.GetVariable(path).MustValue().Value().([]float32) {
			if math.Abs(float64(got-want[i])) > 1e-5 {
				t.Errorf("%s[%d] is %g, want %g", path, i, got, want[i])
			}
		}
	}
}

// TestLearningRate compares with torch.optim.lr_scheduler.CosineAnnealingLR(T_max=4, eta_min=0.1) from 0.9:
// its closed form at quarters of the half wave.
func TestLearningRate(t *testing.T) {
	config := Training{Epochs: 4, LearningRate: 0.9, MinLearningRate: 0.1}
	for epoch, want := range []float64{0.9, 0.5 + 0.4*math.Sqrt2/2, 0.5, 0.5 - 0.4*math.Sqrt2/2} {
		if got := config.rate(epoch); math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: rate %g, want %g", epoch, got, want)
		}
	}
}

// TestSchedule checks that every epoch visits every example once.
func TestSchedule(t *testing.T) {
	config := Training{Epochs: 5, Batch: 4, LearningRate: 1}
	s := config.newSchedule(rand.New(rand.NewPCG(1, 1)), 10, 2, 3, 20)
	if s.steps != 9 || len(s.rates) != 20 || len(s.indices) != 80 {
		t.Fatalf("%d steps, arrays for %d and %d", s.steps, len(s.rates), len(s.indices))
	}
	for epoch := range 3 {
		seen := make(map[int32]int)
		for i := epoch * 12; i < (epoch+1)*12; i++ {
			if s.weights[i] == 1 {
				seen[s.indices[i]]++
			}
		}
		if len(seen) != 10 {
			t.Errorf("epoch %d visits %d examples, want 10", epoch, len(seen))
		}
		if got, want := s.rates[epoch*3], float32(config.rate(2+epoch)); got != want {
			t.Errorf("epoch %d has rate %g, want %g", epoch, got, want)
		}
	}
	for i := 36; i < 80; i++ {
		if s.weights[i] != 0 {
			t.Fatalf("weight %d beyond the last epoch is %g", i, s.weights[i])
		}
	}
}

// TestTrainPredictor fits the labelled set and lowers its loss.
func TestTrainPredictor(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		config := small()
		config.Predictor.Epochs, config.Predictor.LearningRate = 45, 1e-2
		m := newModel(t, backend, space, config)
		oracle := newOracle(t, config.Budget)
		if err := m.drawInitialSet(oracle); err != nil {
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
		y, err := m.PseudoLabels(archsOf(labelled)...)
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

	config := small()
	config.Joint.LearningRate = 1e30
	m = newModel(t, testbed.Fastest(t), space, config)
	expect.ErrorLine(t, m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil), "diverged", "lower the learning rate")

	_, err := m.Performance([][]float64{{1, 2}})
	expect.ErrorLine(t, err, "latent 0 has 2 dimensions, want 5")
	_, err = m.MidpointGaps(make([][]float64, 1), make([][]float64, 2))
	expect.ErrorLine(t, err, "1 starts, 2 ends")
}

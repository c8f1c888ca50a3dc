package nn

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

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
			trainer, err := NewTrainer(backend, ours, config, 1, Objective{Scope: "/net", Names: []string{"loss"},
				Loss: func(tables, batch []*Node) []*Node {
					target := Squeeze(Gather(tables[0], InsertAxes(batch[1], -1)), 0)
					return []*Node{loss(v.NodeValue(target), target)}
				}})
			if err != nil {
				t.Fatal(err)
			}
			s := Schedule{Steps: steps, Batch: 1}
			for i := range steps {
				s.Indices = append(s.Indices, int32(i%2))
				s.Weights = append(s.Weights, 1)
				s.rates = append(s.rates, 0.05)
			}
			means, err := trainer.Run(t.Context(), s, 0, []*tensors.Tensor{tensors.FromValue(targets)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i := range steps {
				sum += float64(exec.MustCall1(targets[i%2]).Value().(float32))
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
	trainer, err := NewTrainer(backend, store, config, 0, Objective{Scope: "/net", Names: []string{"loss"},
		Loss: func(_, batch []*Node) []*Node {
			x := batch[0]
			return []*Node{Add(MulScalar(ReduceAllSum(a.NodeValue(x)), 3), MulScalar(ReduceAllSum(Slice(b.NodeValue(x), AxisRange(0, 1))), 4))}
		}})
	if err != nil {
		t.Fatal(err)
	}
	s := Schedule{Steps: 1, Batch: 1, Indices: []int32{0}, Weights: []float32{1}, rates: []float32{0.1}}
	if _, err := trainer.Run(t.Context(), s, 0, nil, nil); err != nil {
		t.Fatal(err)
	}
	// The gradient (3, 4, 0) has norm 5 and is clipped to (0.6, 0.8, 0); then 0.25 w is added:
	// (1.1, 0.55, 0).
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

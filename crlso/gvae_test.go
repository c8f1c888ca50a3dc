package crlso

import (
	"math"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestReconstructionLoss compares with the definition of both cross-entropies in float64.
func TestReconstructionLoss(t *testing.T) {
	schema := datasets.Schema{Heads: []datasets.Head{{Name: "edge", Groups: 2, Classes: 1}, {Name: "operation", Groups: 2, Classes: 3}}}
	scores := [][]float32{{0.5, -2, 1, 2, 3, 0, 0, 5}, {30, -90, -1, 0, 1, 9, -9, 0}}
	labels := [][]int32{{1, 1, 2, 0}, {1, 0, 0, 1}}
	want := make([]float64, 2)
	for b := range want {
		for g := range 2 {
			p := 1 / (1 + math.Exp(-float64(scores[b][g])))
			if labels[b][g] == 0 {
				p = 1 - p
			}
			want[b] -= math.Log(p) / 2
			sum := 0.0
			for c := range 3 {
				sum += math.Exp(float64(scores[b][2+3*g+c]))
			}
			want[b] -= math.Log(math.Exp(float64(scores[b][2+3*g+int(labels[b][2+g])]))/sum) / 2
		}
	}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		got := testbed.Evaluate(t, backend, model.NewStore(), func(in []*Node) []*Node {
			return []*Node{ReconstructionLoss(schema, in[0], in[1])}
		}, scores, labels)[0].Value().([]float32)
		for b := range want {
			if math.Abs(float64(got[b])-want[b]) > 1e-5 {
				t.Errorf("row %d: %g, want %g", b, got[b], want[b])
			}
		}
	})
}

// TestReconstructionLossOfUnlabelled leaves the groups with label -1 out of the mean: whatever
// their scores are, the loss is that of the others, and its gradient by their scores is zero.
func TestReconstructionLossOfUnlabelled(t *testing.T) {
	whole := datasets.Schema{Heads: []datasets.Head{{Name: "keep", Groups: 3, Classes: 1}, {Name: "operation", Groups: 3, Classes: 2}}}
	rest := datasets.Schema{Heads: []datasets.Head{{Name: "keep", Groups: 2, Classes: 1}, {Name: "operation", Groups: 1, Classes: 2}}}
	labels := [][]int32{{1, -1, 0, -1, 1, -1}}
	scores := [][]float32{{0.5, 7, -2, 9, -3, 1, 2, -8, 40}}
	others := [][]float32{{0.5, -1, -2, 0, 0, 1, 2, 3, -50}}
	unlabelled := []bool{false, true, false, true, true, false, false, true, true}
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		lossAndGradient := func(schema datasets.Schema, scores [][]float32, labels [][]int32) (loss float32, gradient []float32) {
			out := testbed.Evaluate(t, backend, model.NewStore(), func(in []*Node) []*Node {
				loss := ReconstructionLoss(schema, in[0], in[1])
				return []*Node{loss, Gradient(ReduceAllSum(loss), in[0])[0]}
			}, scores, labels)
			return out[0].Value().([]float32)[0], out[1].Value().([][]float32)[0]
		}
		want, wantGradient := lossAndGradient(rest, [][]float32{{0.5, -2, 1, 2}}, [][]int32{{1, 0, 1}})
		for _, s := range [][][]float32{scores, others} {
			got, gradient := lossAndGradient(whole, s, labels)
			if math.Abs(float64(got-want)) > 1e-6 {
				t.Errorf("loss is %g, that of the labelled groups %g", got, want)
			}
			next := 0
			for i, slope := range gradient {
				if unlabelled[i] {
					if slope != 0 {
						t.Errorf("the gradient by score %d, of an unlabelled group, is %g", i, slope)
					}
					continue
				}
				if math.Abs(float64(slope-wantGradient[next])) > 1e-6 {
					t.Errorf("the gradient by score %d is %g, want %g", i, slope, wantGradient[next])
				}
				next++
			}
		}
		none, gradient := lossAndGradient(whole, scores, [][]int32{{-1, -1, -1, -1, -1, -1}})
		if none != 0 || slices.Max(gradient) != 0 || slices.Min(gradient) != 0 {
			t.Errorf("without any label the loss is %g and its gradient %v", none, gradient)
		}
	})
}

// TestKLDivergence compares with the divergence of two normal distributions, integrated
// numerically.
func TestKLDivergence(t *testing.T) {
	mu, logVar := [][]float32{{0.7, -1.2}}, [][]float32{{0.3, -0.9}}
	want := 0.0
	for i := range mu[0] {
		m, s := float64(mu[0][i]), math.Exp(float64(logVar[0][i])/2)
		const step = 1e-3
		for x := -12.0; x < 12; x += step {
			logQ := -(x-m)*(x-m)/(2*s*s) - math.Log(s)
			logP := -x * x / 2
			want += math.Exp(logQ) / math.Sqrt(2*math.Pi) * (logQ - logP) * step / 2
		}
	}
	got := testbed.Evaluate(t, testbed.Go(t), model.NewStore(), func(in []*Node) []*Node {
		return []*Node{KLDivergence(in[0], in[1])}
	}, mu, logVar)[0].Value().([]float32)[0]
	if math.Abs(float64(got)-want) > 1e-4 {
		t.Errorf("%g, want %g", got, want)
	}
}

func TestReparameterize(t *testing.T) {
	got := testbed.Evaluate(t, testbed.Go(t), model.NewStore(), func(in []*Node) []*Node {
		return []*Node{Reparameterize(in[0], in[1], in[2], 0.01)}
	}, [][]float32{{1, 2}}, [][]float32{{0, float32(2 * math.Log(3))}}, [][]float32{{2, -1}})[0].Value().([][]float32)[0]
	if math.Abs(float64(got[0])-1.02) > 1e-6 || math.Abs(float64(got[1])-1.97) > 1e-6 {
		t.Errorf("%v, want [1.02 1.97]", got)
	}
}

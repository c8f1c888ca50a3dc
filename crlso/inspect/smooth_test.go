package inspect

import (
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"gonum.org/v1/gonum/stat"
)

// Labels of a made-up space are what its operations are worth and noise of the same variance.
// Smoothed, they are nearer to the former than they were, and know next to nothing of the latter.
func TestSmooth(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	space := nasbenchgraph.Proteins()
	rng := rand.New(rand.NewPCG(1, 2))
	worth := make([]float64, 9)
	for i := range worth {
		worth[i] = rng.NormFloat64()
	}
	truth, luck := make([]float64, space.Len()), make([]float64, space.Len())
	for i := range truth {
		for node, op := range space.At(i).(nasbenchgraph.Arch).Ops {
			truth[i] += worth[op] * float64(node+1)
		}
		luck[i] = rng.NormFloat64()
	}
	deviation := stat.StdDev(truth, nil)
	labels := make([]float64, len(truth))
	for i := range labels {
		truth[i] /= deviation
		labels[i] = 90 + truth[i] + luck[i]
	}
	s := DefaultSmoother()
	s.Networks.HiddenDim, s.Training = 16, nn.QuickTraining(10, 128)
	s.Training.LearningRate = 5e-3
	smoothed, err := s.Smooth(t.Context(), testbed.Fastest(t), space, [][]float64{labels, truth})
	if err != nil {
		t.Fatal(err)
	}
	if before, after := stat.Correlation(labels, truth, nil), stat.Correlation(smoothed[0], truth, nil); after < 0.9 || before > 0.75 {
		t.Errorf("labels have a correlation of %.2f with what they are made of, smoothed ones %.2f", before, after)
	}
	if r := stat.Correlation(smoothed[0], luck, nil); r > 0.1 {
		t.Errorf("smoothed labels have a correlation of %.2f with the luck of these very labels", r)
	}
	if tau := stats.KendallTau(smoothed[1], truth); tau < 0.85 {
		t.Errorf("without luck, tau is %.2f", tau)
	}
}

func TestSmoothErrors(t *testing.T) {
	space, s := nasbenchgraph.Proteins(), DefaultSmoother()
	_, err := s.Smooth(t.Context(), testbed.Go(t), space, [][]float64{{1}})
	expect.ErrorLine(t, err, "column 0 has 1 accuracies, want 2021")
	s.Folds = 1
	_, err = s.Smooth(t.Context(), testbed.Go(t), space, [][]float64{{1}})
	expect.ErrorLine(t, err, "1 folds")
}

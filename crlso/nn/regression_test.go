package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
)

// surrogateRegression fits the surrogate of a small configuration to what fits in a second.
func surrogateRegression(kind crlso.SurrogateKind) nn.Regression {
	config := crlso.Tiny201()
	config.Surrogate = kind
	return nn.Regression{
		Network:  func(scope *model.Scope, points *Node) *Node { return crlso.Surrogate(scope, config.Networks, points) },
		Project:  func(scope *model.Scope, g *Graph) { crlso.ProjectICNN(scope, config.Networks, g) },
		Training: nn.Training{Epochs: 150, Batch: 64, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.99},
		Seed:     3,
	}
}

// TestRegressionFindsTheMinimum fits a convex function with one minimum, and goes down to it from
// all sides.
func TestRegressionFindsTheMinimum(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		points := testbed.Latents(rand.New(rand.NewPCG(1, 2)), 256, 2, 1.5)
		centre := []float64{0.5, -0.3}
		var values []float64
		for _, x := range points {
			values = append(values, floats.Distance(x, centre, 2))
		}
		fitted, err := surrogateRegression(crlso.ICNNSurrogate).Fit(t.Context(), backend, points, values)
		if err != nil {
			t.Fatal(err)
		}
		if fitted.Loss > 0.01 {
			t.Errorf("mean squared error %g, want at most 0.01", fitted.Loss)
		}
		paths, err := fitted.Descend([][]float64{{2, 2}, {-2, 1}, {0, -2}}, 0.02, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if end := path[200]; floats.Distance(end, centre, 2) > 0.3 {
				t.Errorf("from %v to %v, want to %v", path[0], end, centre)
			}
		}
	})
}

// TestRegressionProjects compares an ICNN that is projected in training with one that is not: only
// the first is convex.
func TestRegressionProjects(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	points := testbed.Latents(rand.New(rand.NewPCG(1, 2)), 256, 2, 1.5)
	var values []float64
	for _, x := range points {
		values = append(values, math.Sin(3*x[0])+math.Cos(3*x[1]))
	}
	lowestGap := func(r nn.Regression) float64 {
		fitted, err := r.Fit(t.Context(), testbed.Go(t), points, values)
		if err != nil {
			t.Fatal(err)
		}
		var gaps []float64
		for i := range len(points) / 2 {
			a, b := points[2*i], points[2*i+1]
			v, err := fitted.Values([][]float64{a, {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}, b})
			if err != nil {
				t.Fatal(err)
			}
			gaps = append(gaps, (v[0]+v[2])/2-v[1])
		}
		return slices.Min(gaps)
	}
	r := surrogateRegression(crlso.ICNNSurrogate)
	if gap := lowestGap(r); gap < -1e-5 {
		t.Errorf("projected: lowest midpoint gap %g, want none below 0", gap)
	}
	r.Project = nil
	if gap := lowestGap(r); gap > -0.1 {
		t.Errorf("not projected: lowest midpoint gap %g, want a clear violation", gap)
	}
}

// TestRegressionGradients compares gradients with central differences, of an MLP.
func TestRegressionGradients(t *testing.T) {
	points := testbed.Latents(rand.New(rand.NewPCG(1, 2)), 64, 2, 1)
	r := surrogateRegression(crlso.MLPSurrogate)
	r.Training.Epochs = 2
	fitted, err := r.Fit(t.Context(), testbed.Go(t), points, make([]float64, len(points)))
	if err != nil {
		t.Fatal(err)
	}
	values, err := fitted.Values(points)
	if err != nil {
		t.Fatal(err)
	}
	again, err := fitted.Evaluate(func(scope *model.Scope, points *Node) *Node { return InsertAxes(r.Network(scope, points), -1) }, points)
	if err != nil {
		t.Fatal(err)
	}
	if !floats.EqualApprox(slices.Concat(again...), values, 1e-6) {
		t.Error("evaluating the network gives other values")
	}
	gradients, err := fitted.Gradients(points)
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-2
	wrong := 0
	for i, x := range points {
		v, err := fitted.Values([][]float64{{x[0] + h, x[1]}, {x[0] - h, x[1]}, {x[0], x[1] + h}, {x[0], x[1] - h}})
		if err != nil {
			t.Fatal(err)
		}
		difference := []float64{(v[0] - v[1]) / (2 * h), (v[2] - v[3]) / (2 * h)}
		if floats.Distance(difference, gradients[i], 2) > 1e-3 {
			wrong++ // a kink lies between
		}
	}
	if wrong > len(points)/4 {
		t.Errorf("gradients differ from differences at %d of %d points", wrong, len(points))
	}
}

func TestRegressionErrors(t *testing.T) {
	if _, err := surrogateRegression(crlso.ICNNSurrogate).Fit(t.Context(), testbed.Fastest(t), [][]float64{{1, 2}}, nil); err == nil {
		t.Error("a point without a value is no error")
	}
}

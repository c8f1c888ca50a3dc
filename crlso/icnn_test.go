package crlso

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestConvexity trains the ICNN with the graph VAE on the real space, in its released form on every
// backend.
func TestConvexity(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) { wantConvex(t, backend, ActivationPerTerm) })
	wantConvex(t, testbed.Go(t), ActivationOfSum)
}

// wantConvex checks midpoint convexity of f between random and between encoded points, and the
// signs of U and u.
func wantConvex(t *testing.T, backend compute.Backend, form ICNNForm) {
	t.Helper()
	config := Tiny201()
	config.ICNNForm = form
	m := newModel(t, backend, space, config)
	if err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	encoded, err := m.Encode(datasets.All(space)...)
	if err != nil {
		t.Fatal(err)
	}
	rng.Shuffle(len(encoded), func(i, j int) { encoded[i], encoded[j] = encoded[j], encoded[i] })
	for name, points := range map[string][][]float64{
		"random":  testbed.Latents(rng, 4000, config.LatentDim, 5),
		"encoded": encoded[:4000],
	} {
		gaps := midpointGaps(t, m, points)
		// Performance is in percent and of the order of 100 to 1000.
		if low := slices.Min(gaps); low < -1e-2 {
			t.Errorf("%s, %s points: midpoint gap %g, want none below 0", form, name, low)
		}
		if high := slices.Max(gaps); high < 1e-3 {
			t.Errorf("%s, %s points: largest midpoint gap is %g, so f is no more than linear", form, name, high)
		}
	}
	for _, w := range nonNegativeWeights(m.store.Scope(icnnScope), config.Networks) {
		if low := slices.Min(tensors.MustCopyFlatData[float32](w.MustValue())); low < 0 {
			t.Errorf("%s: %s has an entry %g", form, w.Path(), low)
		}
	}
}

// TestUnprojectedIsNotConvex makes sure that TestConvexity can fail: with the weights as they are
// drawn, half of U and u negative, midpoints violate convexity.
func TestUnprojectedIsNotConvex(t *testing.T) {
	m := newModel(t, testbed.Go(t), space, Tiny201())
	points := testbed.Latents(rand.New(rand.NewPCG(5, 6)), 4000, m.Config.LatentDim, 5)
	gaps := midpointGaps(t, m, points)
	if low := slices.Min(gaps); low > -1e-2 {
		t.Errorf("lowest midpoint gap is %g, want a clear violation", low)
	}
}

// TestICNNFormula compares f with its definition in float64.
func TestICNNFormula(t *testing.T) {
	z := []float64{0.3, -1.1, 0.8, 2, -0.4}
	for _, form := range []ICNNForm{ActivationPerTerm, ActivationOfSum} {
		config := Tiny201()
		config.ICNNForm = form
		m := newModel(t, testbed.Go(t), space, config)
		times := func(x []float64, name string) []float64 {
			w := m.store.GetVariable(icnnScope + "/" + name + "/weights").MustValue().Value().([][]float32)
			y := make([]float64, len(w[0]))
			for j := range y {
				for i := range x {
					y[j] += x[i] * float64(w[i][j])
				}
			}
			return y
		}
		leaky := func(x float64) float64 { return max(x, 0.01*x) }
		h := times(z, "W_0")
		for i, b := range m.store.GetVariable(icnnScope + "/W_0/bias").MustValue().Value().([]float32) {
			h[i] = leaky(h[i] + float64(b))
		}
		for _, k := range []string{"0", "1"} {
			Uh, Vz := times(h, "U_"+k), times(z, "V_"+k)
			for i := range Uh {
				if form == ActivationOfSum {
					Uh[i] = leaky(Uh[i] + Vz[i])
				} else {
					Uh[i] = leaky(Uh[i]) + leaky(Vz[i])
				}
			}
			h = Uh
		}
		want := 100 * (1 - times(h, "u")[0] - times(z, "v")[0])
		got, err := m.Performance([][]float64{z})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got[0]-want) > 1e-3 {
			t.Errorf("%s: performance %g, want %g", form, got[0], want)
		}
	}
}

// TestSearchStepGradient compares the step with central differences of the performance model: up
// the gradient of predicted accuracy for Ascend, down for Descend, nowhere for Stay.
func TestSearchStepGradient(t *testing.T) {
	const h, eta = 1e-2, 0.2
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		rng := rand.New(rand.NewPCG(7, 8))
		for _, direction := range []Direction{Ascend, Stay, Descend} {
			config := Tiny201()
			config.Direction = direction
			m := newModel(t, backend, space, config)
			points := testbed.Latents(rng, 20, config.LatentDim, 1)
			z, err := nn.LatentTensor(points, len(points), m.Config.LatentDim)
			if err != nil {
				t.Fatal(err)
			}
			etas := make([]float32, len(points))
			for i := range etas {
				etas[i] = eta * float32(1+i)
			}
			moved := testbed.Evaluate(t, backend, m.store, func(in []*Node) []*Node {
				return []*Node{SearchStep(m.store.Scope(icnnScope), config, in[0], in[1])}
			}, z, etas)[0].Value().([][]float32)
			agree := 0
			for i, point := range points {
				for j := range point {
					up, down := slices.Clone(point), slices.Clone(point)
					up[j] += h
					down[j] -= h
					p, err := m.Performance([][]float64{up, down, point})
					if err != nil {
						t.Fatal(err)
					}
					// f is piecewise linear: at a kink, one-sided slopes differ and a difference
					// says nothing.
					if math.Abs((p[0]-p[2])-(p[2]-p[1])) > 1e-3 {
						continue
					}
					slope := (p[0] - p[1]) / (2 * h) / 100
					want := float64(etas[i]) * slope * float64(direction)
					if got := float64(moved[i][j]) - point[j]; math.Abs(got-want) > 1e-3*float64(etas[i]) {
						t.Errorf("direction %d, point %d, dimension %d: moved by %g, want %g", direction, i, j, got, want)
					}
					agree++
				}
			}
			if agree < 50 {
				t.Errorf("only %d of 100 slopes could be compared", agree)
			}
		}
	})
}

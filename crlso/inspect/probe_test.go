package inspect

import (
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// TestProbe fits functions that are known: an ICNN can follow the concave one and not the convex
// one, an MLP both.
func TestProbe(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	draw := func(n int) (z [][]float64, concave, convex []float64) {
		for range n {
			x := make([]float64, 3)
			for j := range x {
				x[j] = rng.NormFloat64()
			}
			square := floats.Dot(x, x)
			z, concave, convex = append(z, x), append(concave, 80-3*square), append(convex, 60+3*square)
		}
		return z, concave, convex
	}
	z, concave, convex := draw(4000)
	unseen, concaveThere, convexThere := draw(1000)
	cases := []struct {
		name         string
		kind         crlso.SurrogateKind
		y, there     []float64
		least, most  float64 // R²
		neverBelowIt bool    // the chord
	}{
		{"ICNN, concave", crlso.ICNNSurrogate, concave, concaveThere, 0.97, 1, true},
		{"ICNN, convex", crlso.ICNNSurrogate, convex, convexThere, -1, 0.1, true},
		{"MLP, concave", crlso.MLPSurrogate, concave, concaveThere, 0.97, 1, false},
		{"MLP, convex", crlso.MLPSurrogate, convex, convexThere, 0.97, 1, false},
	}
	for _, c := range cases {
		config := crlso.Tiny201()
		config.LatentDim, config.ICNNWidth, config.Surrogate = 3, 32, c.kind
		probe, err := FitProbe(t.Context(), testbed.Fastest(t), config, z, c.y)
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := probe.Performance(unseen)
		if err != nil {
			t.Fatal(err)
		}
		if r2 := stat.RSquaredFrom(predicted, c.there, nil); r2 < c.least || r2 > c.most {
			t.Errorf("%s: R² is %.3f, want %.2f to %.2f", c.name, r2, c.least, c.most)
		}
		values, err := AlongSegments(probe, unseen[:500], unseen[500:], 3)
		if err != nil {
			t.Fatal(err)
		}
		if violations := stats.MidpointViolations(values, 1e-3); c.neverBelowIt && violations > 0 {
			t.Errorf("%s: %.3f of the midpoints break concavity", c.name, violations)
		}
	}
}

func TestProbeErrors(t *testing.T) {
	backend := testbed.Go(t)
	if _, err := FitProbe(t.Context(), backend, crlso.Tiny201(), [][]float64{{1}}, []float64{1, 2}); err == nil {
		t.Error("two accuracies for one latent are no error")
	}
	if _, err := FitProbe(t.Context(), backend, crlso.Tiny201(), [][]float64{{1}}, []float64{1}); err == nil {
		t.Error("a latent of one dimension where the configuration has five is no error")
	}
}

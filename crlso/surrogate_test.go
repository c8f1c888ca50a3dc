package crlso

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
)

// TestMLPIsNotConvex trains an MLP with the graph VAE. Jensen's inequality, which TestConvexity
// finds to hold for the ICNN at the same points, fails; nothing is projected; and a search can use
// it.
func TestMLPIsNotConvex(t *testing.T) {
	t.Parallel()
	config := Tiny201()
	config.Surrogate = MLPSurrogate
	m := newModel(t, testbed.Go(t), space, config)
	if err := m.TrainJoint(t.Context(), trueAccuracies(t, m), 0, nil); err != nil {
		t.Fatal(err)
	}
	if got := nonNegativeWeights(m.store.Scope(icnnScope), config.Networks); len(got) > 0 {
		t.Errorf("%d matrices of an MLP are projected", len(got))
	}
	points := testbed.Latents(rand.New(rand.NewPCG(5, 6)), 4000, config.LatentDim, 5)
	gaps := midpointGaps(t, m, points)
	if low := slices.Min(gaps); low > -1e-1 {
		t.Errorf("lowest midpoint gap is %g, want a clear violation", low)
	}
	oracle := testbed.Oracle(t, config.Budget)
	if err := m.LabelInitialSet(oracle); err != nil {
		t.Fatal(err)
	}
	if err := m.Search(t.Context(), oracle, nil); err != nil {
		t.Fatal(err)
	}
}

// TestMLPIsAnotherSurrogateOnly compares initial weights: those of graph VAE and predictor are the
// same, and the first layer of both surrogates.
func TestMLPIsAnotherSurrogateOnly(t *testing.T) {
	config := Tiny201()
	icnn := testbed.Weights(t, newModel(t, testbed.Go(t), space, config).Store())
	config.Surrogate = MLPSurrogate
	model := newModel(t, testbed.Go(t), space, config)
	mlp := testbed.Weights(t, model.Store())
	for path, values := range mlp {
		if strings.HasPrefix(path, icnnScope) && !strings.HasPrefix(path, icnnScope+"/W_0") {
			continue
		}
		if !slices.Equal(values, icnn[path]) {
			t.Errorf("%s differs", path)
		}
	}
	// W_0, W_1, W_2 and w of widths 5 -> 12 -> 12 -> 12 -> 1, each with biases.
	if got, want := model.store.Scope(icnnScope).NumParameters(), 6*12+13*12+13*12+13; got != want {
		t.Errorf("the MLP has %d weights, want %d", got, want)
	}
}

// TestMLPFormula compares f with its definition in float64.
func TestMLPFormula(t *testing.T) {
	config := Tiny201()
	config.Surrogate = MLPSurrogate
	m := newModel(t, testbed.Go(t), space, config)
	z := []float64{0.3, -1.1, 0.8, 2, -0.4}
	h := z
	for _, name := range []string{"W_0", "W_1", "W_2", "w"} {
		W := m.store.GetVariable(icnnScope + "/" + name + "/weights").MustValue().Value().([][]float32)
		next := make([]float64, len(W[0]))
		for j, b := range m.store.GetVariable(icnnScope + "/" + name + "/bias").MustValue().Value().([]float32) {
			next[j] = float64(b)
			for i := range h {
				next[j] += h[i] * float64(W[i][j])
			}
			if name != "w" {
				next[j] = max(next[j], 0.01*next[j])
			}
		}
		h = next
	}
	got, err := m.Performance([][]float64{z})
	if err != nil {
		t.Fatal(err)
	}
	if want := 100 * (1 - h[0]); fmt.Sprintf("%.3f", got[0]) != fmt.Sprintf("%.3f", want) {
		t.Errorf("performance %g, want %g", got[0], want)
	}
}

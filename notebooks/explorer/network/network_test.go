package network

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// What was saved decodes as the model does, and says the same of accuracy but for the rounding of
// its weights, in all spaces: those of benchmarks, of cells and of choices, and by a decoder that
// goes node by node.
func TestSavedNetwork(t *testing.T) {
	cells, err := datasets.NewCells("cells", 3, "none", "skip", "conv")
	if err != nil {
		t.Fatal(err)
	}
	choices, err := datasets.NewChoices("choices", datasets.Choice{Name: "kind", Options: []string{"a", "b"}},
		datasets.Choice{Name: "width", Options: []string{"8", "16", "32"}, Ordered: true})
	if err != nil {
		t.Fatal(err)
	}
	on, err := backend.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, space := range []datasets.Space{nasbench101.Space{}, nasbench201.Space{}, nasbench301.Space{}, nasbenchgraph.Space{}, cells, choices} {
		config := crlso.Tiny201()
		config.TrainingSet, config.InitialSet, config.TopK, config.Budget = 0, 2, 1, 4
		if finite, ok := space.(datasets.FiniteSpace); !ok || finite.Len() > 100 {
			config.TrainingSet = 100
		}
		if space == (nasbench101.Space{}) {
			config.Decoder, config.OnlyPossible = crlso.NodeByNode, true
		}
		m, err := crlso.NewModel(on, space, config)
		if err != nil {
			t.Fatalf("%s: %v", space.Name(), err)
		}
		saved, err := Save(m)
		if err != nil {
			t.Fatalf("%s: %v", space.Name(), err)
		}
		text, err := json.Marshal(saved)
		if err != nil {
			t.Fatal(err)
		}
		var read Saved
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		n, err := New(on, read)
		if err != nil {
			t.Fatalf("%s: %v", space.Name(), err)
		}
		compare(t, m, n)
	}
}

// compare decodes random latents by a model and by what was saved of it.
func compare(t *testing.T, m *crlso.Model, n *Network) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	latents, flat := make([][]float64, 40), []float32{}
	for i := range latents {
		for range m.Config.LatentDim {
			latents[i] = append(latents[i], rng.NormFloat64())
			flat = append(flat, float32(latents[i][len(latents[i])-1]))
		}
	}
	want, err := m.Decode(latents)
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.Decode(flat)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i, w := range want {
		if w.Err != nil && got[i].Error != "" || w.Err == nil && got[i].Arch == w.Arch.String() {
			same++
		}
	}
	if same < 36 { // weights are rounded, and without a training scores are close to each other
		t.Errorf("%s: %d of 40 latents decode to the same", m.Space.Name(), same)
	}
	accuracies, err := m.Performance(latents)
	if err != nil {
		t.Fatal(err)
	}
	performance, err := n.Performance(flat)
	if err != nil {
		t.Fatal(err)
	}
	gradient, err := n.Gradient(flat)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range accuracies {
		if math.Abs(float64(performance[i])-want) > 0.02*max(1, math.Abs(want)) {
			t.Fatalf("%s: the model says %v %%, what was saved %v %%", m.Space.Name(), want, performance[i])
		}
	}
	const h = 1e-3
	moved := append([]float32{}, flat...)
	moved[0] += h
	ahead, err := n.Performance(moved)
	if err != nil {
		t.Fatal(err)
	}
	if slope := float64(ahead[0]-performance[0]) / h; math.Abs(slope-float64(gradient[0])) > 0.05*max(1, math.Abs(slope)) {
		t.Errorf("%s: the gradient is %v, finite differences say %v", m.Space.Name(), gradient[0], slope)
	}
}

// A space that no file describes cannot be on a page, and the error says so.
func TestSpaceOfOnesOwn(t *testing.T) {
	if _, err := spaceText(struct{ datasets.Space }{nasbench201.Space{}}); err != nil {
		t.Errorf("the name of a benchmark's space is enough: %v", err)
	}
	if _, err := readSpace(json.RawMessage(`"nobody's"`)); err == nil {
		t.Error("an unknown name is no error")
	}
}

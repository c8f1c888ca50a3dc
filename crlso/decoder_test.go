package crlso

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A decoder that goes node by node gives the same scores whether it sees what it has told itself or
// is told that by labels; and what labels say of a node changes nothing of the nodes before it and
// of itself, but something after it.
func TestNodeByNode(t *testing.T) {
	const rows = 5
	networks := Tiny201().Networks
	networks.Decoder = NodeByNode
	for name, space := range map[string]datasets.Space{
		"101": nasbench101.Space{}, "201": nasbench201.Space{}, "301": nasbench301.Space{}, "graph": nasbenchgraph.Space{},
	} {
		t.Run(name, func(t *testing.T) {
			testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
				schema, store := space.Schema(), model.NewStore()
				rng := rand.New(rand.NewPCG(1, 2))
				z := testbed.Latents(rng, rows, networks.LatentDim, 3)
				decode := func(labels []int32) [][]float32 {
					return testbed.Evaluate(t, backend, store, func(in []*Node) []*Node {
						truth := in[1]
						if labels == nil {
							truth = nil
						}
						return []*Node{Decoder(store.Scope("/decoder"), networks, schema, in[0], truth)}
					}, nn.TensorOf(z...),
						tensors.FromFlatDataAndDimensions(append(labels, make([]int32, rows*schema.Labels()-len(labels))...), rows, schema.Labels()))[0].Value().([][]float32)
				}
				alone := decode(nil)
				var labels []int32
				for _, scores := range alone {
					labels = append(labels, choices(schema, scores)...)
				}
				told := decode(labels)
				for i := range alone {
					if !close32(alone[i], told[i]) {
						t.Fatalf("row %d: scores %v alone, and %v when told the same", i, alone[i], told[i])
					}
				}

				groups := groupsOf(schema, false)
				changed := groups[len(groups)/2]
				labels[changed.label] = 1 - min(labels[changed.label], 1)
				before, after := true, false
				at := 0
				for _, g := range groups {
					same := close32(told[0][at:at+g.classes], decode(labels)[0][at:at+g.classes])
					at += g.classes
					if g.node <= changed.node {
						before = before && same
					} else {
						after = after || !same
					}
				}
				last := slices.MaxFunc(groups, func(a, b group) int { return a.node - b.node }).node
				if !before || !after && changed.node < last {
					t.Errorf("another answer for node %d: nodes up to it stay is %t, nodes after it change is %t", changed.node, before, after)
				}
			})
		})
	}
}

// A decoder that knows what is possible scores nothing else above it, in both forms: whatever
// latents it sees, the first vertex is the input and no other is.
func TestOnlyPossible(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, form := range []DecoderForm{AtOnce, NodeByNode} {
		config := Tiny201()
		config.TrainingSet, config.Decoder, config.OnlyPossible = 50, form, true
		m := newModel(t, testbed.Go(t), nasbench101.Space{}, config)
		decoded, err := m.Decode(testbed.Latents(rng, 200, config.LatentDim, 5))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range decoded {
			if d.Err != nil && (strings.Contains(d.Err.Error(), "the first vertex is") || strings.Contains(d.Err.Error(), "is input")) {
				t.Fatalf("%q: a latent decodes to what is impossible: %v", form, d.Err)
			}
		}
	}
}

// No more decisions of a head are yes than it says can be, and those that are dropped score lowest
// among what was decided with them.
func TestMost(t *testing.T) {
	schema := nasbench101.Space{}.Schema()
	head := schema.Heads[0]
	z := testbed.Latents(rand.New(rand.NewPCG(1, 2)), 100, Tiny201().LatentDim, 5)
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		for _, form := range []DecoderForm{AtOnce, NodeByNode} {
			store, mostYes := model.NewStore(), map[bool]int{}
			scores := map[bool][][]float32{}
			for _, limited := range []bool{false, true} {
				networks := Tiny201().Networks
				networks.Decoder, networks.OnlyPossible = form, limited
				scores[limited] = testbed.Evaluate(t, backend, store, func(in []*Node) []*Node {
					return []*Node{Decoder(store.Scope("/decoder"), networks, schema, in[0], nil)}
				}, nn.TensorOf(z...))[0].Value().([][]float32)
				for _, row := range scores[limited] {
					yes := 0
					for _, score := range row[:head.Groups] {
						if score > 0 {
							yes++
						}
					}
					mostYes[limited] = max(mostYes[limited], yes)
				}
			}
			if mostYes[false] <= head.Most || mostYes[true] != head.Most {
				t.Errorf("%q: up to %d decisions are yes, limited %d, want more than %d and as many", form, mostYes[false], mostYes[true], head.Most)
			}
			if form != AtOnce {
				continue
			}
			for i, row := range scores[true] {
				kept, dropped := float32(math.Inf(1)), float32(0)
				for j, score := range row[:head.Groups] {
					if was := scores[false][i][j]; head.Possible[j][0] && was > 0 && score > 0 {
						kept = min(kept, was)
					} else if head.Possible[j][0] && was > 0 {
						dropped = max(dropped, was)
					}
				}
				if dropped > kept {
					t.Errorf("row %d: a score of %g was dropped, and one of %g kept", i, dropped, kept)
				}
			}
		}
	})
}

// choices is what scores say, as labels.
func choices(schema datasets.Schema, scores []float32) (labels []int32) {
	for _, head := range schema.Heads {
		for range head.Groups {
			label := slices.Index(scores[:head.Classes], slices.Max(scores[:head.Classes]))
			if head.Classes == 1 && scores[0] > 0 {
				label = 1
			}
			labels, scores = append(labels, int32(label)), scores[head.Classes:]
		}
	}
	return labels
}

// Two cells whose only difference is the direction of an edge have one latent by the released
// encoder, whatever its weights are, and two by the directed one; numbering alike vertices in
// another order changes neither.
func TestDirectedEncoder(t *testing.T) {
	cell := func(text string) datasets.Arch {
		c, err := nasbench101.ParseCell(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := cell("0110001100010000 input,conv3x3-bn-relu,conv1x1-bn-relu,output")
	other := cell("0110001100010000 input,conv1x1-bn-relu,conv3x3-bn-relu,output")
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		for directed, want := range map[bool]bool{false: true, true: false} {
			config := Tiny201()
			config.TrainingSet, config.Directed = 50, directed
			m := newModel(t, backend, nasbench101.Space{}, config)
			latents, err := m.Encode(one, other)
			if err != nil {
				t.Fatal(err)
			}
			distance := 0.0
			for i := range latents[0] {
				distance += math.Abs(latents[0][i] - latents[1][i])
			}
			if same := distance < 1e-5; same != want {
				t.Errorf("directed %t: the latents are %g apart", directed, distance)
			}
		}
	})
}

func TestFormsThatASpaceCannotHave(t *testing.T) {
	choices, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: []string{"1", "2"}})
	if err != nil {
		t.Fatal(err)
	}
	config := Tiny201()
	config.Directed, config.TrainingSet, config.InitialSet, config.TopK, config.Budget = true, 2, 1, 1, 2
	expect.ErrorLine(t, config.ValidateFor(choices), "Directed is set", "no direction")
	config.Directed, config.Decoder = false, NodeByNode
	expect.ErrorLine(t, config.ValidateFor(schema101{}), "node by node", "Nodes")
	config.Decoder = "backwards"
	expect.ErrorLine(t, config.Validate(), `Decoder is "backwards"`)
}

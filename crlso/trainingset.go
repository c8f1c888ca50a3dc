package crlso

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/gomlx/core/tensors"
)

// validateFor is Validate, and checks that the training set can be had from a space.
func (c Config) validateFor(space datasets.Space) error {
	if err := c.Validate(); err != nil {
		return err
	}
	finite, ok := space.(datasets.FiniteSpace)
	switch {
	case !ok && c.TrainingSet == 0:
		return fmt.Errorf("configuration: TrainingSet is 0, which is all architectures, but %s cannot be enumerated; set how many to draw", space.Name())
	case ok && c.TrainingSet > 0 && c.TrainingSet > finite.Len():
		return fmt.Errorf("configuration: TrainingSet is %d, but %s has only %d architectures", c.TrainingSet, space.Name(), finite.Len())
	}
	return nil
}

// drawTrainingSet returns n different architectures: of a finite space all in its order if n is 0 or their number, or
// else a uniform draw without replacement; of another space those that Space.Sample gives, in the form of Canonical.
func drawTrainingSet(space datasets.Space, n int, rng *rand.Rand) (archs []datasets.Arch, whole bool, err error) {
	if finite, ok := space.(datasets.FiniteSpace); ok {
		if n == 0 || n == finite.Len() {
			return allArchs(finite), true, nil
		}
		for _, i := range rng.Perm(finite.Len())[:n] {
			archs = append(archs, finite.At(i))
		}
		return archs, false, nil
	}
	known := make(map[datasets.Arch]bool, n)
	for repeats := 0; len(archs) < n; repeats++ {
		if repeats == maxRepeats {
			return nil, false, fmt.Errorf("training set: nothing new in %d samples of %s, after %d of %d architectures; lower TrainingSet",
				maxRepeats, space.Name(), len(archs), n)
		}
		if a := space.Canonical(space.Sample(rng)); !known[a] {
			known[a] = true
			archs = append(archs, a)
			repeats = 0
		}
	}
	return archs, false, nil
}

// maxRepeats is how many samples in a row that are known already end the draw of a training set.
const maxRepeats = 100_000

// TrainingSet returns the architectures that the graph VAE is trained on: see Config.TrainingSet. The caller must not
// change it.
func (m *Model) TrainingSet() []datasets.Arch { return m.training.archs }

// include makes the training set anew: if it was drawn, of the labelled architectures and as many of the drawn ones as
// there is room for.
func (m *Model) include(labelled []datasets.Query) error {
	if m.drawn == nil {
		return nil
	}
	if len(labelled) > len(m.drawn) {
		return fmt.Errorf("training set: TrainingSet is %d, below the %d labelled architectures", len(m.drawn), len(labelled))
	}
	known := make(map[datasets.Arch]bool, len(labelled))
	var archs []datasets.Arch
	for _, q := range labelled {
		a := m.Space.Canonical(q.Arch)
		known[a] = true
		archs = append(archs, a)
	}
	for _, a := range m.drawn {
		if len(archs) < len(m.drawn) && !known[m.Space.Canonical(a)] {
			archs = append(archs, a)
		}
	}
	m.training.free()
	m.training = newGraphTable(m.Space, archs, len(archs))
	return nil
}

// graphTable holds the graphs of some architectures for the device: see datasets.Graph. It is filled up with zeros.
type graphTable struct {
	archs                []datasets.Arch
	nodes, edges, labels *tensors.Tensor // [size, G n], [size, G P] and [size, schema.Labels()]
	complete             bool            // every pair of nodes has an edge, in all graphs
}

func newGraphTable(space datasets.Space, archs []datasets.Arch, size int) graphTable {
	var nodes, edges, labels []int32
	for _, a := range archs {
		graph := space.Encode(a)
		nodes = append(nodes, graph.Nodes...)
		edges = append(edges, graph.Edges...)
		labels = append(labels, graph.Labels...)
	}
	table := func(rows []int32) *tensors.Tensor {
		length := len(rows) / len(archs)
		rows = append(rows, make([]int32, (size-len(archs))*length)...)
		return tensors.FromFlatDataAndDimensions(rows, size, length)
	}
	return graphTable{archs, table(nodes), table(edges), table(labels), !slices.Contains(edges, -1)}
}

func (t graphTable) free() {
	for _, x := range []*tensors.Tensor{t.nodes, t.edges, t.labels} {
		x.MustFinalizeAll()
	}
}

// allArchs returns the architectures of a space in its order.
func allArchs(space datasets.FiniteSpace) []datasets.Arch {
	archs := make([]datasets.Arch, space.Len())
	for i := range archs {
		archs[i] = space.At(i)
	}
	return archs
}

func archsOf(labelled []datasets.Query) []datasets.Arch {
	archs := make([]datasets.Arch, len(labelled))
	for i, q := range labelled {
		archs[i] = q.Arch
	}
	return archs
}

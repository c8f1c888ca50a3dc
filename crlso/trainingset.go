package crlso

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// drawTrainingSet returns n different architectures: of a finite space all in its order if n is 0
// or their number, or else a uniform draw without replacement; of another space those that
// Space.Sample gives, in the form of Canonical.
func drawTrainingSet(space datasets.Space, n int, rng *rand.Rand) (archs []datasets.Arch, whole bool, err error) {
	if finite, ok := space.(datasets.FiniteSpace); ok {
		if n == 0 || n == finite.Len() {
			return datasets.All(finite), true, nil
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

// TrainingSet returns the architectures that the graph VAE is trained on: see Config.TrainingSet.
// The caller must not change it.
func (m *Model) TrainingSet() []datasets.Arch { return m.training.Archs }

// Include makes the training set anew, if it was drawn and is not the whole space: of the labelled
// architectures, and of as many of the drawn ones as there is room for. It is an error if there are
// more labelled architectures than Config.TrainingSet.
func (m *Model) Include(labelled []datasets.Query) error {
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
	m.training.Free()
	m.training = NewTable(m.Space, archs, len(archs))
	return nil
}

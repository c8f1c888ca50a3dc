package datasets_test

import (
	"errors"
	"math"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

// word is an architecture of a toy space in which upper and lower case count as the same.
type word string

func (w word) String() string { return string(w) }

// toySpace has what an oracle asks of a space; the embedded interface stands for the rest.
type toySpace struct{ datasets.Space }

func (toySpace) Name() string { return "toy space" }

func (toySpace) Canonical(a datasets.Arch) datasets.Arch {
	return word(strings.ToLower(a.String()))
}

// toyFiniteSpace is a toySpace that knows its size.
type toyFiniteSpace struct {
	datasets.FiniteSpace
	toySpace
	size int
}

func (s toyFiniteSpace) Name() string                            { return s.toySpace.Name() }
func (s toyFiniteSpace) Canonical(a datasets.Arch) datasets.Arch { return s.toySpace.Canonical(a) }
func (s toyFiniteSpace) Len() int                                { return s.size }

// toy is a benchmark that counts how often it is looked into.
type toy struct {
	space   datasets.Space
	records map[datasets.Arch]datasets.Record
	hasTest bool
	lookups int
}

func (*toy) Name() string            { return "toy" }
func (*toy) Source() string          { return "made up" }
func (b *toy) Space() datasets.Space { return b.space }
func (b *toy) HasTest() bool         { return b.hasTest }

func (b *toy) Lookup(a datasets.Arch) (datasets.Record, error) {
	b.lookups++
	r, ok := b.records[a]
	if !ok {
		return datasets.Record{}, errors.New(a.String() + " is not in the toy")
	}
	return r, nil
}

func (b *toy) Best() float64 {
	best := math.Inf(-1)
	for _, r := range b.records {
		if r.Val > best {
			best = r.Val
		}
	}
	return best
}

func newToy() *toy {
	return &toy{
		space: toySpace{},
		records: map[datasets.Arch]datasets.Record{
			word("a"): {Val: 50, Test: 49, Runs: []float64{48, 52}},
			word("b"): {Val: 70, Test: 60, Runs: []float64{72, 68}},
			word("c"): {Val: 70, Test: 65, Runs: []float64{69, 70, 71}},
			word("d"): {Val: 80, Test: 55, Runs: []float64{80}},
			word("m"): {Val: 60, Test: 61},
			word("n"): {Val: math.NaN(), Test: 1},
			word("i"): {Val: math.Inf(-1), Test: 1},
			word("j"): {Val: 40, Test: 1, Runs: []float64{80, math.NaN()}},
		},
		hasTest: true,
	}
}

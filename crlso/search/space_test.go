package search

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// digits is an architecture of a toy space: four digits from 0 to 2.
type digits [4]int32

func (d digits) String() string { return fmt.Sprint([4]int32(d)) }

// toySpace holds all digits. Its neighbours differ in one digit. An architecture encodes as a graph
// of four nodes; decoding and parsing are not needed here.
type toySpace struct{ datasets.FiniteSpace }

func (toySpace) Name() string                            { return "the toy space" }
func (toySpace) Len() int                                { return 81 }
func (toySpace) Schema() datasets.Schema                 { return datasets.Schema{Nodes: 4, NodeTypes: 3} }
func (s toySpace) Sample(rng *rand.Rand) datasets.Arch   { return s.At(rng.IntN(81)) }
func (toySpace) Canonical(a datasets.Arch) datasets.Arch { return a }
func (toySpace) Encode(a datasets.Arch) datasets.Graph {
	d := a.(digits)
	return datasets.Graph{Nodes: d[:]}
}

func (toySpace) At(i int) datasets.Arch {
	var d digits
	for j := range d {
		d[j] = int32(i % 3)
		i /= 3
	}
	return d
}

func (toySpace) Index(a datasets.Arch) int {
	index, d := 0, a.(digits)
	for j := len(d) - 1; j >= 0; j-- {
		index = 3*index + int(d[j])
	}
	return index
}

func (toySpace) Neighbours(a datasets.Arch) []datasets.Arch {
	var neighbours []datasets.Arch
	for i := range a.(digits) {
		for step := int32(1); step < 3; step++ {
			d := a.(digits)
			d[i] = (d[i] + step) % 3
			neighbours = append(neighbours, d)
		}
	}
	return neighbours
}

func (s toySpace) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	neighbours := s.Neighbours(a)
	return neighbours[rng.IntN(len(neighbours))]
}

// toyLatents are the digits themselves.
func toyLatents() [][]float64 {
	latents := make([][]float64, 81)
	for i := range latents {
		for _, digit := range (toySpace{}).At(i).(digits) {
			latents[i] = append(latents[i], float64(digit))
		}
	}
	return latents
}

// halfSpace is toySpace with the first digit counted as nothing: 27 distinct architectures, though
// it claims 81.
type halfSpace struct{ toySpace }

func (halfSpace) Canonical(a datasets.Arch) datasets.Arch {
	d := a.(digits)
	d[0] = 0
	return d
}

// stuckSpace is toySpace as a search sees it that never proposes anything but one architecture.
type stuckSpace struct{ toySpace }

func (s stuckSpace) Sample(*rand.Rand) datasets.Arch                  { return s.At(0) }
func (stuckSpace) Mutate(a datasets.Arch, _ *rand.Rand) datasets.Arch { return a }
func (stuckSpace) Neighbours(a datasets.Arch) []datasets.Arch         { return []datasets.Arch{a} }

// toy is a benchmark on a toy space with accuracies that a search can climb: the sum of the digits.
type toy struct{ space datasets.Space }

func (toy) Name() string            { return "toy" }
func (toy) Source() string          { return "made up" }
func (b toy) Space() datasets.Space { return b.space }
func (toy) HasTest() bool           { return false }
func (toy) Best() float64           { return 8 }

func (toy) Lookup(a datasets.Arch) (datasets.Record, error) {
	sum := int32(0)
	for _, digit := range a.(digits) {
		sum += digit
	}
	return datasets.Record{Val: float64(sum)}, nil
}

// hooked is a toy whose hook, if there is one, may change or refuse what it answers, by the number
// of the look-up.
type hooked struct {
	toy
	oracle  *datasets.Oracle
	lookups int
	hook    hook
}

type hook func(oracle *datasets.Oracle, lookup int, record *datasets.Record) error

func (h *hooked) Lookup(a datasets.Arch) (datasets.Record, error) {
	h.lookups++
	record, err := h.toy.Lookup(a)
	if err == nil && h.hook != nil {
		err = h.hook(h.oracle, h.lookups, &record)
	}
	return record, err
}

func newOracle(t testing.TB, b datasets.Benchmark, budget int) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(b, budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

func newSource(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// wantError checks that an error is one line that contains all of wants.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

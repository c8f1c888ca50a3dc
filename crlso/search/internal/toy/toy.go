// Package toy is a small space, and a benchmark made up for any space, to test searchers with.
package toy

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Digits is an architecture of [Space]: digits from 0 to 2.
type Digits [4]int32

func (d Digits) String() string { return fmt.Sprint([4]int32(d)) }

const (
	classes = 3
	size    = 81
)

// Space holds all digits. Neighbours differ in one digit. A graph has a node for each.
type Space struct{}

// Name implements datasets.Space.
func (Space) Name() string { return "the toy space" }

// Parse implements datasets.Space.
func (s Space) Parse(text string) (datasets.Arch, error) {
	for i := range size {
		if a := s.At(i); a.String() == text {
			return a, nil
		}
	}
	return nil, fmt.Errorf("%q is not in %s", text, s.Name())
}

// Sample implements datasets.Space.
func (s Space) Sample(rng *rand.Rand) datasets.Arch { return s.At(rng.IntN(size)) }

// Mutate implements datasets.Space.
func (s Space) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	neighbours := s.Neighbours(a)
	return neighbours[rng.IntN(len(neighbours))]
}

// Neighbours implements datasets.Space.
func (Space) Neighbours(a datasets.Arch) []datasets.Arch {
	var neighbours []datasets.Arch
	for i := range a.(Digits) {
		for step := int32(1); step < classes; step++ {
			d := a.(Digits)
			d[i] = (d[i] + step) % classes
			neighbours = append(neighbours, d)
		}
	}
	return neighbours
}

// Canonical implements datasets.Space.
func (Space) Canonical(a datasets.Arch) datasets.Arch { return a.(Digits) }

// Schema implements datasets.Space.
func (Space) Schema() datasets.Schema {
	heads := []datasets.Head{{Name: "digit", Groups: len(Digits{}), Classes: classes}}
	return datasets.Schema{Nodes: len(Digits{}), NodeTypes: classes, Heads: heads}
}

// Encode implements datasets.Space.
func (s Space) Encode(a datasets.Arch) datasets.Graph {
	d := a.(Digits)
	edges := make([]int32, s.Schema().Pairs())
	return datasets.Graph{Nodes: d[:], Edges: edges, Labels: append([]int32(nil), d[:]...)}
}

// Decode implements datasets.Space.
func (s Space) Decode(scores []float32) (datasets.Arch, error) {
	if want := s.Schema().Outputs(); len(scores) != want {
		return nil, fmt.Errorf("%s: %d scores, want %d", s.Name(), len(scores), want)
	}
	var d Digits
	for i := range d {
		group := scores[i*classes:][:classes]
		for class, score := range group {
			if score > group[d[i]] {
				d[i] = int32(class)
			}
		}
	}
	return d, nil
}

// Len implements datasets.FiniteSpace.
func (Space) Len() int { return size }

// At implements datasets.FiniteSpace.
func (Space) At(i int) datasets.Arch {
	if i < 0 || i >= size {
		panic(fmt.Sprintf("toy: no architecture %d", i))
	}
	var d Digits
	for j := range d {
		d[j] = int32(i % classes)
		i /= classes
	}
	return d
}

// Index implements datasets.FiniteSpace.
func (Space) Index(a datasets.Arch) int {
	index, d := 0, a.(Digits)
	for j := len(d) - 1; j >= 0; j-- {
		index = classes*index + int(d[j])
	}
	return index
}

// Latents returns a latent for each architecture of [Space]: its digits.
func Latents() [][]float64 {
	latents := make([][]float64, size)
	for i := range latents {
		for _, digit := range (Space{}).At(i).(Digits) {
			latents[i] = append(latents[i], float64(digit))
		}
	}
	return latents
}

// Benchmark makes up accuracies over a space, which a search can climb: the sum of the classes of a
// graph's nodes and edges.
type Benchmark struct{ Over datasets.Space }

// Name implements datasets.Benchmark.
func (b Benchmark) Name() string { return "made up over " + b.Over.Name() }

// Source implements datasets.Benchmark.
func (Benchmark) Source() string { return "made up" }

// Space implements datasets.Benchmark.
func (b Benchmark) Space() datasets.Space { return b.Over }

// HasTest implements datasets.Benchmark.
func (Benchmark) HasTest() bool { return false }

// Best implements datasets.Benchmark.
func (Benchmark) Best() float64 { return math.NaN() }

// Lookup implements datasets.Benchmark.
func (b Benchmark) Lookup(a datasets.Arch) (datasets.Record, error) {
	graph := b.Over.Encode(a)
	sum := int32(0)
	for _, classes := range [][]int32{graph.Nodes, graph.Edges} {
		for _, class := range classes {
			sum += class
		}
	}
	return datasets.Record{Val: float64(sum), Test: math.NaN()}, nil
}

package spacetest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

const digits = 5

// pair is an architecture of pairs: two digits whose order makes no difference.
type pair [2]int32

func (p pair) String() string { return fmt.Sprintf("%d,%d", p[0], p[1]) }

// pairs is a space that keeps to the contract.
type pairs struct{}

func (pairs) Name() string { return "pairs" }

func (pairs) Parse(s string) (datasets.Arch, error) {
	var p pair
	fields := strings.Split(s, ",")
	if len(fields) != len(p) {
		return nil, fmt.Errorf("%q has %d digits, want %d", s, len(fields), len(p))
	}
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 || n >= digits {
			return nil, fmt.Errorf("%q is no digit below %d", field, digits)
		}
		p[i] = int32(n)
	}
	return p, nil
}

func (pairs) Sample(rng *rand.Rand) datasets.Arch {
	return pair{rng.Int32N(digits), rng.Int32N(digits)}
}

func (s pairs) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	neighbours := s.Neighbours(a)
	return neighbours[rng.IntN(len(neighbours))]
}

func (pairs) Neighbours(a datasets.Arch) []datasets.Arch {
	var neighbours []datasets.Arch
	for i := range a.(pair) {
		for step := int32(1); step < digits; step++ {
			p := a.(pair)
			p[i] = (p[i] + step) % digits
			neighbours = append(neighbours, p)
		}
	}
	return neighbours
}

func (pairs) Canonical(a datasets.Arch) datasets.Arch {
	p := a.(pair)
	return pair{min(p[0], p[1]), max(p[0], p[1])}
}

func (pairs) Schema() datasets.Schema {
	return datasets.Schema{Nodes: 2, NodeTypes: digits, Heads: []datasets.Head{
		{Name: "digit", Groups: 2, Classes: digits}, {Name: "equal", Groups: 1, Classes: 1}, {Name: "any", Groups: 1, Classes: 2},
	}}
}

func (s pairs) Encode(a datasets.Arch) datasets.Graph {
	p := s.Canonical(a).(pair)
	equal := int32(0)
	if p[0] == p[1] {
		equal = 1
	}
	return datasets.Graph{Nodes: p[:], Edges: []int32{0}, Labels: []int32{p[0], p[1], equal, -1}}
}

func (s pairs) Decode(scores []float32) (datasets.Arch, error) {
	if want := s.Schema().Outputs(); len(scores) != want {
		return nil, fmt.Errorf("%d scores, want %d", len(scores), want)
	}
	var p pair
	for i := range p {
		group := scores[i*digits:][:digits]
		for digit, score := range group {
			if score > group[p[i]] {
				p[i] = int32(digit)
			}
		}
	}
	return s.Canonical(p), nil
}

func (pairs) Len() int { return digits * (digits + 1) / 2 }

func (s pairs) At(i int) datasets.Arch { return s.all()[i] }

func (s pairs) Index(a datasets.Arch) int {
	for i, b := range s.all() {
		if b == s.Canonical(a) {
			return i
		}
	}
	panic("not in the space")
}

func (pairs) all() []datasets.Arch {
	var all []datasets.Arch
	for y := range int32(digits) {
		for x := range y + 1 {
			all = append(all, pair{x, y})
		}
	}
	return all
}

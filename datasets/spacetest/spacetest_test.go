package spacetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
)

func TestRun(t *testing.T) { Run(t, pairs{}) }

// altered is pairs with some methods replaced.
type altered struct {
	pairs
	name       func() string
	parse      func(string) (datasets.Arch, error)
	sample     func(*rand.Rand) datasets.Arch
	mutate     func(datasets.Arch, *rand.Rand) datasets.Arch
	neighbours func(datasets.Arch) []datasets.Arch
	canonical  func(datasets.Arch) datasets.Arch
	schema     func() datasets.Schema
	encode     func(datasets.Arch) datasets.Graph
	decode     func([]float32) (datasets.Arch, error)
	at         func(int) datasets.Arch
	index      func(datasets.Arch) int
}

func (s *altered) Name() string                             { return s.name() }
func (s *altered) Parse(text string) (datasets.Arch, error) { return s.parse(text) }
func (s *altered) Sample(rng *rand.Rand) datasets.Arch      { return s.sample(rng) }
func (s *altered) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	return s.mutate(a, rng)
}
func (s *altered) Neighbours(a datasets.Arch) []datasets.Arch     { return s.neighbours(a) }
func (s *altered) Canonical(a datasets.Arch) datasets.Arch        { return s.canonical(a) }
func (s *altered) Schema() datasets.Schema                        { return s.schema() }
func (s *altered) Encode(a datasets.Arch) datasets.Graph          { return s.encode(a) }
func (s *altered) Decode(scores []float32) (datasets.Arch, error) { return s.decode(scores) }
func (s *altered) At(i int) datasets.Arch                         { return s.at(i) }
func (s *altered) Index(a datasets.Arch) int                      { return s.index(a) }

func alter(change func(s *altered)) datasets.Space {
	var p pairs
	s := &altered{
		name: p.Name, parse: p.Parse, sample: p.Sample, mutate: p.Mutate, neighbours: p.Neighbours, canonical: p.Canonical,
		schema: p.Schema, encode: p.Encode, decode: p.Decode, at: p.At, index: p.Index,
	}
	change(s)
	return s
}

// slicePair is an architecture that cannot be compared.
type slicePair struct {
	pair
	_ []int
}

// listed is pairs with a field that makes the space one that cannot be compared.
type listed struct {
	pairs
	_ []string
}

var p pairs

// broke is a way to break a rule, with a part of what the error must say.
type broke struct {
	rule Rule
	says string
	how  func(s *altered)
}

var ofArchitectures = map[string]broke{
	"architectures with a slice": {Comparable, "spacetest.slicePair is not", func(s *altered) {
		s.sample = func(rng *rand.Rand) datasets.Arch { return slicePair{pair: p.Sample(rng).(pair)} }
		s.canonical = func(a datasets.Arch) datasets.Arch { return pair{} }
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return nil }
	}},
	"no name": {Naming, "", func(s *altered) { s.name = func() string { return "" } }},
	"everything is read": {Parsing, "empty string", func(s *altered) {
		s.parse = func(text string) (datasets.Arch, error) {
			if a, err := p.Parse(text); err == nil {
				return a, nil
			}
			return pair{}, nil
		}
	}},
	"the canonical one is read": {Parsing, "not == to it", func(s *altered) {
		s.parse = func(text string) (datasets.Arch, error) {
			a, err := p.Parse(text)
			if err == nil {
				a = p.Canonical(a)
			}
			return a, err
		}
	}},
	"samples beyond the space": {Validity, "no digit below 5", func(s *altered) {
		s.sample = func(rng *rand.Rand) datasets.Arch { return pair{rng.Int32N(digits), rng.Int32N(digits + 1)} }
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return p.Neighbours(pair{}) }
	}},
	"sampling panics": {Validity, "panics: no luck", func(s *altered) {
		s.sample = func(rng *rand.Rand) datasets.Arch { panic("no luck") }
	}},
	"mutants are the same": {Validity, "the architecture itself", func(s *altered) {
		s.mutate = func(a datasets.Arch, rng *rand.Rand) datasets.Arch { return a }
	}},
	"canonical in turns": {Canonical, "another one", func(s *altered) {
		s.canonical = func(a datasets.Arch) datasets.Arch { return pair{a.(pair)[1], a.(pair)[0]} }
	}},
	"its own neighbour": {Neighbours, "its own neighbour", func(s *altered) {
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return append(p.Neighbours(a), a) }
	}},
	"a neighbour twice": {Neighbours, "is there twice", func(s *altered) {
		s.neighbours = func(a datasets.Arch) []datasets.Arch {
			return append(p.Neighbours(a), p.Neighbours(a)[0])
		}
	}},
	"a neighbour outside": {Neighbours, "no digit below 5", func(s *altered) {
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return append(p.Neighbours(a), pair{0, digits}) }
	}},
	"one-way neighbours": {Symmetry, "none of that one's", func(s *altered) {
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return p.Neighbours(a)[:1] }
	}},
	"no neighbours": {Uniform, "has no neighbours", func(s *altered) {
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return nil }
	}},
	"mutants that are no neighbours": {Uniform, "not among its neighbours", func(s *altered) {
		s.mutate = func(a datasets.Arch, rng *rand.Rand) datasets.Arch {
			q := a.(pair)
			return pair{(q[0] + 1) % digits, (q[1] + 1) % digits}
		}
	}},
	"a favourite neighbour": {Uniform, "chi-squared", func(s *altered) {
		s.mutate = func(a datasets.Arch, rng *rand.Rand) datasets.Arch {
			if rng.IntN(8) == 0 {
				return p.Neighbours(a)[0]
			}
			return p.Mutate(a, rng)
		}
	}},
}

var ofNumbers = map[string]broke{
	"not canonical by number": {Numbering, "whose canonical architecture", func(s *altered) {
		s.at = func(i int) datasets.Arch { q := p.At(i).(pair); return pair{q[1], q[0]} }
	}},
	"numbers off by one": {Numbering, "Index(At(", func(s *altered) {
		s.index = func(a datasets.Arch) int { return (p.Index(a) + 1) % p.Len() }
	}},
	"numbers without end": {Numbering, "does not panic", func(s *altered) {
		s.at = func(i int) datasets.Arch { return p.At((i + p.Len()) % p.Len()) }
	}},
	"foreign architectures have a number": {Foreign, "Index(", func(s *altered) {
		s.index = func(a datasets.Arch) int {
			if _, ok := a.(pair); !ok {
				return 0
			}
			return p.Index(a)
		}
	}},
	"foreign architectures are canonical": {Foreign, "Canonical(", func(s *altered) {
		s.canonical = func(a datasets.Arch) datasets.Arch {
			if _, ok := a.(pair); !ok {
				return a
			}
			return p.Canonical(a)
		}
	}},
}

var ofNetworks = map[string]broke{
	"no heads": {Shape, "want at least one", func(s *altered) {
		s.schema = func() datasets.Schema { return datasets.Schema{Nodes: 2, NodeTypes: digits} }
	}},
	"heads about nodes that there are not": {Shape, "the nodes of head", func(s *altered) {
		s.schema = func() datasets.Schema { schema := p.Schema(); schema.Heads[0].Nodes = []int{2}; return schema }
	}},
	"a label that is impossible": {Shape, "which the head says is impossible", func(s *altered) {
		s.schema = func() datasets.Schema {
			schema := p.Schema()
			schema.Heads[1].Possible = [][]bool{{false}}
			return schema
		}
	}},
	"more decisions that are yes than can be": {Shape, "2 labels of head equal are yes", func(s *altered) {
		s.schema = func() datasets.Schema {
			schema := p.Schema()
			schema.Heads[1].Groups, schema.Heads[1].Most = 2, 1
			return schema
		}
		s.encode = func(a datasets.Arch) datasets.Graph {
			g := p.Encode(a)
			g.Labels = []int32{g.Labels[0], g.Labels[1], 1, 1, g.Labels[3]}
			return g
		}
	}},
	"possible for too few groups": {Shape, "says what is possible for 1 groups", func(s *altered) {
		s.schema = func() datasets.Schema {
			schema := p.Schema()
			schema.Heads[0].Possible = [][]bool{{true}}
			return schema
		}
	}},
	"too few edges": {Shape, "0 edges, want 1", func(s *altered) {
		s.encode = func(a datasets.Arch) datasets.Graph { g := p.Encode(a); g.Edges = nil; return g }
	}},
	"a class too high": {Shape, "of the nodes is 5, want 0 to 4", func(s *altered) {
		s.encode = func(a datasets.Arch) datasets.Graph { g := p.Encode(a); g.Nodes[0] = digits; return g }
	}},
	"a label too high": {Shape, "labels of head equal is 2, want -1 to 1", func(s *altered) {
		s.encode = func(a datasets.Arch) datasets.Graph { g := p.Encode(a); g.Labels[2] = 2; return g }
	}},
	"graphs of what is not canonical": {Shape, "encodes as another graph", func(s *altered) {
		s.encode = func(a datasets.Arch) datasets.Graph {
			q := a.(pair)
			return datasets.Graph{Nodes: q[:], Edges: []int32{0}, Labels: p.Encode(a).Labels}
		}
	}},
	"graphs that look alike": {Shape, "same nodes and edges", func(s *altered) {
		s.encode = func(a datasets.Arch) datasets.Graph { g := p.Encode(a); g.Nodes[1] = 0; return g }
	}},
	"decoding to what is not canonical": {Decoding, "want its canonical architecture", func(s *altered) {
		s.decode = func(scores []float32) (datasets.Arch, error) {
			a, err := p.Decode(scores)
			if q, ok := a.(pair); ok {
				a = pair{q[1], q[0]}
			}
			return a, err
		}
	}},
	"any number of scores": {Decoding, "want an error", func(s *altered) {
		s.decode = func(scores []float32) (datasets.Arch, error) {
			return p.Decode(append(slices.Clone(scores), make([]float32, 100)...)[:p.Schema().Outputs()])
		}
	}},
	"not a number": {Decoding, "panics", func(s *altered) {
		s.decode = func(scores []float32) (datasets.Arch, error) {
			if slices.ContainsFunc(scores, func(x float32) bool { return x != x }) {
				panic("NaN")
			}
			return p.Decode(scores)
		}
	}},
}

var ofCalls = map[string]broke{
	"randomness of its own": {Repeating, "Sample returned", func(s *altered) {
		own := newSource(0)
		s.sample = func(*rand.Rand) datasets.Arch { return p.Sample(own) }
	}},
	"a slice that is kept": {Repeating, "Encode returned", func(s *altered) {
		kept := map[datasets.Arch]datasets.Graph{}
		s.encode = func(a datasets.Arch) datasets.Graph {
			if _, ok := kept[a]; !ok {
				kept[a] = p.Encode(a)
			}
			return kept[a]
		}
	}},
	"one goroutine at a time": {Concurrent, "Name returned", func(s *altered) {
		var calls atomic.Int32
		s.name = func() string {
			calls.Add(1)
			defer calls.Add(-1)
			time.Sleep(100 * time.Microsecond)
			return fmt.Sprint("pairs, asked by ", calls.Load())
		}
	}},
}

// Each way to break a rule is found out, by the rule's name and, but for names, with what shows it.
func TestBrokenSpaces(t *testing.T) {
	tried := map[Rule]bool{}
	for _, ways := range []map[string]broke{ofArchitectures, ofNumbers, ofNetworks, ofCalls} {
		for name, way := range ways {
			tried[way.rule] = true
			errs := broken(alter(way.how))
			if !slices.ContainsFunc(errs, func(err error) bool {
				return strings.HasPrefix(err.Error(), string(way.rule)+": ") && strings.Contains(err.Error(), way.says)
			}) {
				t.Errorf("%s: found %v, want %q with %q", name, errs, way.rule, way.says)
			}
			for _, err := range errs {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: error %q is more than one line", name, err)
				}
			}
		}
	}
	for _, c := range checks {
		if !tried[c.rule] {
			t.Errorf("no space breaks the rule %q", c.rule)
		}
	}
	if err := errors.Join(broken(listed{})...); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%T", listed{})) {
		t.Errorf("a space that cannot be compared: %v", err)
	}
}

// A rule that is left out is not checked, and the others are.
func TestExceptions(t *testing.T) {
	space := alter(func(s *altered) {
		s.neighbours = func(a datasets.Arch) []datasets.Arch { return p.Neighbours(a)[:0] }
		s.name = func() string { return "" }
	})
	errs := broken(space, Uniform)
	if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), string(Naming)) {
		t.Errorf("found %v, want only that there is no name", errs)
	}
}

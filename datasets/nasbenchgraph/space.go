// Package nasbenchgraph is the benchmark NAS-Bench-Graph (Qin et al., "NAS-Bench-Graph:
// Benchmarking Graph Neural Architecture Search", NeurIPS 2022 Datasets and Benchmarks, arXiv
// 2206.09166): 26,206 graph neural networks, each trained with three seeds on nine data sets.
//
// [Space] says which architectures exist; [Open] adds how good they are, from the embedded table:
//
//	table, err := nasbenchgraph.Open("cora")
//	oracle, err := datasets.NewOracle(table, 100, datasets.MeanLabel)
package nasbenchgraph

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/cr-lso/cr-lso/datasets"
)

// NumArchs is the number of architectures, and NumProteins that of those with operations that can
// be used on the data set proteins.
const (
	NumArchs    = 26_206
	NumProteins = 2021
)

// Space is the set of all architectures, or of those for the data set proteins, see [Proteins]. It
// implements [datasets.FiniteSpace]; its architectures are of type [Arch]. The zero Space is the
// set of all.
//
// Architectures with the same network are one here: Canonical joins them, and Len counts them
// once.
type Space struct{ proteins bool }

var _ datasets.FiniteSpace = Space{}

// Proteins returns the space of the data set proteins, whose graph is too large for four of the
// operations: gcn, sage, arma, fc and skip remain. Its architectures are among those of Space{},
// and its Schema is the same.
func Proteins() Space { return Space{proteins: true} }

// operations are those of the whole space, and of that for proteins.
var (
	allOps      = []Op{GAT, GCN, GIN, Cheb, SAGE, ARMA, Graph, FC, Skip}
	proteinsOps = []Op{GCN, SAGE, ARMA, FC, Skip}
)

func (s Space) ops() []Op {
	if s.proteins {
		return proteinsOps
	}
	return allOps
}

// catalogue holds the canonical architectures of a space in the benchmark's order.
type catalogue struct {
	archs []datasets.Arch
	index map[int]int // by key
}

// The order is that of the benchmark's files, and of all_archs in its package: by the operations,
// then by the links.
func (s Space) enumerate() *catalogue {
	c := &catalogue{index: make(map[int]int)}
	ops := s.ops()
	for code := range len(ops) * len(ops) * len(ops) * len(ops) {
		var a Arch
		for i, rest := NumNodes-1, code; i >= 0; i, rest = i-1, rest/len(ops) {
			a.Ops[i] = ops[rest%len(ops)]
		}
		for _, a.Links = range shapes {
			if a.check() == nil && a.canonical() == a {
				c.index[a.key()] = len(c.archs)
				c.archs = append(c.archs, a)
			}
		}
	}
	return c
}

var (
	allArchs      = sync.OnceValue(Space{}.enumerate)
	proteinsArchs = sync.OnceValue(Proteins().enumerate)
)

func (s Space) catalogue() *catalogue {
	if s.proteins {
		return proteinsArchs()
	}
	return allArchs()
}

// Name returns "NAS-Bench-Graph", with the data set if the space is that of proteins.
func (s Space) Name() string {
	if s.proteins {
		return "NAS-Bench-Graph for proteins"
	}
	return "NAS-Bench-Graph"
}

// Len returns NumArchs or NumProteins.
func (s Space) Len() int { return len(s.catalogue().archs) }

// At returns architecture i in the order of the benchmark's files: by the operations, then by the
// links.
func (s Space) At(i int) datasets.Arch { return s.catalogue().archs[i] }

// Index returns the number of the architecture with the network of a.
func (s Space) Index(a datasets.Arch) int { return s.catalogue().index[s.archOf(a).canonical().key()] }

// Canonical returns the architecture that stands for all those with the network of a: that under
// which the benchmark's files have it.
func (s Space) Canonical(a datasets.Arch) datasets.Arch {
	own := s.archOf(a)
	if canonical := own.canonical(); canonical != own {
		return canonical
	}
	return a
}

// Sample draws one of the nine lists of links and four operations, all uniformly, and again if all
// four are skip. So networks that can be written in several ways come more often.
//
// Source: random_arch of the benchmark's package.
func (s Space) Sample(rng *rand.Rand) datasets.Arch {
	ops := s.ops()
	for {
		a := Arch{Links: shapes[rng.IntN(len(shapes))]}
		for i := range a.Ops {
			a.Ops[i] = ops[rng.IntN(len(ops))]
		}
		if a.check() == nil {
			return a
		}
	}
}

// Neighbours returns the architectures that differ from a in one operation, up to 32, or in one
// link, six: node by node, first the operations by number, then the links. Some have the network
// of a, since there are ways to write one; if b is a neighbour of a, then a itself is one of b.
func (s Space) Neighbours(a datasets.Arch) []datasets.Arch {
	own := s.archOf(a)
	neighbours := make([]datasets.Arch, 0, NumNodes*(NumOps-1)+6)
	for i := range NumNodes {
		b := own
		for _, b.Ops[i] = range s.ops() {
			if b != own && b.check() == nil {
				neighbours = append(neighbours, b)
			}
		}
	}
	for i := range NumNodes {
		b := own
		for link := range uint8(i + 1) {
			if b.Links[i] = link; b != own {
				neighbours = append(neighbours, b)
			}
		}
	}
	return neighbours
}

// Mutate draws one of the neighbours of a, all alike.
func (s Space) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	neighbours := s.Neighbours(a)
	return neighbours[rng.IntN(len(neighbours))]
}

// archOf returns the architecture that a is. It panics if a is not of this space.
func (s Space) archOf(a datasets.Arch) Arch {
	arch, ok := a.(Arch)
	if !ok {
		panic(fmt.Sprintf("nasbenchgraph: %T %v is not an architecture of NAS-Bench-Graph", a, a))
	}
	if err := s.check(arch); err != nil {
		panic(fmt.Sprintf("nasbenchgraph: %v: %v", a, err))
	}
	return arch
}

// check returns an error unless an architecture is of the space.
func (s Space) check(a Arch) error {
	if err := a.check(); err != nil {
		return err
	}
	for _, op := range a.Ops {
		if !slices.Contains(s.ops(), op) {
			return fmt.Errorf("%s has no operation %v, but %v", s.Name(), op, s.ops())
		}
	}
	return nil
}

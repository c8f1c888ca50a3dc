// Package datasets holds the ideas every benchmark shares: a [Space] says which architectures
// exist, a [Benchmark] adds how good they are, an [Oracle] is the metered view of a benchmark that
// a search is given, and a [Report] judges a finished search.
//
// Accuracies are in percent throughout. A search sees validation accuracies only: neither an
// Oracle nor anything it returns leads to a test accuracy, so using one does not compile.
//
// The benchmarks live in the packages below this one, such as nasbench201. A space and a benchmark
// of one's own are in the example; package spacetest checks a space.
package datasets

import "math/rand/v2"

// Arch is one architecture of a [Space]. Its dynamic type is comparable, so it can be the key of a
// map, and == compares architectures as values: a pointer will not do. String prints it in the
// benchmark's own notation, on one line, and differently for each architecture.
type Arch interface {
	String() string
}

// Space says which architectures exist and how a network sees them.
//
// Two architectures that differ by == may still count as the same, see Canonical. Methods take any
// architecture of the space, canonical or not, and any that they return may be one that is not
// canonical, unless their comment says so.
//
// Answers depend on nothing but the arguments, and all that is random comes from rng. All methods
// may be called from several goroutines at once, each with an rng of its own. The slices that they
// return are the caller's.
//
// Methods panic when given nil or an architecture of another space. Where a space is a part of
// another one, Index panics, and the other methods may take the architectures of the whole.
//
// The dynamic type of a space is comparable. Package spacetest checks all this, and what stands
// below.
type Space interface {
	// Name is the space's usual name, such as "NAS-Bench-201". Different spaces may have the same
	// one.
	Name() string

	// Parse reads an architecture in the notation that Arch.String prints, and in those that other
	// programs print. What String printed is read as the same architecture by ==. The error says
	// what is wrong with the text.
	Parse(s string) (Arch, error)

	// Sample draws an architecture as the benchmark's own code does, so not always uniformly.
	Sample(rng *rand.Rand) Arch

	// Mutate draws one of the neighbours of a, all alike. Spaces where an architecture can be
	// without neighbours go further, to one that is not a, and say so in their own comment.
	Mutate(a Arch, rng *rand.Rand) Arch

	// Neighbours returns all architectures one elementary change away from a, in a fixed order. By
	// == none of them is a, and none is there twice; their canonical ones may be that of a, or the
	// same for two of them. If b is a neighbour of a, then one of b's has the canonical
	// architecture of a.
	Neighbours(a Arch) []Arch

	// Canonical returns the architecture that stands for all those which the benchmark counts as
	// the same as a, which is its own canonical one. Two architectures are distinct queries if
	// their canonical ones differ.
	Canonical(a Arch) Arch

	// Schema is the shape of what Encode returns and of what Decode expects. It is always the same.
	Schema() Schema

	// Encode returns the canonical architecture of a as a labelled graph. Nodes and edges of two
	// canonical architectures are not all the same.
	Encode(a Arch) Graph

	// Decode turns the outputs of a decoder network, Schema().Outputs() scores laid out head after
	// head, into the architecture they score highest, which is canonical. Scores that agree with
	// the labels of Encode(a) give the canonical architecture of a. The error says which rule of
	// the space the architecture breaks, or that the number of scores is wrong; scores that are
	// NaN or infinite are no reason to panic.
	Decode(scores []float32) (Arch, error)
}

// FiniteSpace is a Space small enough to enumerate: its canonical architectures have numbers.
type FiniteSpace interface {
	Space

	// Len is the number of canonical architectures, at least 1.
	Len() int

	// At returns canonical architecture i of the benchmark's official order, 0 <= i < Len(). It
	// panics if there is none.
	At(i int) Arch

	// Index returns the number of the canonical architecture of a.
	Index(a Arch) int
}

// Schema is the fixed shape in which a [Space] shows its architectures to a network: every
// architecture is a graph on the same number of nodes, with categorical nodes and edges, or several
// such graphs that a network treats alike.
type Schema struct {
	Graphs    int // graphs that an architecture consists of, each of the shape below; 0 is the same as 1
	Nodes     int // nodes of a graph
	NodeTypes int // classes of a node
	// Numbers holds what a class of nodes stands for, such as a width, as many numbers for each
	// class, best between 0 and 1; nil is none. Networks see them beside the class.
	Numbers   [][]float32
	EdgeTypes int    // classes of an edge; 0 if edges carry no feature
	Directed  bool   // each edge leads from the node of the lower number to the other; else edges have no direction
	Heads     []Head // what a decoder predicts, in order
}

// Pairs is the number of unordered node pairs of a graph.
func (s Schema) Pairs() int { return s.Nodes * (s.Nodes - 1) / 2 }

// Outputs is the number of scores that a decoder produces for one architecture.
func (s Schema) Outputs() int {
	n := 0
	for _, h := range s.Heads {
		n += h.Groups * h.Classes
	}
	return n
}

// Labels is the length of Graph.Labels.
func (s Schema) Labels() int {
	n := 0
	for _, h := range s.Heads {
		n += h.Groups
	}
	return n
}

// Head is one group of a decoder's predictions: Groups independent choices among Classes each,
// scored by Groups x Classes logits, row by row. A head with a single class holds Groups
// independent yes-or-no decisions, one logit each.
type Head struct {
	Name    string
	Groups  int
	Classes int
	// Nodes holds the node that each group is about, those of a second graph after those of the
	// first; of an edge, the node it leads to. It is for decoders that tell an architecture node by
	// node, and nil where a space does not say it.
	Nodes []int
	// Possible says for each group which classes can be right, such as those of a node that is no
	// input; of a yes-or-no decision, whether yes can. nil is all.
	Possible [][]bool
	// Most is how many yes-or-no decisions can be yes; 0 is all.
	Most int
}

// Graph is one architecture in the shape of a [Schema]. Where it consists of several graphs, Nodes
// and Edges hold one after the other.
type Graph struct {
	// Nodes holds the class of each node, 0 to NodeTypes-1.
	Nodes []int32
	// Edges holds the class of the edge between each pair of nodes, 0 to EdgeTypes-1, or 0 for all
	// edges if they carry no feature, and -1 where there is none, in the order (0,1), (0,2), (1,2),
	// (0,3), (1,3), (2,3), ...: by the larger node, then the smaller.
	Edges []int32
	// Labels holds the right answer for each group of each head, head after head: 0 to Classes-1,
	// or 0 for no and 1 for yes where there is a single class. It is -1 where no answer is right
	// and none is wrong, such as for the operation of an edge that is not there: a loss leaves that
	// group out.
	Labels []int32
}

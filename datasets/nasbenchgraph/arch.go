package nasbenchgraph

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Op is the operation of a computing node. Its number is the digit that the data files use.
type Op uint8

// The nine operations of the space.
const (
	GAT    Op = iota // graph attention with two heads
	GCN              // graph convolution
	GIN              // graph isomorphism network
	Cheb             // Chebyshev convolution
	SAGE             // GraphSAGE
	ARMA             // auto-regressive moving average filter
	Graph            // k-dimensional graph network (k-GNN)
	FC               // fully connected layer, without neighbours
	Skip             // identity
	NumOps = 9
)

var opNames = [NumOps]string{"gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip"}

// String returns the benchmark's name of the operation.
func (o Op) String() string {
	if o >= NumOps {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// NumNodes is the number of computing nodes of every architecture.
const NumNodes = 4

// Arch is one architecture: an input, NumNodes computing nodes, numbered from 1, and an output. A
// computing node has one source, the input or a computing node before it. What is no source of
// another one goes to the output.
type Arch struct {
	Links [NumNodes]uint8 // the source of computing node i+1: 0 for the input, k for computing node k, k <= i
	Ops   [NumNodes]Op    // the operation of computing node i+1
}

// String returns links and operations as the benchmark's users print them, two lists of Python,
// such as "[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']".
func (a Arch) String() string {
	var links, ops [NumNodes]string
	for i := range a.Links {
		links[i], ops[i] = fmt.Sprint(a.Links[i]), "'"+a.Ops[i].String()+"'"
	}
	return fmt.Sprintf("[%s] [%s]", strings.Join(links[:], ", "), strings.Join(ops[:], ", "))
}

// shapes are the lists of links that differ when nodes are numbered in another way. Their place is
// the first digit of a key.
//
// Source: link_list in nas_bench_graph/architecture.py of the benchmark's package.
var shapes = [...][NumNodes]uint8{
	{0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 1, 1}, {0, 0, 1, 2}, {0, 0, 1, 3}, {0, 1, 1, 1}, {0, 1, 1, 2}, {0, 1, 2, 2}, {0, 1, 2, 3},
}

// Key returns the number by which the data files name the canonical architecture of a: the place
// of its links in the benchmark's list, then the digits of its four operations. They are base 10
// in the files of all data sets. It panics if a is not of the space.
func (a Arch) Key() int { return mustBe(a).canonical().key() }

// key is Key of a canonical architecture.
func (a Arch) key() int {
	key := slices.Index(shapes[:], a.Links)
	for _, op := range a.Ops {
		key = key*10 + int(op)
	}
	return key
}

// fromKey returns the architecture that a number stands for, which need not be canonical.
func fromKey(key int) (Arch, error) {
	var a Arch
	rest := key
	for i := range slices.Backward(a.Ops[:]) {
		a.Ops[i] = Op(rest % 10)
		rest /= 10
	}
	if rest < 0 || rest >= len(shapes) || key < 0 {
		return Arch{}, fmt.Errorf("the key %d is not one of 0 to %d8888", key, len(shapes)-1)
	}
	a.Links = shapes[rest]
	if err := a.check(); err != nil {
		return Arch{}, fmt.Errorf("the key %d: %w", key, err)
	}
	return a, nil
}

// check returns an error unless a is of the space.
func (a Arch) check() error {
	for i := range a.Links {
		switch {
		case int(a.Links[i]) > i:
			return fmt.Errorf("computing node %d is linked to node %d, want 0 to %d", i+1, a.Links[i], i)
		case a.Ops[i] >= NumOps:
			return fmt.Errorf("the operation of computing node %d is number %d, want 0 to %d", i+1, uint8(a.Ops[i]), NumOps-1)
		}
	}
	if a.Ops == [NumNodes]Op{Skip, Skip, Skip, Skip} {
		return errors.New("all four operations are skip, which computes nothing")
	}
	return nil
}

// mustBe returns a. It panics if a is not of the space.
func mustBe(a Arch) Arch {
	if err := a.check(); err != nil {
		panic(fmt.Sprintf("nasbenchgraph: %v is not an architecture of NAS-Bench-Graph: %v", a, err))
	}
	return a
}

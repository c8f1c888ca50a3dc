package nasbenchgraph

import (
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
)

// Classes of the six nodes of a graph: the input, then the operations of computing nodes by their
// number, then the output.
const (
	inputClass  = 0
	firstOp     = 1
	outputClass = firstOp + NumOps
	numClasses  = outputClass + 1
)

// numNodes counts the input and the output as well. What a decoder says of links is for all
// computing nodes but the first, whose source is the input.
const (
	numNodes = NumNodes + 2
	numLinks = NumNodes - 1
)

// Schema describes a graph of six nodes, the input, the computing nodes and the output, whose
// class says which they are, and the operation of computing nodes: 11 classes. Its edges carry no
// feature. A decoder scores the source of computing nodes 2 to 4 among the input and the computing
// nodes 1 to 3, and the [Op] of all four.
func (s Space) Schema() datasets.Schema {
	links, ops := make([][]bool, numLinks), make([][]bool, NumNodes)
	for i := range links {
		links[i] = make([]bool, NumNodes)
		for source := range i + 2 { // the input and the nodes before
			links[i][source] = true
		}
	}
	for i := range ops {
		ops[i] = make([]bool, NumOps)
		for _, op := range s.ops() {
			ops[i][op] = true
		}
	}
	return datasets.Schema{
		Nodes:     numNodes,
		NodeTypes: numClasses,
		Directed:  true,
		Heads: []datasets.Head{
			{Name: "link", Groups: numLinks, Classes: NumNodes, Nodes: []int{2, 3, 4}, Possible: links},
			{Name: "operation", Groups: NumNodes, Classes: NumOps, Nodes: []int{1, 2, 3, 4}, Possible: ops},
		},
	}
}

// Encode returns the canonical architecture of a as a graph. There is an edge between each
// computing node and its source, and between the output and each that is no source.
func (s Space) Encode(a datasets.Arch) datasets.Graph {
	c := s.archOf(a).canonical()
	g := datasets.Graph{
		Nodes:  make([]int32, numNodes),
		Edges:  make([]int32, numNodes*(numNodes-1)/2),
		Labels: make([]int32, numLinks+NumNodes),
	}
	for i := range g.Edges {
		g.Edges[i] = -1
	}
	connect := func(smaller, larger int) { g.Edges[larger*(larger-1)/2+smaller] = 0 }
	isSource := [1 + NumNodes]bool{}
	for i, link := range c.Links {
		connect(int(link), i+1)
		isSource[link] = true
		g.Nodes[i+1] = firstOp + int32(c.Ops[i])
		g.Labels[numLinks+i] = int32(c.Ops[i])
		if i > 0 {
			g.Labels[i-1] = int32(link)
		}
	}
	for node := 1; node <= NumNodes; node++ {
		if !isSource[node] {
			connect(node, numNodes-1)
		}
	}
	g.Nodes[numNodes-1] = outputClass
	return g
}

// Decode returns the canonical architecture that the scores describe: each computing node has the
// source before it, and the operation of the space, that score highest, the first of equals. The
// error says that all operations would be skip, or is for a wrong number of scores.
func (s Space) Decode(scores []float32) (datasets.Arch, error) {
	const links = numLinks * NumNodes
	if want := links + NumNodes*NumOps; len(scores) != want {
		return nil, fmt.Errorf("decode %s: got %d scores, want %d", s.Name(), len(scores), want)
	}
	var a Arch
	for i := range NumNodes {
		if i > 0 {
			group := scores[(i-1)*NumNodes:][:i+1]
			for link, score := range group {
				if score > group[a.Links[i]] {
					a.Links[i] = uint8(link)
				}
			}
		}
		group := scores[links+i*NumOps:][:NumOps]
		a.Ops[i] = s.ops()[0]
		for _, op := range s.ops() {
			if group[op] > group[a.Ops[i]] {
				a.Ops[i] = op
			}
		}
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.Name(), err)
	}
	return a.canonical(), nil
}

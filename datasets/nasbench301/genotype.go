package nasbench301

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// Op is the operation on one edge of a cell. Its number is the one that the surrogate's features
// use.
type Op uint8

// The seven operations of the space, each with batch normalisation where it has weights.
const (
	MaxPool3x3 Op = iota
	AvgPool3x3
	SkipConnect // identity; a factorised reduction where it halves the resolution
	SepConv3x3  // two depthwise-separable convolutions
	SepConv5x5
	DilConv3x3 // one dilated depthwise-separable convolution
	DilConv5x5
)

// NumOps is the number of operations.
const NumOps = 7

var opNames = [NumOps]string{
	"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
}

// String returns DARTS's name of the operation, such as "sep_conv_3x3".
func (o Op) String() string {
	if o >= NumOps {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// A cell is a directed acyclic graph on CellNodes nodes. Nodes 0 and 1 are the outputs of the two
// cells before, each of the others sums what its two edges bring from two earlier nodes, and the
// output of the cell joins the nodes from 2 on. PossibleEdges pairs of nodes may have an edge;
// CellEdges of them do.
const (
	CellNodes     = 6
	CellEdges     = 8
	PossibleEdges = 14
)

const inputs = 2 // of a cell, and of each of its nodes

// Edge is one edge of a cell: an operation on the output of node From.
type Edge struct {
	Op   Op
	From uint8
}

// Cell holds the edges of a cell: the two that lead to node 2, the two that lead to node 3, and so
// on.
type Cell [CellEdges]Edge

// Genotype is one architecture: the cell that most of the network stacks copies of, and the one
// that stands in the two places where the network halves its resolution.
type Genotype struct {
	Normal, Reduce Cell
}

// String returns the genotype as DARTS and Python print it: "Genotype(normal=[('sep_conv_3x3', 0),
// ...], normal_concat=[2, 3, 4, 5], reduce=[...], reduce_concat=[2, 3, 4, 5])".
func (g Genotype) String() string {
	const concat = "[2, 3, 4, 5]"
	return fmt.Sprintf("Genotype(normal=%v, normal_concat=%s, reduce=%v, reduce_concat=%[2]s)", g.Normal, concat, g.Reduce)
}

// String returns the cell as a Python list, such as "[('sep_conv_3x3', 0), ...]".
func (c Cell) String() string {
	terms := make([]string, CellEdges)
	for i, edge := range c {
		terms[i] = fmt.Sprintf("('%v', %d)", edge.Op, edge.From)
	}
	return "[" + strings.Join(terms, ", ") + "]"
}

// newGenotype reads the two cells of a genotype with parse, and checks them.
func newGenotype(normal, reduce string, parse func(string) (Cell, error)) (g Genotype, err error) {
	if g.Normal, err = parse(normal); err != nil {
		return Genotype{}, fmt.Errorf("normal cell: %w", err)
	}
	if g.Reduce, err = parse(reduce); err != nil {
		return Genotype{}, fmt.Errorf("reduction cell: %w", err)
	}
	return g, g.check()
}

// newCell returns the cell with these operations and source nodes, in the order of Cell.
func newCell(ops, sources []string) (Cell, error) {
	var c Cell
	if len(ops) != CellEdges {
		return Cell{}, fmt.Errorf("has %d edges, want %d, two for each node", len(ops), CellEdges)
	}
	for i, name := range ops {
		op, ok := parseOp(name)
		if !ok {
			return Cell{}, fmt.Errorf("unknown operation %s, want one of %s", pydata.Quote(name), strings.Join(opNames[:], ", "))
		}
		from, err := strconv.ParseUint(sources[i], 10, 8)
		if err != nil {
			return Cell{}, fmt.Errorf("edge %d comes from %s, want the number of a node", i, pydata.Quote(sources[i]))
		}
		c[i] = Edge{op, uint8(from)}
	}
	return c, nil
}

func parseOp(name string) (Op, bool) {
	for op, known := range opNames {
		if name == known {
			return Op(op), true
		}
	}
	return 0, false
}

// check returns the rule of the space that the cell breaks.
func (c Cell) check() error {
	for i, edge := range c {
		node := inputs + i/inputs
		switch {
		case edge.Op >= NumOps:
			return fmt.Errorf("edge %d: unknown operation %v", i, edge.Op)
		case int(edge.From) >= node:
			return fmt.Errorf("node %d has an edge from node %d, want an earlier one", node, edge.From)
		case i%inputs == 1 && edge.From == c[i-1].From:
			return fmt.Errorf("node %d has two edges from node %d, want two nodes", node, edge.From)
		}
	}
	return nil
}

func (g Genotype) check() error {
	if err := g.Normal.check(); err != nil {
		return fmt.Errorf("normal cell: %w", err)
	}
	if err := g.Reduce.check(); err != nil {
		return fmt.Errorf("reduction cell: %w", err)
	}
	return nil
}

// canonical returns the cell with the two edges of each node in the order of their sources.
func (c Cell) canonical() Cell {
	for i := 0; i < CellEdges; i += inputs {
		if c[i].From > c[i+1].From {
			c[i], c[i+1] = c[i+1], c[i]
		}
	}
	return c
}

func (g Genotype) canonical() Genotype { return Genotype{g.Normal.canonical(), g.Reduce.canonical()} }

// possibleEdge numbers the pairs of nodes that may have an edge, by target and then source, from 0
// to PossibleEdges-1. The numbers are those of the surrogate's features.
func possibleEdge(source, target int) int { return firstEdge(target) + source }

func firstEdge(target int) int { return target*(target-1)/2 - 1 }

package nasbench201

import (
	"fmt"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

// Op is the operation on one edge of a cell. Its number is the digit that the data files use.
type Op uint8

// The five operations of the space.
const (
	None    Op = iota // no connection: the zero tensor
	Skip              // identity
	Conv1x1           // ReLU, 1x1 convolution, batch normalisation
	Conv3x3           // ReLU, 3x3 convolution, batch normalisation
	AvgPool           // 3x3 average pooling
)

// NumOps is the number of operations.
const NumOps = 5

var opNames = [NumOps]string{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"}

// String returns the benchmark's name of the operation, such as "nor_conv_3x3".
func (o Op) String() string {
	if o >= NumOps {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// A cell is a directed acyclic graph on NumNodes nodes with an operation on each of its NumEdges
// edges. Node 0 is the input, the last node the output, and each node sums what its edges bring.
const (
	NumNodes = 4
	NumEdges = 6
)

var edges = [NumEdges][2]int{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}

// Edge returns the nodes that edge i of every cell leads from and to, 0 <= i < NumEdges. The order,
// by target and then source, is that of the benchmark and of datasets.Graph.
func Edge(i int) (source, target int) { return edges[i][0], edges[i][1] }

// Cell is one architecture: the operation on each edge, in the order of [Edge]. The whole network
// stacks copies of it.
type Cell [NumEdges]Op

// String returns the cell in the benchmark's notation: for each node after the input, the
// operations of the edges that lead to it, each with the node that it comes from, as in
// "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|".
func (c Cell) String() string {
	var b strings.Builder
	for i, op := range c {
		source, target := Edge(i)
		if source == 0 && target > 1 {
			b.WriteByte('+')
		}
		if source == 0 {
			b.WriteByte('|')
		}
		fmt.Fprintf(&b, "%v~%d|", op, source)
	}
	return b.String()
}

// Digits returns the six digits that name the cell in data files, such as "333132".
func (c Cell) Digits() string {
	var digits [NumEdges]byte
	for i, op := range c {
		digits[i] = '0' + byte(op)
	}
	return string(digits[:])
}

// code numbers the cells from 0 to NumCells-1 by their digits. It returns NumCells for what is not
// a cell.
func (c Cell) code() int {
	code := 0
	for _, op := range c {
		if op >= NumOps {
			return NumCells
		}
		code = code*NumOps + int(op)
	}
	return code
}

// OperationNames returns the operation on each edge, in the order of [Edge] for any number of
// nodes, and the number of nodes of a cell of NAS-Bench-201 or of a space of datasets.NewCells; ok
// is false for other architectures. A name of the latter need not be one that [ParseOp] reads.
func OperationNames(a datasets.Arch) (names []string, nodes int, ok bool) {
	switch a := a.(type) {
	case Cell:
		for _, op := range a {
			names = append(names, op.String())
		}
		return names, NumNodes, true
	case datasets.OperationCell:
		return a.Operations(), a.Nodes(), true
	}
	return nil, 0, false
}

package nasbench301

import "github.com/cr-lso/cr-lso/datasets"

// maxPath is the number of operations of the longest paths that PathEncoding tells apart, and
// sequences the number of sequences of one to that many operations.
const (
	maxPath   = 3
	sequences = NumOps + NumOps*NumOps + NumOps*NumOps*NumOps
)

// NumPaths is the number of different paths that [PathEncoding] tells apart.
const NumPaths = 2 * inputs * sequences

// PathEncoding describes a genotype by NumPaths numbers, one for each cell, input of the cell and
// sequence of one to three operations: 1 if a path from that input to one of the intermediate
// nodes, all of which the cell's output joins, has that sequence, 0 if not. Sequences are in the
// order of their length, then of their operations from the input on. It panics if a is not of this
// space.
//
// Source: White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with Neural Architectures
// for Neural Architecture Search", AAAI 2021, section 4, which leaves out long paths too. The
// authors' code (encode_paths in naszilla/nas_bench_301/cell_301.py) departs from this: by default
// it keeps the first 100 of its numbers, which are all of the normal cell's first input, and it
// leaves out the last edge of each cell.
func PathEncoding(a datasets.Arch) []float32 {
	g := genotypeOf(a)
	encoding := make([]float32, NumPaths)
	for i, c := range []Cell{g.Normal, g.Reduce} {
		for input := range inputs {
			c.addPaths(encoding[(i*inputs+input)*sequences:][:sequences], input, 0, 0)
		}
	}
	return encoding
}

// addPaths marks the paths that go on from a node, which some operations have led to. Sequences of
// one length are NumOps times those that are shorter by one, and first is the number of the first
// that begins with these operations.
func (c Cell) addPaths(encoding []float32, node, length, first int) {
	if length == maxPath {
		return
	}
	for i, edge := range c {
		if int(edge.From) == node {
			number := first + int(edge.Op)
			encoding[number] = 1
			c.addPaths(encoding, inputs+i/inputs, length+1, (number+1)*NumOps)
		}
	}
}

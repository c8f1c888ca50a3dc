package nasbench201

import "github.com/cr-lso/cr-lso/datasets"

// NumPaths is the number of sequences of one, two or three operations, all of which can lie along a
// path from the input of a cell to its output.
const NumPaths = NumOps + NumOps*NumOps + NumOps*NumOps*NumOps

// PathEncoding describes a cell by NumPaths numbers, one for each sequence of operations: 1 if a
// path from input to output has it, 0 if not. Sequences are in the order of their length, then of
// their operations from the input on. A cell has three or four ones, as its two paths of two edges
// may have the same sequence, and none is an operation like the others. It panics if a is not of
// this space.
//
// Source: White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with Neural Architectures
// for Neural Architecture Search", AAAI 2021, section 4, and encode_paths of the authors' code
// (naszilla/nas_bench_201/cell_201.py), which numbers the operations differently.
func PathEncoding(a datasets.Arch) []float32 {
	cell := cellOf(a)
	encoding := make([]float32, NumPaths)
	for _, path := range paths {
		// Sequences of one length are NumOps times those that are shorter by one, and one more.
		number := 0
		for i, edge := range path {
			if i > 0 {
				number++
			}
			number = number*NumOps + int(cell[edge])
		}
		encoding[number] = 1
	}
	return encoding
}

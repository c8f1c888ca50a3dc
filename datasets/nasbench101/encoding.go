package nasbench101

import "github.com/cr-lso/cr-lso/datasets"

// NumPaths is the number of sequences of up to five operations, all of which can lie along a path
// from the input of a cell to its output.
const NumPaths = 1 + 3 + 9 + 27 + 81 + 243

// PathEncoding describes a cell by NumPaths numbers, one for each sequence of operations: 1 if a
// path from input to output has it, 0 if not. Sequences are in the order of their length, then of
// their operations from the input on; the first is that of an edge from input to output. It panics
// if a is not of this space.
//
// Source: White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with Neural Architectures
// for Neural Architecture Search", AAAI 2021, section 4, and encode_paths of the authors' code
// (naszilla/nas_bench_101/cell_101.py), which numbers the operations differently.
func PathEncoding(a datasets.Arch) []float32 {
	g := cellOf(a).Canonical().graph()
	encoding := make([]float32, NumPaths)
	var walk func(v, number int)
	walk = func(v, number int) {
		for w := v + 1; w < g.n; w++ {
			switch {
			case !g.out[v].has(w):
			case w == g.n-1:
				encoding[number] = 1
			default:
				// Sequences of one length are numInner times those that are shorter by one, and one
				// more.
				walk(w, number*numInner+1+int(g.ops[w]-Conv3x3))
			}
		}
	}
	walk(0, 0)
	return encoding
}

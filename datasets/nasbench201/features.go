package nasbench201

import "github.com/cr-lso/cr-lso/datasets"

// paths are the ways from the input of a cell to its output, as edges.
var paths = [...][]int{{3}, {0, 4}, {1, 5}, {0, 2, 5}}

// PathFeatures describes a cell by ten classes: the operation on each of its six edges, then, for
// each of the four paths from input to output, the number of the sequence of operations along it.
// How many of them two cells have in common says how alike they are. It panics if a is not of this
// space.
//
// Paths as features are those of White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with
// Neural Architectures for Neural Architecture Search", AAAI 2021, which does not tell apart the
// two paths of two edges.
func PathFeatures(a datasets.Arch) []int32 {
	cell := cellOf(a)
	features := make([]int32, 0, NumEdges+len(paths))
	for _, op := range cell {
		features = append(features, int32(op))
	}
	for _, path := range paths {
		sequence := int32(0)
		for _, edge := range path {
			sequence = sequence*NumOps + int32(cell[edge])
		}
		features = append(features, sequence)
	}
	return features
}

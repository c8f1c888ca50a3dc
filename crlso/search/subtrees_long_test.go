//go:build long

package search

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/nasbench101"
)

// How many cells of NAS-Bench-101 the labels tell apart is known from colour refinement by another
// program: of all 423,624, after one round 399,267 and after two all, along directions; blind to
// them, 248,797 after one. On every tenth cell the counts are lower, so this test takes all.
func TestSubtreesTellCellsApart(t *testing.T) {
	space := nasbench101.Space{}
	for _, test := range []struct {
		rounds   int
		directed bool
		want     int
	}{{1, true, 399_267}, {2, true, 423_624}, {1, false, 248_797}} {
		schema, different := space.Schema(), map[uint64]bool{}
		schema.Directed = test.directed
		for i := range space.Len() {
			different[hash(subtrees(schema, space.Encode(space.At(i)), test.rounds)...)] = true
		}
		if len(different) != test.want {
			t.Errorf("%d rounds, directed: %t, tell %d cells apart, want %d", test.rounds, test.directed, len(different), test.want)
		}
	}
}

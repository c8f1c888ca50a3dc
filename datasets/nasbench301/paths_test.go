package nasbench301

import (
	"slices"
	"testing"
)

// The paths of a cell, followed by hand.
func TestPathEncoding(t *testing.T) {
	g := parse(t, dartsV2)
	encoding := PathEncoding(g)
	if len(encoding) != 1596 || !slices.Equal(encoding, PathEncoding((Space{}).Canonical(g))) {
		t.Fatalf("%d numbers, or others with the edges in another order", len(encoding))
	}
	var got []int
	for i, x := range encoding {
		if x == 1 {
			got = append(got, i)
		}
	}
	const max, skip, sep, dil, pairs, triples = 0, 2, 3, 5, 7, 7 + 49
	want := []int{
		// Normal cell, input 0: to nodes 2, 3 and 4, 5 by one edge; through node 2 to node 5.
		skip, sep, pairs + sep*7 + dil,
		// Input 1.
		399 + sep, 399 + pairs + sep*7 + dil,
		// Reduction cell, input 0: to nodes 2 and 4; through node 2 to nodes 3, 4 and 5.
		798 + max, 798 + pairs + max*7 + skip,
		// Input 1.
		1197 + max, 1197 + pairs + max*7 + skip,
	}
	if !slices.Equal(got, want) {
		t.Errorf("ones are at %v, want %v", got, want)
	}
	// A chain: longer paths than three operations are left out.
	chain := parse(t, "Genotype(normal=[('dil_conv_5x5', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "+
		"('avg_pool_3x3', 3), ('max_pool_3x3', 1), ('sep_conv_3x3', 4), ('max_pool_3x3', 1)], normal_concat=[2, 3, 4, 5], "+
		dartsV2[len(dartsV2)-len(reduceV2):])
	ones := 0
	for _, x := range PathEncoding(chain)[:399] {
		ones += int(x)
	}
	if ones != 3 || PathEncoding(chain)[triples+6*49+2*7+1] != 1 {
		t.Errorf("a chain of four has %d paths from its beginning, want 3 with the last dil_conv_5x5, skip_connect, avg_pool_3x3", ones)
	}
}

const reduceV2 = "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), " +
	"('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"

package nasbench201

import (
	"slices"
	"testing"
)

// Every path leads from the input to the output, edge by edge, and no other path does.
func TestPaths(t *testing.T) {
	var found [][]int
	var walk func(node int, path []int)
	walk = func(node int, path []int) {
		if node == NumNodes-1 {
			found = append(found, slices.Clone(path))
		}
		for i := range NumEdges {
			if source, target := Edge(i); source == node {
				walk(target, append(path, i))
			}
		}
	}
	walk(0, nil)
	want := slices.Clone(paths[:])
	slices.SortFunc(found, slices.Compare)
	slices.SortFunc(want, slices.Compare)
	if !slices.EqualFunc(found, want, slices.Equal) {
		t.Errorf("paths are %v, want %v", want, found)
	}
}

// A feature of two cells is the same if and only if all operations that it speaks of are.
func TestPathFeatures(t *testing.T) {
	of := make([][]int, 0, NumEdges+len(paths)) // edges that each feature speaks of
	for i := range NumEdges {
		of = append(of, []int{i})
	}
	of = append(of, paths[:]...)

	space := Space{}
	cell := space.At(6111).(Cell)
	features := PathFeatures(cell)
	if len(features) != len(of) {
		t.Fatalf("%d features, want %d", len(features), len(of))
	}
	for i := range NumCells {
		other := space.At(i).(Cell)
		for j, got := range PathFeatures(other) {
			want := !slices.ContainsFunc(of[j], func(edge int) bool { return other[edge] != cell[edge] })
			if (got == features[j]) != want {
				t.Fatalf("feature %d of %v and %v: same is %v, want %v", j, cell, other, !want, want)
			}
		}
	}
}

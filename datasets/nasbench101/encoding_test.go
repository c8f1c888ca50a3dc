package nasbench101

import (
	"testing"
)

// The ones stand exactly where a path from input to output has the sequence of operations, in the
// order of all sequences of none to five operations.
func TestPathEncoding(t *testing.T) {
	var sequences []string
	last := []string{""}
	for range MaxVertices - 1 {
		sequences = append(sequences, last...)
		var longer []string
		for _, s := range last {
			for _, op := range "123" {
				longer = append(longer, s+string(op))
			}
		}
		last = longer
	}
	if len(sequences) != NumPaths {
		t.Fatalf("%d sequences, want %d", len(sequences), NumPaths)
	}
	for _, a := range append(someCells(t), sampled(300)...) {
		// Backwards: the sequences along the paths from each vertex to the output.
		c := a.(Cell).Canonical()
		n := c.Vertices()
		along := make([]map[string]bool, n)
		for v := n - 1; v >= 0; v-- {
			along[v] = map[string]bool{}
			own := ""
			if v == n-1 {
				along[v][""] = true
			} else if v > 0 {
				own = string(rune('0' + c.Op(v)))
			}
			for w := v + 1; w < n; w++ {
				if c.Edge(v, w) {
					for s := range along[w] {
						along[v][own+s] = true
					}
				}
			}
		}
		encoding := PathEncoding(a)
		if len(encoding) != NumPaths {
			t.Fatalf("%d numbers, want %d", len(encoding), NumPaths)
		}
		for i, got := range encoding {
			if want := along[0][sequences[i]]; (got == 1) != want || got != 0 && got != 1 {
				t.Fatalf("%v: sequence %q is %v, want it to be there: %v", c, sequences[i], got, want)
			}
		}
	}
}

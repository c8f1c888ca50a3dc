package crlso

import (
	"fmt"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// For fits any space and budget: a small and a large one, and budgets of one to a thousand.
func TestFor(t *testing.T) {
	var many []datasets.Choice
	for i := range 20 {
		many = append(many, datasets.Choice{Name: fmt.Sprint("c", i), Options: []string{"a", "b", "c"}})
	}
	large, err := datasets.NewChoices("large", many...)
	if err != nil {
		t.Fatal(err)
	}
	small, err := datasets.NewCells("small", 3, "a", "b", "c")
	if err != nil {
		t.Fatal(err)
	}
	for _, space := range []datasets.Space{large, small, space, nasbench301.Space{}} {
		for _, budget := range []int{1, 5, 20, 1000} {
			if err := For(space, budget).ValidateFor(space); err != nil {
				t.Errorf("%s, budget %d: %v", space.Name(), budget, err)
			}
		}
	}
}

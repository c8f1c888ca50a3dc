package nasbench101

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func TestContract(t *testing.T) { spacetest.Run(t, Space{}) }

// The neighbours of a cell in a space of some cells are few, or none: Mutate goes further.
func TestContractOfASubspace(t *testing.T) {
	spacetest.Run(t, everyFourteenth(), spacetest.Uniform)
}

// everyFourteenth is a space of as many cells as the protocol single-run has, from all over.
func everyFourteenth() Space {
	var positions []int
	for i := 0; i < NumCells; i += 14 {
		positions = append(positions, i)
	}
	return subspace(positions)
}

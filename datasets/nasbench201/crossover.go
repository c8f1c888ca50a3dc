package nasbench201

import (
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Crossover takes the operation of each edge from one of two cells, at random: uniform crossover.
func Crossover(a, b datasets.Arch, rng *rand.Rand) datasets.Arch {
	child, other := cellOf(a), cellOf(b)
	for i := range child {
		if rng.IntN(2) == 1 {
			child[i] = other[i]
		}
	}
	return cells().byCode[child.code()]
}

package search

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
)

// candidateParents is the number of labelled architectures whose neighbours are candidates.
const candidateParents = 10

// DrawCandidates returns what a model scores in a space that is too large to score as a whole: the
// labelled architectures in their order, the neighbours of the ten best of them, and random ones.
// None is there twice, and there are limit at most; no more than random are drawn.
func DrawCandidates(space datasets.Space, labelled []datasets.Query, limit, random int, rng *rand.Rand) []datasets.Arch {
	var candidates []datasets.Arch
	known := make(map[datasets.Arch]bool)
	add := func(a datasets.Arch) {
		if c := space.Canonical(a); !known[c] && len(candidates) < limit {
			known[c] = true
			candidates = append(candidates, a)
		}
	}
	for _, q := range labelled {
		add(q.Arch)
	}
	best := slices.SortedStableFunc(slices.Values(labelled), func(p, q datasets.Query) int {
		return cmp.Compare(q.Accuracy, p.Accuracy)
	})
	for _, q := range best[:min(candidateParents, len(best))] {
		for _, a := range space.Neighbours(q.Arch) {
			add(a)
		}
	}
	for range min(random, limit-len(candidates)) {
		add(space.Sample(rng))
	}
	return candidates
}

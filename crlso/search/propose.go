package search

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// Known is what a search may see when it proposes: a [datasets.Oracle] as far as it only tells.
type Known interface {
	Space() datasets.Space
	Log() []datasets.Query    // what is answered, oldest first
	Pending() []datasets.Arch // what is being evaluated
	Asked(datasets.Arch) bool // whether an architecture, or one that counts as the same, is among these
	Remaining() int           // queries that are left
	Budget() int
	HasCost() bool
}

// Proposer is a [Searcher] that is a function of what is known, so that a search goes on from a
// journal, on this machine or another, and asks for something whenever a worker is free.
type Proposer interface {
	Searcher

	// Propose returns architectures to evaluate next, none of which was asked for: n, or as many as
	// the method evaluates together if that is more, but no more than the budget has left. Everything
	// random comes from rng. The method remembers nothing between calls.
	Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error)
}

// Propose is [Proposer]'s method of that name, of a method that may remember what it has computed
// for the calls of one search.
type Propose func(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error)

// Spend queries what is proposed, whole batches at once, until the budget is spent. What an
// interrupted search has left pending comes first. The log does not depend on how many evaluations
// run at once.
func Spend(oracle *datasets.Oracle, rng *rand.Rand, propose Propose) error {
	for {
		if len(oracle.Pending()) > 0 {
			if _, err := oracle.QueryAll(); err != nil {
				return err
			}
		}
		if oracle.Remaining() == 0 {
			return nil
		}
		archs, err := propose(oracle, 1, rng)
		if err != nil {
			return err
		}
		if _, err := oracle.QueryAll(archs...); err != nil {
			return err
		}
	}
}

// maxSamples is how many samples in a row may be known before a search gives up. It is far above
// what random sampling takes to find the last architecture of a space the size of NAS-Bench-201.
const maxSamples = 1_000_000

// sampleNew returns n random architectures that were not asked for, each once, or fewer if there
// seem to be no more; it is an error if there is none.
func sampleNew(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	b := newBatch(known)
	for misses := 0; len(b.archs) < n; misses++ {
		if b.add(known.Space().Sample(rng)) {
			misses = -1
		} else if misses == maxSamples && len(b.archs) > 0 {
			return b.archs, nil
		} else if misses == maxSamples {
			return nil, fmt.Errorf("nothing new in %d random architectures of %s, after %d of %d queries; use a smaller budget",
				maxSamples, known.Space().Name(), len(known.Log()), known.Budget())
		}
	}
	return b.archs, nil
}

// InitialSet returns what is missing of the first n architectures of a search, which are random;
// none if there is nothing missing, or if as many have begun and one is answered.
func InitialSet(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	begun := len(known.Log()) + len(known.Pending())
	missing := n - begun
	if missing <= 0 && len(known.Log()) == 0 && begun > 0 {
		missing = 1 // nothing to learn from yet
	}
	if missing <= 0 {
		return nil, nil
	}
	return sampleNew(known, min(missing, known.Remaining()), rng)
}

// batch collects architectures that were not asked for, each once.
type batch struct {
	known Known
	archs []datasets.Arch
	keys  map[datasets.Arch]bool
}

func newBatch(known Known) *batch { return &batch{known: known, keys: map[datasets.Arch]bool{}} }

// add reports whether an architecture is new.
func (b *batch) add(a datasets.Arch) bool {
	if b.has(a) {
		return false
	}
	b.keys[b.known.Space().Canonical(a)] = true
	b.archs = append(b.archs, a)
	return true
}

// has reports whether an architecture was asked for, or is in the batch.
func (b *batch) has(a datasets.Arch) bool {
	return b.known.Asked(a) || b.keys[b.known.Space().Canonical(a)]
}

package search

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
)

// LocalSearch is hill climbing with restarts. It visits the neighbours of its position in random
// order, passing over those queried before, and moves to the first that is better. Where none is,
// it starts again from a random architecture.
//
// Source: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search",
// UAI 2021. The paper's Algorithm 1 visits all neighbours before it moves to the best of them; this
// is the variant that moves at once, which is the default of the authors' code (local_search in
// naszilla/nas_algorithms.py) and needs fewer queries. The start is that of Algorithm 1, one random
// architecture; with Initial = 10 it is that of the code.
type LocalSearch struct {
	Initial int // random architectures queried before each climb, which starts from the best; 0 means 1
}

// Kind implements Searcher.
func (LocalSearch) Kind() string { return "local search" }

// Search implements [Searcher]. The budget must not be below the initial set.
func (l LocalSearch) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := checkBudget(oracle, "local search", cmp.Or(l.Initial, 1)); err != nil {
		return err
	}
	return Spend(oracle, rng, (&climber{initial: l.Initial}).propose)
}

// Propose implements [Proposer]. Position and start are told from the log: what was queried while
// all neighbours of the position were known is a new start.
func (l LocalSearch) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	return (&climber{initial: l.Initial}).propose(known, n, rng)
}

// climber is a local search where its log has led it.
type climber struct {
	initial int

	read     int                    // queries of the log that are taken up
	seen     map[datasets.Arch]bool // of these
	starts   []datasets.Query       // random architectures of this climb, while it has no position
	position datasets.Query
	climbing bool

	order []int // in which its neighbours are visited; nil before it is drawn
}

func (c *climber) propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	initial := cmp.Or(c.initial, 1)
	if initial < 1 {
		return nil, fmt.Errorf("local search: Initial is %d, want at least 1", initial)
	}
	n = min(n, known.Remaining())
	c.follow(known, initial)
	if c.climbing {
		if archs := c.neighbours(known, n, rng); archs != nil {
			return archs, nil
		}
	}
	missing := initial - len(c.starts)
	if c.climbing {
		missing = initial // of the next climb
	}
	return sampleNew(known, min(max(n, missing-len(known.Pending())), known.Remaining()), rng)
}

// follow takes up what was answered since.
func (c *climber) follow(known Known, initial int) {
	if c.seen == nil {
		c.seen = map[datasets.Arch]bool{}
	}
	space := known.Space()
	for _, q := range known.Log()[c.read:] {
		c.read++
		if c.climbing && !slices.ContainsFunc(space.Neighbours(c.position.Arch), func(a datasets.Arch) bool { return !c.seen[space.Canonical(a)] }) {
			c.climbing, c.starts = false, nil
		}
		c.seen[space.Canonical(q.Arch)] = true
		switch {
		case !c.climbing:
			if c.starts = append(c.starts, q); len(c.starts) == initial {
				c.move(slices.MaxFunc(c.starts, func(p, q datasets.Query) int { return cmp.Compare(p.Accuracy, q.Accuracy) }))
			}
		case q.Accuracy > c.position.Accuracy:
			c.move(q)
		}
	}
}

func (c *climber) move(to datasets.Query) {
	c.position, c.climbing, c.order = to, true, nil
}

// neighbours returns n neighbours of the position that are new, or as many as there are, in an
// order that is drawn when the position is reached.
func (c *climber) neighbours(known Known, n int, rng *rand.Rand) []datasets.Arch {
	neighbours := known.Space().Neighbours(c.position.Arch)
	if c.order == nil {
		c.order = rng.Perm(len(neighbours))
	}
	b := newBatch(known)
	for _, i := range c.order {
		if len(b.archs) < n {
			b.add(neighbours[i])
		}
	}
	return b.archs
}

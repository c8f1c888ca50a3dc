package search

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// Front returns the queries that none dominates, from the cheapest to the most accurate.
func Front(log []datasets.Query) []datasets.Query {
	costs, accuracies := make([]float64, len(log)), make([]float64, len(log))
	for i, q := range log {
		costs[i], accuracies[i] = q.Cost, q.Accuracy
	}
	var front []datasets.Query
	for _, i := range stats.ParetoFront(costs, accuracies) {
		front = append(front, log[i])
	}
	return front
}

// needCost returns an error if a search for two objectives gets an oracle with one.
func needCost(known Known, searcher string) error {
	if !known.HasCost() {
		return fmt.Errorf("%s: the oracle for %s tells no costs; use a datasets.CostBenchmark, such as one by datasets.OnDevice",
			searcher, known.Space().Name())
	}
	return nil
}

// ParetoLocalSearch looks for architectures that are accurate and cheap: it visits the neighbours
// of a random member of the front whose neighbours it has not all seen, one by one, and moves on to
// another such member as soon as a neighbour enters the front. Where all neighbours of the whole
// front are known, it queries a random architecture. Initial random architectures come first.
//
// Source: Paquete, Chiarandini and Stützle, "Pareto Local Optimum Sets in the Biobjective Traveling
// Salesman Problem", 2004. The paper visits all neighbours of a member; moving at once is what
// [LocalSearch] does.
type ParetoLocalSearch struct {
	Initial int // random architectures queried first; 0 means 1
}

// Kind implements [Searcher].
func (ParetoLocalSearch) Kind() string { return "Pareto local search" }

// Search implements [Searcher].
func (l ParetoLocalSearch) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := needCost(oracle, "Pareto local search"); err != nil {
		return err
	}
	return Spend(oracle, rng, (&wanderer{initial: l.Initial}).propose)
}

// Propose implements [Proposer].
func (l ParetoLocalSearch) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	return (&wanderer{initial: l.Initial}).propose(known, n, rng)
}

// wanderer is a Pareto local search with the order in which it visits what is around the front.
type wanderer struct {
	initial    int
	read       int              // queries of the log when it proposed last
	members    []datasets.Query // of the front, in the order of their visits; nil if that is to be drawn
	neighbours []datasets.Arch  // of the first of members that are not visited yet; nil before they are drawn
}

func (w *wanderer) propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	if err := needCost(known, "Pareto local search"); err != nil {
		return nil, err
	}
	if archs, err := InitialSet(known, cmp.Or(w.initial, 1), rng); err != nil || archs != nil {
		return archs, err
	}
	log := known.Log()
	front := Front(log)
	if slices.ContainsFunc(log[w.read:], func(q datasets.Query) bool { return slices.Contains(front, q) }) {
		w.members, w.neighbours = nil, nil // something has entered it
	}
	w.read = len(log)
	b := newBatch(known)
	if w.members == nil {
		for _, i := range rng.Perm(len(front)) {
			w.members = append(w.members, front[i])
		}
	}
	for len(w.members) > 0 && len(b.archs) < min(n, known.Remaining()) {
		w.visit(b, rng)
	}
	if len(b.archs) > 0 {
		return b.archs, nil
	}
	w.members = nil
	return sampleNew(known, min(n, known.Remaining()), rng)
}

// visit adds the next neighbour of the first member that is new, or goes on to the next member.
func (w *wanderer) visit(b *batch, rng *rand.Rand) {
	if w.neighbours == nil {
		neighbours := b.known.Space().Neighbours(w.members[0].Arch)
		for _, i := range rng.Perm(len(neighbours)) {
			w.neighbours = append(w.neighbours, neighbours[i])
		}
	}
	for len(w.neighbours) > 0 {
		a := w.neighbours[0]
		w.neighbours = w.neighbours[1:]
		if b.add(a) {
			return
		}
	}
	w.members, w.neighbours = w.members[1:], nil
}

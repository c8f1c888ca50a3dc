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
func needCost(oracle *datasets.Oracle, searcher string) error {
	if !oracle.HasCost() {
		return fmt.Errorf("%s: the oracle for %s tells no costs; use a datasets.CostBenchmark, such as one by datasets.OnDevice",
			searcher, oracle.Space().Name())
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
	if err := sampleMore(oracle, rng, cmp.Or(l.Initial, 1)); err != nil {
		return err
	}
	for oracle.Remaining() > 0 {
		front := Front(oracle.Log())
		improved := false
		for _, i := range rng.Perm(len(front)) {
			var err error
			if improved, err = visit(oracle, rng, front[i].Arch); err != nil {
				return err
			}
			if improved || oracle.Remaining() == 0 {
				break
			}
		}
		if !improved && oracle.Remaining() > 0 {
			if err := sampleMore(oracle, rng, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// visit queries the unknown neighbours of an architecture until one of them enters the front.
func visit(oracle *datasets.Oracle, rng *rand.Rand, a datasets.Arch) (improved bool, err error) {
	neighbours := oracle.Space().Neighbours(a)
	for _, i := range rng.Perm(len(neighbours)) {
		if oracle.Seen(neighbours[i]) {
			continue
		}
		if oracle.Remaining() == 0 {
			return false, nil
		}
		if _, err := oracle.Query(neighbours[i]); err != nil {
			return false, err
		}
		log := oracle.Log()
		if slices.Contains(Front(log), log[len(log)-1]) {
			return true, nil
		}
	}
	return false, nil
}

package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
)

// NSGA2 is the elitist non-dominated sorting genetic algorithm for accuracy and cost. In each
// generation, parents win binary tournaments by rank and crowding distance, have as many children
// as there are members, and the best of both live on.
//
// Source: Deb, Pratap, Agarwal and Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm:
// NSGA-II", 2002: the probability of crossover is theirs, and each child is mutated once on average
// or more, as with their probability of 1/n for each of n variables. It departs in two ways. Their
// population is 100, which would leave no generation for budgets of about 100; the default here is
// 10, which was ahead of 20 on CIFAR-10. And a child that is known already is mutated until it is
// not, so that no query is spent on it.
type NSGA2 struct {
	Population int // members; 0 means 10
	// Crossover makes a child of two parents, and nil means that children are mutated copies of
	// one.
	Crossover func(a, b datasets.Arch, rng *rand.Rand) datasets.Arch
}

// crossoverProbability is that of the paper.
const crossoverProbability = 0.9

// Kind implements Searcher.
func (NSGA2) Kind() string { return "NSGA-II" }

// Search implements [Searcher]. The budget must not be below the population.
func (n NSGA2) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if size := cmp.Or(n.Population, 10); size > oracle.Budget() {
		return fmt.Errorf("NSGA-II: a population of %d, want from 2 to the oracle's budget of %d", size, oracle.Budget())
	}
	return Spend(oracle, rng, n.Propose)
}

// Propose implements [Proposer]. The generations are told from the log, each as many queries as
// there are members.
func (n NSGA2) Propose(known Known, count int, rng *rand.Rand) ([]datasets.Arch, error) {
	if err := needCost(known, "NSGA-II"); err != nil {
		return nil, err
	}
	size := cmp.Or(n.Population, 10)
	if size < 2 {
		return nil, fmt.Errorf("NSGA-II: a population of %d, want 2 or more", size)
	}
	if archs, err := InitialSet(known, size, rng); err != nil || archs != nil {
		return archs, err
	}
	log := known.Log()
	population, children := log[:min(size, len(log))], log[min(size, len(log)):]
	for len(children) >= size {
		population, children = survivors(slices.Concat(population, children[:size]), size), children[size:]
	}
	ranks, crowding := rankAndCrowding(population)
	parent := func() datasets.Arch {
		a, b := rng.IntN(len(population)), rng.IntN(len(population))
		if crowdedLess(ranks, crowding, b, a) {
			a = b
		}
		return population[a].Arch
	}
	b := newBatch(known)
	for range min(max(count, size-len(children)-len(known.Pending())), known.Remaining()) {
		child := parent()
		if n.Crossover != nil && rng.Float64() < crossoverProbability {
			child = n.Crossover(child, parent(), rng)
		}
		child = known.Space().Mutate(child, rng)
		for attempt := 0; !b.add(child); attempt++ {
			if attempt == maxSamples {
				return nil, fmt.Errorf("NSGA-II: nothing new in %d mutations after %d queries; use a smaller budget", attempt, len(log))
			}
			child = known.Space().Mutate(child, rng)
		}
	}
	return b.archs, nil
}

// survivors returns the size best by rank and crowding distance.
func survivors(population []datasets.Query, size int) []datasets.Query {
	ranks, crowding := rankAndCrowding(population)
	order := make([]int, len(population))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case crowdedLess(ranks, crowding, a, b):
			return -1
		case crowdedLess(ranks, crowding, b, a):
			return 1
		}
		return 0
	})
	var best []datasets.Query
	for _, i := range order[:min(size, len(order))] {
		best = append(best, population[i])
	}
	return best
}

// crowdedLess is the paper's crowded-comparison operator: whether a is better than b.
func crowdedLess(ranks []int, crowding []float64, a, b int) bool {
	return ranks[a] < ranks[b] || ranks[a] == ranks[b] && crowding[a] > crowding[b]
}

// rankAndCrowding returns the non-domination rank of each member, 0 for those that none dominates,
// 1 for those that only rank 0 does, and so on; and its crowding distance among those of its rank.
func rankAndCrowding(population []datasets.Query) (ranks []int, crowding []float64) {
	ranks, crowding = make([]int, len(population)), make([]float64, len(population))
	rest := make([]int, len(population))
	for i := range rest {
		rest[i] = i
	}
	for rank := 0; len(rest) > 0; rank++ {
		var front, dominated []int
		for _, i := range rest {
			if slices.ContainsFunc(rest, func(j int) bool { return dominates(population[j], population[i]) }) {
				dominated = append(dominated, i)
			} else {
				ranks[i] = rank
				front = append(front, i)
			}
		}
		addCrowding(crowding, population, front, func(m datasets.Query) float64 { return m.Cost })
		addCrowding(crowding, population, front, func(m datasets.Query) float64 { return m.Accuracy })
		rest = dominated
	}
	return ranks, crowding
}

func dominates(a, b datasets.Query) bool {
	return a.Cost <= b.Cost && a.Accuracy >= b.Accuracy && (a.Cost < b.Cost || a.Accuracy > b.Accuracy)
}

// addCrowding adds one objective's part of the crowding distance: the gap between the two
// neighbours in a front, as a share of the front's range; infinite at its ends.
func addCrowding(crowding []float64, population []datasets.Query, front []int, objective func(datasets.Query) float64) {
	value := func(i int) float64 { return objective(population[front[i]]) }
	slices.SortStableFunc(front, func(a, b int) int { return cmp.Compare(objective(population[a]), objective(population[b])) })
	last := len(front) - 1
	crowding[front[0]], crowding[front[last]] = math.Inf(1), math.Inf(1)
	for i := 1; i < last; i++ {
		if length := value(last) - value(0); length > 0 {
			crowding[front[i]] += (value(i+1) - value(i-1)) / length
		}
	}
}

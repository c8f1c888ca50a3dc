package exercise

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Regret checks f, the regret after each query of a search: how far the best accuracy so far is
// below the best of all. It gets the accuracies in the order of the queries.
func Regret(f func(accuracies []float64, best float64) []float64) {
	Check("regret", func() error {
		accuracies, best, want := []float64{70, 90, 85, 91, 60}, 92.0, []float64{22, 2, 2, 1, 1}
		got := f(slices.Clone(accuracies), best)
		if len(got) != len(want) {
			return fmt.Errorf("Of %d accuracies it makes %d regrets: there is one after each query.", len(want), len(got))
		}
		each := func(match func(i int) bool) bool {
			for i := range want {
				if !match(i) {
					return false
				}
			}
			return true
		}
		switch {
		case each(func(i int) bool { return got[i] == want[i] }):
			return nil
		case each(func(i int) bool { return got[i] == -want[i] }):
			return errors.New("The sign is wrong: regret counts how far below the best the search is, so it is not negative.")
		case each(func(i int) bool { return got[i] == best-accuracies[i] }):
			return errors.New("That is how far each cell is below the best. A search keeps the best cell that it has seen so far.")
		case each(func(i int) bool { return i == 0 || got[i] == want[i-1] }):
			return errors.New("It is one query late: after query i the accuracy of cell i is known.")
		}
		return fmt.Errorf("Of accuracies %v and a best of %v it makes %v; after 3 queries, of which the second was the best, it is 2.",
			accuracies, best, got)
	})
}

// Queries checks f, how many random cells have to be asked for until one of the best share of all
// is among them with a probability.
func Queries(f func(share, probability float64) int) {
	Check("queries", func() error {
		for _, c := range [][2]float64{{0.01, 0.95}, {0.05, 0.5}, {0.001, 0.99}} {
			share, probability := c[0], c[1]
			want, missed := 0, 1.0
			for ; 1-missed < probability; want++ {
				missed *= 1 - share
			}
			got := f(share, probability)
			of := fmt.Sprintf("For the best %g %% and a probability of %g it says %d queries.", 100*share, probability, got)
			switch got {
			case want:
			case 0:
				return fmt.Errorf("%s One query misses them with a probability of %g: and n queries?", of, 1-share)
			case want - 1:
				return fmt.Errorf("%s That is one too few: round up, since the probability is to be reached.", of)
			case want + 1:
				return fmt.Errorf("%s One query less is enough: round up, and add nothing.", of)
			case int(math.Round(1 / share)):
				return fmt.Errorf("%s After so many there is one on average, and still none with a probability of 37 %%.", of)
			case int(math.Round(probability / share)), int(math.Ceil(probability / share)):
				return fmt.Errorf("%s Probabilities of hits do not add up, as two queries may both hit; those of misses multiply.", of)
			case int(math.Ceil(math.Log(probability) / math.Log(1-share))):
				return fmt.Errorf("%s All of them miss with a probability of 1 - %g, and not %[2]g.", of, probability)
			default:
				return fmt.Errorf("%s All miss with a probability of (1 - %g)^n.", of, share)
			}
		}
		return nil
	})
}

// Mutation checks f, which draws one of the 24 neighbours of a cell, all alike: those that differ
// in the operation of one edge.
func Mutation(f func(cell nasbench201.Cell, rng *rand.Rand) nasbench201.Cell) {
	Check("mutation", func() error {
		const neighbours = nasbench201.NumEdges * (nasbench201.NumOps - 1)
		const draws = 1000 * neighbours
		rng := rand.New(rand.NewPCG(1, 1))
		parent := nasbench201.Space{}.Sample(rng).(nasbench201.Cell)
		seen, same := map[nasbench201.Cell]int{}, 0
		for range draws {
			child, changed := f(parent, rng), 0
			for i := range child {
				if child[i] >= nasbench201.NumOps {
					return fmt.Errorf("It makes operation %d, and there are only %d: from 0 on.", child[i], nasbench201.NumOps)
				}
				if child[i] != parent[i] {
					changed++
				}
			}
			switch {
			case changed > 1:
				return fmt.Errorf("It changes %d edges at once: a mutation changes one.", changed)
			case changed == 0:
				same++
			default:
				seen[child]++
			}
		}
		switch {
		case same == draws:
			return errors.New("It returns the cell as it was: give one edge another operation.")
		case same > 0:
			return fmt.Errorf("It returns the cell as it was %.0f times in a hundred: the operation that is there must not be drawn again.",
				100*float64(same)/draws)
		case len(seen) < neighbours:
			return fmt.Errorf("In %d draws it finds %d of the %d neighbours: each edge may change, to each other operation.", draws, len(seen), neighbours)
		}
		for child, n := range seen {
			if math.Abs(float64(n)-draws/neighbours) > 6*math.Sqrt(draws/neighbours) {
				return fmt.Errorf("Not all neighbours are alike: %v comes %.2f times as often as it should.", child, float64(n)*neighbours/draws)
			}
		}
		return nil
	})
}

const (
	searchSeeds  = 20
	searchBudget = 100
	firstSeed    = 1000 // others than those of the page
)

// patience is how long a search of a hundred queries may take.
var patience = 20 * time.Second

// Search checks that a search of the reader's is better than random search: by the mean of the best
// validation accuracies after 100 queries of CIFAR-10, from 20 seeds, by more than chance.
func Search(s search.Searcher) {
	Check("search", func() error {
		table, err := nasbench201.Open(context.Background(), "cifar10", nil, nil)
		if err != nil {
			return err
		}
		var own, random []float64
		for seed := firstSeed; seed < firstSeed+searchSeeds; seed++ {
			a, err := found(s, table, seed)
			if err != nil {
				return err
			}
			b, err := found(search.Random{}, table, seed)
			if err != nil {
				return err
			}
			own, random = append(own, a), append(random, b)
		}
		c := stats.Paired(own, random, experiment.Level)
		by := fmt.Sprintf("%.3f +- %.3f points", math.Abs(c.Difference), c.HalfWidth)
		switch {
		case slices.Equal(own, random):
			return fmt.Errorf("From each of %d seeds it finds what random search finds: it is random search still.", searchSeeds)
		case c.Difference <= 0:
			return fmt.Errorf("After %d queries it is %s behind random search, over %d seeds: does it use what it has seen?", searchBudget, by, searchSeeds)
		case c.Difference <= c.HalfWidth:
			return fmt.Errorf("After %d queries it is %s ahead of random search, over %d seeds: that may be chance.", searchBudget, by, searchSeeds)
		}
		fmt.Printf("After %d queries it is %s ahead of random search, over %d seeds.\n", searchBudget, by, searchSeeds)
		return nil
	})
}

// found returns the best validation accuracy that a search finds.
func found(s search.Searcher, b datasets.Benchmark, seed int) (float64, error) {
	oracle, err := datasets.NewOracle(b, searchBudget, datasets.MeanLabel)
	if err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- try(func() error { return s.Search(oracle, experiment.NewRand(seed, b.Name())) })
	}()
	select {
	case err := <-ended:
		if err != nil {
			return 0, fmt.Errorf("The search ends with an error: %w", err)
		}
	case <-time.After(patience):
		return 0, errors.New("The search does not end. Perhaps it only meets cells that it knows (oracle.Seen), and never goes elsewhere.")
	}
	if n := len(oracle.Log()); n < searchBudget {
		return 0, fmt.Errorf("It asks for %d of %d cells: go on while oracle.Remaining() > 0.", n, searchBudget)
	}
	best, _ := oracle.Best()
	return best.Accuracy, nil
}

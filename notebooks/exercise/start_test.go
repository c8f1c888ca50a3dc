package exercise

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

func TestRegret(t *testing.T) {
	of := func(f func(i int, accuracies []float64, incumbent, best float64) float64) func() {
		return func() {
			Regret(func(accuracies []float64, best float64) (r []float64) {
				incumbent := math.Inf(-1)
				for i, a := range accuracies {
					incumbent = max(incumbent, a)
					r = append(r, f(i, accuracies, incumbent, best))
				}
				return r
			})
		}
	}
	wantAnswers(t, "regret",
		answer{"right", of(func(_ int, _ []float64, incumbent, best float64) float64 { return best - incumbent }), ""},
		answer{"stub", func() { Regret(func([]float64, float64) []float64 { return nil }) }, "Of 5 accuracies it makes 0 regrets"},
		answer{"sign", of(func(_ int, _ []float64, incumbent, best float64) float64 { return incumbent - best }), "The sign is wrong"},
		answer{"no incumbent", of(func(i int, a []float64, _, best float64) float64 { return best - a[i] }), "keeps the best cell"},
		answer{"late", of(func(i int, a []float64, _, best float64) float64 {
			incumbent := 0.0
			for _, x := range a[:i] {
				incumbent = max(incumbent, x)
			}
			return best - incumbent
		}), "one query late"},
		answer{"accuracies", of(func(_ int, _ []float64, incumbent, _ float64) float64 { return incumbent }), "it makes [70 90 90 91 91]"})
}

func TestQueries(t *testing.T) {
	exact := func(s, p float64) float64 { return math.Log(1-p) / math.Log(1-s) }
	of := func(f func(s, p float64) float64) func() {
		return func() { Queries(func(s, p float64) int { return int(f(s, p)) }) }
	}
	wantAnswers(t, "queries",
		answer{"right", of(func(s, p float64) float64 { return math.Ceil(exact(s, p)) }), ""},
		answer{"stub", of(func(s, p float64) float64 { return 0 }), "with a probability of 0.99: and n queries?"},
		answer{"rounded down", of(exact), "it says 298 queries. That is one too few"},
		answer{"one more", of(func(s, p float64) float64 { return math.Ceil(exact(s, p)) + 1 }), "One query less"},
		answer{"mean", of(func(s, p float64) float64 { return math.Round(1 / s) }), "one on average"},
		answer{"sum", of(func(s, p float64) float64 { return math.Ceil(p / s) }), "do not add up"},
		answer{"hit", of(func(s, p float64) float64 { return math.Ceil(math.Log(p) / math.Log(1-s)) }), "probability of 1 - 0.95, and not 0.95"},
		answer{"other", of(func(s, p float64) float64 { return 7 }), "(1 - 0.01)^n"})
}

func TestMutation(t *testing.T) {
	of := func(f func(c nasbench201.Cell, edge int, other nasbench201.Op, rng *rand.Rand) nasbench201.Cell) func() {
		return func() {
			Mutation(func(c nasbench201.Cell, rng *rand.Rand) nasbench201.Cell {
				edge := rng.IntN(nasbench201.NumEdges)
				other := (c[edge] + 1 + nasbench201.Op(rng.IntN(nasbench201.NumOps-1))) % nasbench201.NumOps
				return f(c, edge, other, rng)
			})
		}
	}
	change := func(c nasbench201.Cell, edge int, op nasbench201.Op) nasbench201.Cell {
		c[edge] = op
		return c
	}
	type (
		cell = nasbench201.Cell
		op   = nasbench201.Op
	)
	wantAnswers(t, "mutation",
		answer{"right", of(func(c cell, e int, o op, _ *rand.Rand) cell { return change(c, e, o) }), ""},
		answer{"the project's", func() {
			Mutation(func(c cell, rng *rand.Rand) cell { return nasbench201.Space{}.Mutate(c, rng).(cell) })
		}, ""},
		answer{"stub", of(func(c cell, e int, o op, _ *rand.Rand) cell { return c }), "give one edge another operation"},
		answer{"same operation", of(func(c cell, e int, o op, rng *rand.Rand) cell {
			return change(c, e, op(rng.IntN(nasbench201.NumOps)))
		}), "20 times in a hundred"},
		answer{"two", of(func(c cell, e int, o op, _ *rand.Rand) cell {
			return change(change(c, e, o), (e+1)%6, (c[(e+1)%6]+1)%nasbench201.NumOps)
		}), "It changes 2 edges"},
		answer{"next", of(func(c cell, e int, o op, _ *rand.Rand) cell { return change(c, e, (c[e]+1)%nasbench201.NumOps) }), "6 of the 24"},
		answer{"no such operation", of(func(c cell, e int, o op, _ *rand.Rand) cell { return change(c, e, c[e]+1) }), "operation 5"},
		answer{"uneven", of(func(c cell, e int, o op, rng *rand.Rand) cell {
			if rng.IntN(2) == 0 {
				return change(c, 0, (c[0]+1)%nasbench201.NumOps)
			}
			return change(c, e, o)
		}), "Not all neighbours are alike"})
}

// own is a search by a function.
type own func(o *datasets.Oracle, rng *rand.Rand) error

func (own) Kind() string { return "own" }

func (f own) Search(o *datasets.Oracle, rng *rand.Rand) error { return f(o, rng) }

// worst prefers cells without convolutions.
func worst(o *datasets.Oracle, rng *rand.Rand) error {
	for o.Remaining() > 0 {
		cell := o.Space().Sample(rng).(nasbench201.Cell)
		cell[0], cell[1] = nasbench201.None, nasbench201.None
		if _, err := o.Query(cell); err != nil {
			return err
		}
	}
	return nil
}

// chance is random search with other random numbers.
func chance(seeds uint64) own {
	return func(o *datasets.Oracle, rng *rand.Rand) error {
		return search.Random{}.Search(o, rand.New(rand.NewPCG(rng.Uint64(), seeds)))
	}
}

func TestSearch(t *testing.T) {
	before := patience
	patience = time.Second
	defer func() { patience = before }()
	of := func(s search.Searcher) func() { return func() { Search(s) } }
	wantAnswers(t, "search",
		answer{"local search", of(search.LocalSearch{}), ""},
		answer{"stub", of(search.Random{}), "random search still"},
		answer{"nothing", of(own(func(*datasets.Oracle, *rand.Rand) error { return nil })), "It asks for 0 of 100 cells"},
		answer{"error", of(own(func(*datasets.Oracle, *rand.Rand) error { return errors.New("no idea") })), "ends with an error: no idea"},
		answer{"panic", of(own(func(*datasets.Oracle, *rand.Rand) error { panic("lost") })), "Your code panics: lost"},
		answer{"no end", of(own(func(*datasets.Oracle, *rand.Rand) error { time.Sleep(2 * time.Second); return nil })), "does not end"},
		answer{"behind", of(own(worst)), "points behind random search, over 20 seeds: does it"},
		answer{"luck", of(chance(4)), "that may be chance"})
}

// Package searchtest checks that a [search.Searcher] keeps to its contract, as testing/fstest does
// for file systems:
//
//	func TestSearcher(t *testing.T) { searchtest.Run(t, Searcher{}, searchtest.Toy()) }
//
// It says nothing of how good the search is.
package searchtest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/datasets"
)

// Toy returns a benchmark that is made up over a space of 81 architectures.
func Toy() datasets.Benchmark { return MadeUp(toy.Space{}) }

// MadeUp returns a benchmark over any space. The accuracies are made up, so that it needs no table.
func MadeUp(space datasets.Space) datasets.Benchmark { return toy.Benchmark{Over: space} }

// WithCost returns a benchmark whose architectures have costs, which are made up too, for searchers
// of two objectives.
func WithCost(b datasets.Benchmark) datasets.CostBenchmark {
	return datasets.OnDevice(b, "a made-up device", func(a datasets.Arch) (float64, error) {
		hash := fnv.New32a()
		hash.Write([]byte(b.Space().Canonical(a).String()))
		return 1 + float64(hash.Sum32()%1000), nil
	})
}

// Budget is what a search may spend, unless a rule says otherwise. A searcher's settings must leave
// it some queries after the initial set.
const Budget = 48

// Rule names a part of the contract of search.Searcher.
type Rule string

// The rules, in the order in which they are checked.
const (
	Naming     Rule = "Kind is not empty, and always the same"
	Spending   Rule = "Search spends exactly its budget"
	Repeating  Rule = "the same random source gives the same queries"
	Random     Rule = "another random source gives other queries"
	GoingOn    Rule = "what the oracle has answered before counts"
	Spent      Rule = "Search of an oracle without a query left is no error"
	TooSmall   Rule = "too small a budget is spent, or is an error"
	Closed     Rule = "a closed oracle ends Search with an error"
	Failing    Rule = "an error of the oracle ends Search, with its reason"
	Whole      Rule = "a budget as large as the space is spent"
	Concurrent Rule = "several goroutines may use a searcher at once"
	Proposing  Rule = "Propose returns what was not asked for, and remembers nothing" // of a search.Proposer
)

var checks = []struct {
	rule  Rule
	check func(kit) error
}{
	{Repeating, kit.repeating},
	{Random, kit.random},
	{GoingOn, kit.goingOn},
	{Spent, kit.spent},
	{TooSmall, kit.tooSmall},
	{Closed, kit.closed},
	{Failing, kit.failing},
	{Whole, kit.whole},
	{Concurrent, kit.concurrent},
	{Proposing, kit.proposing},
	{Naming, kit.naming},
}

// Run reports each rule that the searcher breaks on a benchmark. A rule that the searcher departs
// from, and says so in its own comment, can be left out. Whole is checked only in a finite space of
// at most 100 architectures.
func Run(t *testing.T, searcher search.Searcher, benchmark datasets.Benchmark, except ...Rule) {
	t.Helper()
	for _, err := range broken(searcher, benchmark, except...) {
		t.Error(err)
	}
}

// broken returns an error for each rule that the searcher breaks. Where a search of a new oracle
// fails, or another search repeats nothing, the rules after it would say nothing.
func broken(searcher search.Searcher, benchmark datasets.Benchmark, except ...Rule) []error {
	k := kit{searcher: searcher, benchmark: benchmark}
	var errs []error
	keeps := func(rule Rule, check func() error) bool {
		if slices.Contains(except, rule) {
			return true
		}
		err := withoutPanic(check)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", rule, err))
		}
		return err == nil
	}
	keeps(Naming, func() (err error) { k.kind, err = k.named(); return })
	if !keeps(Spending, func() (err error) { k.logs, err = k.first(); return }) {
		return errs
	}
	for _, c := range checks {
		if !keeps(c.rule, func() error { return c.check(k) }) && c.rule == Repeating {
			break
		}
	}
	return errs
}

// withoutPanic returns what a check says, or that it panics.
func withoutPanic(check func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("a method panics: %v", reason)
		}
	}()
	return check()
}

// kit is a searcher with what it has answered first.
type kit struct {
	searcher  search.Searcher
	benchmark datasets.Benchmark
	kind      string
	logs      [][]datasets.Query // of searches from the seeds 0, 1, ...
}

// seeds is from how many seeds searches are compared.
const seeds = 2

func (k kit) first() ([][]datasets.Query, error) {
	logs := make([][]datasets.Query, seeds)
	for seed := range logs {
		var err error
		if logs[seed], err = k.spends(Budget, 0, uint64(seed)); err != nil {
			return nil, err
		}
	}
	return logs, nil
}

// spends makes a search after some queries, and returns its log. It is an error if the search
// leaves anything of the budget.
func (k kit) spends(budget, before int, seed uint64) ([]datasets.Query, error) {
	oracle, err := datasets.NewOracle(k.benchmark, budget, datasets.MeanLabel)
	if err != nil {
		return nil, err
	}
	if err := ask(oracle, before); err != nil {
		return nil, err
	}
	if err := k.searcher.Search(oracle, newSource(seed)); err != nil {
		if err := line(err); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("after %d of %d queries: %w", len(oracle.Log()), budget, err)
	}
	if left := oracle.Remaining(); left > 0 {
		return nil, fmt.Errorf("%d of %d queries are left, without an error", left, budget)
	}
	return oracle.Log(), nil
}

// ask queries random architectures until n are answered.
func ask(oracle *datasets.Oracle, n int) error {
	rng := newSource(100)
	for len(oracle.Log()) < n {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			return err
		}
	}
	return nil
}

func newSource(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

package searchtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

func TestRun(t *testing.T) { Run(t, search.Random{}, Toy()) }

// altered is random search with a method replaced.
type altered struct {
	kind    func() string
	search  func(oracle *datasets.Oracle, rng *rand.Rand) error
	propose search.Propose
}

func (a *altered) Kind() string { return a.kind() }

func (a *altered) Search(oracle *datasets.Oracle, rng *rand.Rand) error { return a.search(oracle, rng) }

func (a *altered) Propose(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	return a.propose(known, n, rng)
}

func alter(change func(a *altered)) search.Searcher {
	a := &altered{search.Random{}.Kind, search.Random{}.Search, search.Random{}.Propose}
	change(a)
	return a
}

// searching is random search that calls something first. It is done if that says so, or fails.
func searching(first func(oracle *datasets.Oracle, rng *rand.Rand) (done bool, err error)) func(a *altered) {
	return func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error {
			if done, err := first(oracle, rng); done || err != nil {
				return err
			}
			return search.Random{}.Search(oracle, rng)
		}
	}
}

// after is random search that does something with its error.
func after(change func(err error) error) func(a *altered) {
	return func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error {
			return change(search.Random{}.Search(oracle, rng))
		}
	}
}

// upTo queries random architectures, whatever the oracle's budget is.
func upTo(oracle *datasets.Oracle, rng *rand.Rand, n int) error {
	for known := len(oracle.Log()); len(oracle.Log()) < known+n; {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			return err
		}
	}
	return nil
}

// broke is a way to break a rule, with a part of what the error must say.
type broke struct {
	rule Rule
	says string
	how  func(a *altered)
}

var ofBudgets = map[string]broke{
	"no kind": {Naming, "it is empty", func(a *altered) { a.kind = func() string { return "" } }},
	"another kind": {Naming, `"0" before the searches, and "1" after`, func(a *altered) {
		asked := -1
		a.kind = func() string { asked++; return fmt.Sprint(asked) }
	}},
	"one query is left": {Spending, "1 of 48 queries are left", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error { return upTo(oracle, rng, oracle.Remaining()-1) }
	}},
	"one query too many": {Spending, "after 48 of 48 queries: query budget is spent", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error { return upTo(oracle, rng, oracle.Budget()+1) }
	}},
	"no search": {Spending, "panics: not done yet", searching(func(*datasets.Oracle, *rand.Rand) (bool, error) {
		panic("not done yet")
	})},
	"others' queries do not count": {GoingOn, "after 48 of 48 queries: query budget is spent", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error { return upTo(oracle, rng, oracle.Budget()) }
	}},
	"a query at least": {Spent, "query budget is spent", searching(func(oracle *datasets.Oracle, rng *rand.Rand) (bool, error) {
		return false, upTo(oracle, rng, 1)
	})},
	"too small a budget is ignored": {TooSmall, "a budget of 1 is not spent", searching(func(oracle *datasets.Oracle, _ *rand.Rand) (bool, error) {
		return oracle.Budget() < 10, nil
	})},
	"two lines on too small a budget": {TooSmall, "want one line", searching(func(oracle *datasets.Oracle, _ *rand.Rand) (bool, error) {
		if oracle.Budget() < 10 {
			return true, errors.New("the budget is\ntoo small")
		}
		return false, nil
	})},
	"not the last one": {Whole, "1 of 81 queries are left", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error {
			return upTo(oracle, rng, min(oracle.Remaining(), 80))
		}
	}},
}

var ofSources = map[string]broke{
	"randomness of its own": {Repeating, "query 0 is", func(a *altered) {
		own := newSource(0)
		a.search = func(oracle *datasets.Oracle, _ *rand.Rand) error { return search.Random{}.Search(oracle, own) }
	}},
	"no randomness": {Random, "seeds 0 and 1", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, _ *rand.Rand) error {
			return search.Random{}.Search(oracle, newSource(0))
		}
	}},
	"one goroutine at a time": {Concurrent, "query 0 is", func(a *altered) {
		var searches atomic.Int32
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error {
			if searches.Add(1) > 1 {
				rng.Uint64()
			}
			defer searches.Add(-1)
			time.Sleep(10 * time.Millisecond)
			return search.Random{}.Search(oracle, rng)
		}
	}},
}

var ofErrors = map[string]broke{
	"no error of a closed oracle": {Closed, "closed after 0 queries: no error", after(func(err error) error {
		if errors.Is(err, datasets.ErrClosed) {
			return nil
		}
		return err
	})},
	"a panic": {Closed, "panics: oracle is closed", after(func(err error) error {
		if errors.Is(err, datasets.ErrClosed) {
			panic(err)
		}
		return err
	})},
	"another reason": {Failing, `error at query 1: the error is "bad luck"`, after(func(err error) error {
		if err != nil {
			return errors.New("bad luck")
		}
		return nil
	})},
	"errors of two lines": {Failing, "want one line", after(func(err error) error {
		if err != nil {
			return fmt.Errorf("random search:\n%w", err)
		}
		return nil
	})},
	"once more": {Failing, "error at query 1: no error", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error {
			if err := (search.Random{}).Search(oracle, rng); err != nil {
				return search.Random{}.Search(oracle, rng)
			}
			return nil
		}
	}},
	"on to the end": {Failing, "ends after 48 queries, want 0", func(a *altered) {
		a.search = func(oracle *datasets.Oracle, rng *rand.Rand) error {
			err := search.Random{}.Search(oracle, rng)
			if err != nil {
				_ = search.Random{}.Search(oracle, rng)
			}
			return err
		}
	}},
}

// proposing is random search that proposes otherwise.
func proposing(propose search.Propose) func(a *altered) {
	return func(a *altered) { a.propose = propose }
}

var ofProposals = map[string]broke{
	"nothing": {Proposing, "proposes nothing", proposing(func(search.Known, int, *rand.Rand) ([]datasets.Arch, error) { return nil, nil })},
	"what is known": {Proposing, "again", proposing(func(known search.Known, _ int, rng *rand.Rand) ([]datasets.Arch, error) {
		return []datasets.Arch{known.Space().(datasets.FiniteSpace).At(rng.IntN(2)), known.Space().(datasets.FiniteSpace).At(0)}, nil
	})},
	"what is pending": {Proposing, "again", proposing(func(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
		if pending := known.Pending(); len(pending) > 0 {
			return pending, nil
		}
		return search.Random{}.Propose(known, n, rng)
	})},
	"too many": {Proposing, "and 24 are left", proposing(func(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
		if len(known.Log()) < Budget/2 {
			return search.Random{}.Propose(known, n, rng)
		}
		return slices.Repeat(datasets.Archs(known.Log()), 2), nil
	})},
	"a memory": {Proposing, "in another order of calls", func(a *altered) {
		calls := uint64(0)
		a.propose = func(known search.Known, n int, _ *rand.Rand) ([]datasets.Arch, error) {
			calls++
			return search.Random{}.Propose(known, n, newSource(calls))
		}
	}},
	"an error of two lines": {Proposing, "want one line", proposing(func(search.Known, int, *rand.Rand) ([]datasets.Arch, error) {
		return nil, errors.New("no\nidea")
	})},
}

// Each way to break a rule is found out, by the rule's name and what shows it.
func TestBrokenSearchers(t *testing.T) {
	tried := map[Rule]bool{}
	for _, ways := range []map[string]broke{ofBudgets, ofSources, ofErrors, ofProposals} {
		for name, way := range ways {
			tried[way.rule] = true
			errs := broken(alter(way.how), Toy())
			if !slices.ContainsFunc(errs, func(err error) bool {
				return strings.HasPrefix(err.Error(), string(way.rule)+": ") && strings.Contains(err.Error(), way.says)
			}) {
				t.Errorf("%s: found %v, want %q with %q", name, errs, way.rule, way.says)
			}
			for _, err := range errs {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: error %q is more than one line", name, err)
				}
			}
		}
	}
	if !tried[Spending] {
		t.Errorf("no searcher breaks the rule %q", Spending)
	}
	for _, c := range checks {
		if !tried[c.rule] {
			t.Errorf("no searcher breaks the rule %q", c.rule)
		}
	}
}

// A rule that is left out is not checked, and the others are.
func TestExceptions(t *testing.T) {
	searcher := alter(func(a *altered) {
		a.kind = func() string { return "" }
		a.search = func(oracle *datasets.Oracle, _ *rand.Rand) error {
			return search.Random{}.Search(oracle, newSource(0))
		}
	})
	errs := broken(searcher, Toy(), Random)
	if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), string(Naming)) {
		t.Errorf("found %v, want only that there is no kind", errs)
	}
}

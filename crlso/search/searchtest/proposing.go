package searchtest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// view is what a search knows at some moment.
type view struct {
	space   datasets.Space
	log     []datasets.Query
	pending []datasets.Arch
	hasCost bool
}

func (v view) Space() datasets.Space    { return v.space }
func (v view) Log() []datasets.Query    { return v.log }
func (v view) Pending() []datasets.Arch { return v.pending }
func (v view) Budget() int              { return Budget }
func (v view) Remaining() int           { return Budget - len(v.log) - len(v.pending) }
func (v view) HasCost() bool            { return v.hasCost }

func (v view) Asked(a datasets.Arch) bool {
	key := v.space.Canonical(a)
	return slices.ContainsFunc(slices.Concat(datasets.Archs(v.log), v.pending), func(b datasets.Arch) bool {
		return v.space.Canonical(b) == key
	})
}

// proposing asks a searcher that can propose at several moments of its first search, with and
// without something pending, and again in the other order.
func (k kit) proposing() error {
	proposer, ok := k.searcher.(search.Proposer)
	if !ok {
		return nil
	}
	_, hasCost := k.benchmark.(datasets.CostBenchmark)
	var views []view
	for _, answered := range []int{0, 1, Budget / 2, Budget - 4} {
		for _, pending := range []int{0, 3} {
			views = append(views, view{k.benchmark.Space(), k.logs[0][:answered],
				datasets.Archs(k.logs[0][answered : answered+pending]), hasCost})
		}
	}
	first := make([][]datasets.Arch, len(views))
	for i, v := range views {
		var err error
		if first[i], err = proposed(proposer, v, uint64(i)); err != nil {
			return fmt.Errorf("with %d queries and %d pending: %w", len(v.log), len(v.pending), err)
		}
	}
	for i, v := range slices.Backward(views) {
		again, err := proposed(proposer, v, uint64(i))
		if err != nil {
			return err
		}
		if !slices.Equal(again, first[i]) {
			return fmt.Errorf("with %d queries and %d pending it proposes %v, and in another order of calls %v",
				len(v.log), len(v.pending), first[i], again)
		}
	}
	return nil
}

// proposed returns what is proposed, after a check of it.
func proposed(proposer search.Proposer, v view, seed uint64) ([]datasets.Arch, error) {
	archs, err := proposer.Propose(v, 2, newSource(seed))
	if err != nil {
		return nil, line(err)
	}
	if len(archs) == 0 {
		return nil, errors.New("it proposes nothing, without an error")
	}
	if len(archs) > v.Remaining() {
		return nil, fmt.Errorf("it proposes %d, and %d are left", len(archs), v.Remaining())
	}
	known := v
	for _, a := range archs {
		if known.Asked(a) {
			return nil, fmt.Errorf("it proposes %v again", a)
		}
		known.pending = append(slices.Clip(known.pending), a)
	}
	return archs, nil
}

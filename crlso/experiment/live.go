package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// Live returns a data set whose accuracies nobody knows: e measures them while searches run. Of o
// count Parallel, how many evaluations run at once, and Failed, what searches see of an
// architecture that cannot be evaluated. Its name in results is the space's. Test accuracies and
// regret are NaN.
//
// [Run] makes the searches of a plan with such a data set one after the other. Each has a journal,
// in the folder journals of the experiment: what is in it is never evaluated again, and a search
// that was killed goes on from there to the same result. All searches share what is measured, so
// that two methods which ask for the same architecture see the same accuracy, and it is paid for
// once. The column seconds does not hold what was paid for by another search.
//
// Methods have to be a [search.Proposer].
func Live(space datasets.Space, e datasets.Evaluator, o datasets.OracleOptions) datasets.Benchmark {
	return &live{space: space, evaluator: e, parallel: o.Parallel, failed: o.Failed, known: map[datasets.Arch]answer{}}
}

type live struct {
	space     datasets.Space
	evaluator datasets.Evaluator
	parallel  int
	failed    float64

	mu    sync.Mutex
	read  string // the folder whose journals are among what is known
	known map[datasets.Arch]answer
}

// answer is that of an evaluation, or why there is none.
type answer struct {
	measured datasets.Measurement
	failure  string
}

func (l *live) Name() string          { return l.space.Name() }
func (l *live) Source() string        { return fmt.Sprintf("evaluated by %T", l.evaluator) }
func (l *live) Space() datasets.Space { return l.space }
func (l *live) HasTest() bool         { return false }
func (l *live) Best() float64         { return math.NaN() }

// Lookup implements datasets.Benchmark. It is always an error.
func (l *live) Lookup(a datasets.Arch) (datasets.Record, error) {
	return datasets.Record{}, fmt.Errorf("%s: the accuracy of %v is not known before it is evaluated; let Run search", l.Name(), a)
}

// Evaluate implements datasets.Evaluator: what is known is not measured again.
func (l *live) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	a = l.space.Canonical(a)
	l.mu.Lock()
	known, ok := l.known[a]
	l.mu.Unlock()
	if !ok {
		m, err := l.evaluator.Evaluate(ctx, a)
		if err != nil && !errors.Is(err, datasets.ErrFailed) {
			return m, err
		}
		if known = (answer{measured: m}); err != nil {
			known.failure = err.Error()
		}
		l.mu.Lock()
		l.known[a] = known
		l.mu.Unlock()
	}
	if known.failure != "" {
		return datasets.Measurement{}, fmt.Errorf("%w: %s", datasets.ErrFailed, known.failure)
	}
	known.measured.Others = maps.Clone(known.measured.Others)
	return known.measured, nil
}

// search runs or goes on with one search, whose journal is in the folder dir.
func (l *live) search(ctx context.Context, dir string, t task, plan Plan) (Search, error) {
	proposer, ok := t.method.Searcher.(search.Proposer)
	if !ok {
		return Search{}, fmt.Errorf("%s proposes nothing, and so cannot go on from a journal; want a search.Proposer", t.method.Searcher.Kind())
	}
	journal := t.item().Journal(dir)
	if err := os.MkdirAll(filepath.Dir(journal), 0o777); err != nil {
		return Search{}, err
	}
	if err := l.readJournals(filepath.Dir(journal)); err != nil {
		return Search{}, err
	}
	oracle, err := datasets.OpenOracle(ctx, l.space, l, datasets.OracleOptions{
		Budget: plan.budget(t.method), Parallel: l.parallel, Failed: l.failed, Journal: journal})
	if err != nil {
		return Search{}, err
	}
	defer oracle.Close()
	seed := NewRand(t.seed, l.Name()).Uint64()
	if err := search.Live(oracle, proposer, search.LiveOptions{Seed: seed, Together: true}); err != nil {
		return Search{}, err
	}
	s, best := Search{Seed: t.seed}, math.Inf(-1)
	for i, q := range oracle.Log() {
		best = max(best, q.Accuracy)
		s.Steps = append(s.Steps, Step{Val: round(best, 6), Test: math.NaN(), Regret: math.NaN(), Seconds: round(oracle.Elapsed()[i].Seconds(), 4)})
	}
	return s, nil
}

// readJournals remembers what all searches of an experiment have measured.
func (l *live) readJournals(dir string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.read == dir {
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*,"+url.QueryEscape(l.Name())+",*.jsonl"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		evaluations, _, err := datasets.ReadJournal(path, l.space)
		if err != nil {
			return err
		}
		for _, e := range evaluations {
			l.known[l.space.Canonical(e.Arch)] = answer{datasets.Measurement{Accuracy: e.Accuracy, Others: e.Others}, e.Failure}
		}
	}
	l.read = dir
	return nil
}

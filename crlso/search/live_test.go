package search

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/datasets"
)

// trainings evaluates the toy space like a cluster: with delays, and one in ten fails.
type trainings struct {
	mu    sync.Mutex
	count map[datasets.Arch]int
	delay time.Duration // at most
}

func (e *trainings) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	e.mu.Lock()
	if e.count == nil {
		e.count = map[datasets.Arch]int{}
	}
	e.count[a]++
	e.mu.Unlock()
	if e.delay > 0 {
		time.Sleep(rand.N(e.delay))
	}
	hash := fnv.New32a()
	fmt.Fprint(hash, a)
	if hash.Sum32()%10 == 0 {
		return datasets.Measurement{}, fmt.Errorf("%w: out of memory", datasets.ErrFailed)
	}
	record, err := toy.Benchmark{Over: toy.Space{}}.Lookup(a)
	return datasets.Measurement{Accuracy: record.Val, Others: map[string]float64{"ms": float64(hash.Sum32() % 100)}}, err
}

func (e *trainings) most() (most, total int) {
	for _, n := range e.count {
		most, total = max(most, n), total+n
	}
	return most, total
}

func searchLive(t *testing.T, e datasets.Evaluator, o datasets.OracleOptions, p Proposer, options LiveOptions) []datasets.Query {
	t.Helper()
	o.Cost = "ms"
	oracle, err := datasets.OpenOracle(t.Context(), toy.Space{}, e, o)
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	var told []datasets.Query
	options.Each = func(q datasets.Query) { told = append(told, q) }
	before := len(oracle.Log())
	if err := Live(oracle, p, options); err != nil {
		t.Fatalf("%s: %v", p.Kind(), err)
	}
	archs := func(log []datasets.Query) []datasets.Arch { return datasets.Archs(log) }
	if !slices.Equal(archs(told), archs(oracle.Log()[before:])) {
		t.Errorf("%s: told %v, the log is %v", p.Kind(), told, oracle.Log()[before:])
	}
	return oracle.Log()
}

// proposers are all searchers of this package, by settings that leave something to propose.
func proposers() []Proposer {
	return []Proposer{
		Random{}, SmallEvolution(), LocalSearch{}, LocalSearch{Initial: 4}, GaussianProcess{}, LatentGP{Latents: toy.Latents()},
		BANANAS{Epochs: 5}, Assessor{Latents: toy.Latents(), Unlabelled: 30, Offspring: 100, Epochs: 20},
		ParetoLocalSearch{}, NSGA2{},
	}
}

// Together, the log is the same for any number of workers and any speed of theirs; failures are
// queries like others.
func TestLiveDoesNotDependOnWorkers(t *testing.T) {
	for _, p := range proposers() {
		options := LiveOptions{Seed: 3, Together: true}
		want := searchLive(t, &trainings{}, datasets.OracleOptions{Budget: 30, Parallel: 1, Failed: 5}, p, options)
		got := searchLive(t, &trainings{delay: time.Millisecond}, datasets.OracleOptions{Budget: 30, Parallel: 7, Failed: 5}, p, options)
		if len(want) != 30 || !slices.Equal(got, want) {
			t.Errorf("%s: with 7 workers %v, with one %v", p.Kind(), got, want)
		}
		if !slices.ContainsFunc(want, func(q datasets.Query) bool { return q.Failure != "" && q.Accuracy == 5 }) {
			t.Errorf("%s: no failure in %v", p.Kind(), want)
		}
	}
}

// One by one, every worker has something to do, nothing is evaluated twice, and the budget is
// spent.
func TestLiveOneByOne(t *testing.T) {
	for _, p := range proposers() {
		for _, parallel := range []int{1, 5} {
			e := &trainings{delay: 2 * time.Millisecond}
			log := searchLive(t, e, datasets.OracleOptions{Budget: 30, Parallel: parallel}, p, LiveOptions{Seed: 1})
			if most, total := e.most(); len(log) != 30 || most != 1 || total != 30 {
				t.Errorf("%s, %d workers: %d queries by %d evaluations, at most %d of one", p.Kind(), parallel, len(log), total, most)
			}
		}
	}
}

// A search that is killed goes on from its journal: to the same log if it waits for whole batches,
// and without paying twice in any case. What a kill leaves is a beginning of the journal.
func TestLiveGoesOnFromAnyMoment(t *testing.T) {
	for _, p := range []Proposer{LocalSearch{}, SmallEvolution(), GaussianProcess{}, NSGA2{}} {
		for _, together := range []bool{true, false} {
			dir := t.TempDir()
			whole := filepath.Join(dir, "whole")
			options := LiveOptions{Seed: 2, Together: together}
			want := searchLive(t, &trainings{}, datasets.OracleOptions{Budget: 25, Parallel: 3, Journal: whole}, p, options)
			text, err := os.ReadFile(whole)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 25 {
				cut := (i + 1) * len(text) / 26
				path := filepath.Join(dir, fmt.Sprint(cut))
				if err := os.WriteFile(path, text[:cut], 0o666); err != nil {
					t.Fatal(err)
				}
				paid := strings.Count(string(text[:strings.LastIndexByte(string(text[:cut]), '\n')+1]), `"seconds"`)
				e := &trainings{}
				got := searchLive(t, e, datasets.OracleOptions{Budget: 25, Parallel: 3, Journal: path}, p, options)
				most, total := e.most()
				if len(got) != 25 || most > 1 || total != 25-paid {
					t.Fatalf("%s, cut at %d: %d queries by %d evaluations, want 25 by %d", p.Kind(), cut, len(got), total, 25-paid)
				}
				if together && !slices.Equal(got, want) {
					t.Fatalf("%s, cut at %d: %v, uninterrupted %v", p.Kind(), cut, got, want)
				}
			}
		}
	}
}

// An error that is not an architecture's ends the search after what runs is done and kept.
func TestLiveEndsWithWhatRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	var mu sync.Mutex
	calls := 0
	e := datasets.EvaluatorFunc(func(context.Context, datasets.Arch) (datasets.Measurement, error) {
		mu.Lock()
		calls++
		call := calls
		mu.Unlock()
		if call == 6 {
			return datasets.Measurement{}, errors.New("the cluster is down")
		}
		time.Sleep(10 * time.Millisecond)
		return datasets.Measurement{Accuracy: 50}, nil
	})
	oracle, err := datasets.OpenOracle(t.Context(), toy.Space{}, e, datasets.OracleOptions{Budget: 20, Parallel: 4, Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := Live(oracle, Random{}, LiveOptions{}); err == nil || !strings.Contains(err.Error(), "the cluster is down") {
		t.Errorf("error %v", err)
	}
	if oracle.Running() != 0 || len(oracle.Log()) != calls-1 {
		t.Errorf("%d run, and %d of %d answers are kept", oracle.Running(), len(oracle.Log()), calls)
	}
	oracle.Close()
	if log := searchLive(t, &trainings{}, datasets.OracleOptions{Budget: 20}, Random{}, LiveOptions{}); len(log) != 20 {
		t.Errorf("afterwards %d queries", len(log))
	}
}

// A budget of 1, and one as large as the space.
func TestLiveBudgets(t *testing.T) {
	for _, p := range []Proposer{Random{}, LocalSearch{}, GaussianProcess{}} {
		for _, budget := range []int{1, 81} {
			for _, together := range []bool{true, false} {
				log := searchLive(t, &trainings{}, datasets.OracleOptions{Budget: budget, Parallel: 3}, p, LiveOptions{Together: together})
				if len(log) != budget {
					t.Errorf("%s: %d queries, want %d", p.Kind(), len(log), budget)
				}
			}
		}
	}
}

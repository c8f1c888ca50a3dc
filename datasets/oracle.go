package datasets

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Errors that end a search.
var (
	// ErrBudget is returned by Oracle.Query once the budget is spent.
	ErrBudget = errors.New("query budget is spent")
	// ErrClosed is returned by Oracle.Query once the oracle is closed.
	ErrClosed = errors.New("oracle is closed: make a new one for a new search")
)

// Oracle is all that a search gets to see of a [Benchmark]: it answers with validation accuracies,
// and costs if the benchmark has them, charges every distinct architecture once, and keeps the log
// that a [Report] is made from.
//
// An Oracle belongs to one search and must not be used from several goroutines.
type Oracle struct {
	ctx       context.Context
	benchmark Benchmark
	costs     CostBenchmark // the same; nil if it has no costs
	label     Label
	budget    int
	log       []Query
	seen      map[Arch]float64
	start     time.Time
	elapsed   []time.Duration // until each query of the log
	repeats   int             // answers from memory since the last new one
	closed    bool
}

// maxRepeats is how many answers from memory in a row end a search. It is far above what random
// sampling takes to find the last architecture of a space the size of NAS-Bench-201.
const maxRepeats = 1_000_000

// Query is one entry of an oracle's log.
type Query struct {
	Arch     Arch
	Accuracy float64 // what the search saw: validation accuracy in percent
	Cost     float64 // of a [CostBenchmark], the less the better; otherwise 0
}

// NewOracle returns an oracle that answers budget distinct queries. The budget must be positive and
// not above the size of a finite space; benchmark and space must be comparable.
func NewOracle(b Benchmark, budget int, label Label) (*Oracle, error) {
	for _, part := range []any{b, b.Space()} {
		if !reflect.ValueOf(part).Comparable() {
			return nil, fmt.Errorf("oracle for %s: a %T cannot be compared by ==, since it holds a slice, map or function; use a pointer to one",
				b.Name(), part)
		}
	}
	if budget <= 0 {
		return nil, fmt.Errorf("oracle for %s: budget is %d, want at least 1", b.Name(), budget)
	}
	if s, ok := b.Space().(FiniteSpace); ok && budget > s.Len() {
		return nil, fmt.Errorf("oracle for %s: budget is %d, but %s has only %d architectures",
			b.Name(), budget, s.Name(), s.Len())
	}
	costs, _ := b.(CostBenchmark)
	return &Oracle{
		ctx:       context.Background(),
		benchmark: b,
		costs:     costs,
		label:     label,
		budget:    budget,
		log:       make([]Query, 0, min(budget, 4096)), // an infinite space bounds no budget
		seen:      make(map[Arch]float64, min(budget, 4096)),
		start:     time.Now(),
	}, nil
}

// WithContext makes queries of new architectures fail once ctx is done, and returns the oracle.
func (o *Oracle) WithContext(ctx context.Context) *Oracle {
	o.ctx = ctx
	return o
}

// Space is the space that the oracle answers for.
func (o *Oracle) Space() Space { return o.benchmark.Space() }

// Query returns the validation accuracy of a in percent; its cost, if the benchmark has costs, is in
// the log then. An architecture asked before is answered from memory at no charge, up to a million
// times in a row, so that a search that finds nothing new ends. The error is ErrBudget, ErrClosed,
// or says what is wrong with a, its label, its cost or the search; nothing is charged then.
func (o *Oracle) Query(a Arch) (float64, error) {
	if o.closed {
		return 0, ErrClosed
	}
	key, err := o.key(a)
	if err != nil {
		return 0, err
	}
	if accuracy, ok := o.seen[key]; ok {
		if o.repeats == maxRepeats {
			return 0, fmt.Errorf("query %s: nothing new in %d proposals, after %d of %d queries; use a smaller budget, or a search that leaves what it knows",
				o.Space().Name(), maxRepeats, len(o.log), o.budget)
		}
		o.repeats++
		return accuracy, nil
	}
	if len(o.log) == o.budget {
		return 0, ErrBudget
	}
	q, err := o.measure(key)
	if err != nil {
		return 0, fmt.Errorf("query %s: %w", o.benchmark.Name(), err)
	}
	q.Arch = a
	o.seen[key] = q.Accuracy
	o.repeats = 0
	o.log = append(o.log, q)
	o.elapsed = append(o.elapsed, time.Since(o.start))
	return q.Accuracy, nil
}

// measure looks an architecture up.
func (o *Oracle) measure(a Arch) (Query, error) {
	if err := context.Cause(o.ctx); err != nil {
		return Query{}, err
	}
	q := Query{Arch: a}
	var err error
	if o.costs != nil {
		if q.Cost, err = o.costs.Cost(a); err != nil {
			return Query{}, err
		}
	}
	record, err := o.benchmark.Lookup(a)
	if err != nil {
		return Query{}, err
	}
	if q.Accuracy, err = o.label.of(record); err != nil {
		return Query{}, err
	}
	if !finite(q.Accuracy) {
		return Query{}, fmt.Errorf("the table has no validation accuracy for %s, but %v; get it anew or mend it", a, q.Accuracy)
	}
	if !finite(q.Cost) {
		return Query{}, fmt.Errorf("the cost of %s is %v, want a number", a, q.Cost)
	}
	return q, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Seen reports whether a, or an architecture that counts as the same, was queried before.
func (o *Oracle) Seen(a Arch) bool {
	key, err := o.key(a)
	if err != nil {
		return false
	}
	_, ok := o.seen[key]
	return ok
}

// key returns the architecture that a counts as. The error says that it, or a, cannot be the key of
// a map.
func (o *Oracle) key(a Arch) (Arch, error) {
	key := o.Space().Canonical(a)
	for _, arch := range [...]Arch{a, key} {
		if t := reflect.TypeOf(arch); t != nil && !t.Comparable() {
			return nil, fmt.Errorf("query %s: %v is a %T, which cannot be compared by ==; architectures need a type without slices, maps and functions",
				o.benchmark.Name(), arch, arch)
		}
	}
	return key, nil
}

// Budget is the number of distinct queries that the oracle was made for.
func (o *Oracle) Budget() int { return o.budget }

// Remaining is the number of distinct queries left.
func (o *Oracle) Remaining() int { return o.budget - len(o.log) }

// Log returns the distinct queries so far, oldest first. The caller must not change it.
func (o *Oracle) Log() []Query { return o.log[:len(o.log):len(o.log)] }

// HasCost reports whether the oracle tells costs beside accuracies.
func (o *Oracle) HasCost() bool { return o.costs != nil }

// Elapsed returns, for each query of the log, the time from the making of the oracle to its answer.
// The caller must not change it.
func (o *Oracle) Elapsed() []time.Duration { return o.elapsed }

// Close ends the search: later queries fail with ErrClosed, and a Report can be made.
func (o *Oracle) Close() { o.closed = true }

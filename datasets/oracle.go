package datasets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Errors that end a search.
var (
	// ErrBudget is returned by Oracle.Query once the budget is spent.
	ErrBudget = errors.New("query budget is spent")
	// ErrClosed is returned by Oracle.Query once the oracle is closed.
	ErrClosed = errors.New("oracle is closed: make a new one for a new search")
)

// Oracle is all that a search gets to see of a [Benchmark], or of an [Evaluator]: it answers with
// validation accuracies, and costs if there are any, charges every distinct architecture once, and
// keeps the log that a [Report] is made from.
//
// An Oracle belongs to one search and must not be used from several goroutines.
type Oracle struct {
	ctx       context.Context
	space     Space
	name      string // for errors
	evaluator Evaluator
	options   OracleOptions
	benchmark Benchmark // of NewOracle
	label     Label     // of NewOracle
	fatal     bool      // an architecture that cannot be evaluated ends the search

	log     []Query
	seen    map[Arch]int  // indices of the log
	pending []*evaluation // begun, without an answer in the log, in the order of their beginning
	repeats int           // answers from memory since the last new one
	closed  bool
	journal *journal // nil for none
	start   time.Time
	elapsed []time.Duration  // until each query of the log
	details []detail         // of each query of the log, which a search does not see
	answers chan *evaluation // of Start
}

// maxRepeats is how many answers from memory in a row end a search. It is far above what random
// sampling takes to find the last architecture of a space the size of NAS-Bench-201.
const maxRepeats = 1_000_000

// Query is one entry of an oracle's log.
type Query struct {
	Arch     Arch
	Accuracy float64 // what the search saw: validation accuracy in percent
	Cost     float64 // the less the better; 0 if the oracle has no costs
	Failure  string  // why the architecture could not be evaluated; empty if it was
}

// detail is what else is known of a query.
type detail struct {
	others  map[string]float64
	seconds float64
	at      time.Time
}

// OracleOptions are the options of [OpenOracle].
type OracleOptions struct {
	Budget   int     // distinct architectures that may be evaluated; failures count
	Parallel int     // evaluations at once; 0 is 1
	Failed   float64 // accuracy that the search sees of an architecture that cannot be evaluated, such as that of guessing
	// Cost names the measurement that a search for two objectives makes small; "" is none. The cost
	// of what cannot be evaluated is the highest that was measured.
	Cost string
	// Journal is a file that holds every answer before the search sees it; "" is none. If it is there,
	// the search goes on from it: what it has answered is in the log and is not evaluated again, and
	// what had begun is evaluated first.
	Journal string
}

// NewOracle returns an oracle that answers budget distinct queries from a benchmark. The budget
// must be positive and not above the size of a finite space; benchmark and space must be
// comparable.
func NewOracle(b Benchmark, budget int, label Label) (*Oracle, error) {
	costs, _ := b.(CostBenchmark)
	options := OracleOptions{Budget: budget}
	if costs != nil {
		options.Cost = costs.CostName()
	}
	o := newOracle(b.Space(), table{b, costs, label}, options)
	o.name, o.benchmark, o.label, o.fatal = b.Name(), b, label, true
	return o, o.check(b, b.Space())
}

// OpenOracle returns an oracle that answers by evaluating architectures, some at once, until ctx
// ends. With a journal it keeps other processes out until it is closed.
func OpenOracle(ctx context.Context, space Space, e Evaluator, options OracleOptions) (*Oracle, error) {
	o := newOracle(space, e, options)
	o.ctx, o.name = ctx, space.Name()
	if err := o.check(space); err != nil {
		return nil, err
	}
	if options.Parallel < 0 || !finite(options.Failed) || options.Failed < 0 || options.Failed > 100 {
		return nil, fmt.Errorf("oracle for %s: Parallel is %d and Failed %v, want 0 or more, and 0 to 100", o.name, options.Parallel, options.Failed)
	}
	if options.Journal == "" {
		return o, nil
	}
	header, err := newHeader(space, options.Cost)
	if err != nil {
		return nil, err
	}
	if o.journal, err = openJournal(options.Journal, header, o.restore); err != nil {
		return nil, err
	}
	return o, nil
}

func newOracle(space Space, e Evaluator, options OracleOptions) *Oracle {
	size := max(0, min(options.Budget, 4096)) // an infinite space bounds no budget
	return &Oracle{
		ctx:       context.Background(),
		space:     space,
		evaluator: e,
		options:   options,
		log:       make([]Query, 0, size),
		seen:      make(map[Arch]int, size),
		elapsed:   make([]time.Duration, 0, size),
		details:   make([]detail, 0, size),
		start:     time.Now(),
		answers:   make(chan *evaluation, max(1, options.Parallel)),
	}
}

// check checks the budget, and that parts can be compared.
func (o *Oracle) check(parts ...any) error {
	for _, part := range parts {
		if !reflect.ValueOf(part).Comparable() {
			return fmt.Errorf("oracle for %s: a %T cannot be compared by ==, since it holds a slice, map or function; use a pointer to one",
				o.name, part)
		}
	}
	if o.options.Budget <= 0 {
		return fmt.Errorf("oracle for %s: budget is %d, want at least 1", o.name, o.options.Budget)
	}
	if s, ok := o.space.(FiniteSpace); ok && o.options.Budget > s.Len() {
		return fmt.Errorf("oracle for %s: budget is %d, but %s has only %d architectures; take a smaller budget, or give the space more choices", o.name, o.options.Budget, s.Name(), s.Len())
	}
	return nil
}

// WithContext makes queries of new architectures fail once ctx is done, and returns the oracle.
func (o *Oracle) WithContext(ctx context.Context) *Oracle {
	o.ctx = ctx
	return o
}

// Context ends when the search has to: for searchers that compute long between queries.
func (o *Oracle) Context() context.Context { return o.ctx }

// Space is the space that the oracle answers for.
func (o *Oracle) Space() Space { return o.space }

// Query returns the validation accuracy of a in percent; its cost, if the oracle has costs, is in
// the log then. An architecture asked before is answered from memory at no charge, up to a million
// times in a row, so that a search that finds nothing new ends. The error is ErrBudget, ErrClosed,
// or says what is wrong with a, its label, its cost, the journal or the search; nothing is charged
// then.
func (o *Oracle) Query(a Arch) (float64, error) {
	if o.closed {
		return 0, ErrClosed
	}
	key, err := o.key(a)
	if err != nil {
		return 0, err
	}
	if i, ok := o.seen[key]; ok {
		return o.log[i].Accuracy, o.repeat()
	}
	if t, ok := o.evaluator.(table); ok && len(o.pending) == 0 {
		return o.lookUp(t, a, key)
	}
	accuracies, err := o.QueryAll(a)
	if err != nil {
		return 0, err
	}
	return accuracies[0], nil
}

// lookUp is QueryAll for one new architecture of a table, with nothing made for it but an entry of
// the log.
func (o *Oracle) lookUp(t table, a, key Arch) (float64, error) {
	if o.Remaining() == 0 {
		return 0, ErrBudget
	}
	if err := context.Cause(o.ctx); err != nil {
		return 0, fmt.Errorf("query %s: %w", o.name, err)
	}
	accuracy, cost, err := t.lookUp(key)
	if err != nil {
		return 0, fmt.Errorf("query %s: %w", o.name, err)
	}
	o.repeats = 0
	o.seen[key] = len(o.log)
	o.log = append(o.log, Query{Arch: a, Accuracy: accuracy, Cost: cost})
	o.elapsed = append(o.elapsed, time.Since(o.start))
	o.details = append(o.details, detail{})
	return accuracy, nil
}

// QueryAll is Query for several architectures, OracleOptions.Parallel at once. Those that are new
// are charged and logged in the order given, so the log does not depend on which answer comes
// first. What a process that was killed has begun comes before them. On an error, the answers that
// are there stay in the log, up to the first that is missing, and all of them in the journal.
func (o *Oracle) QueryAll(archs ...Arch) ([]float64, error) {
	if o.closed {
		return nil, ErrClosed
	}
	keys, fresh, err := o.sort(archs)
	if err != nil {
		return nil, err
	}
	if len(fresh) == 0 && len(archs) > 0 {
		if err := o.repeat(); err != nil {
			return nil, err
		}
	} else if room := o.Remaining(); room < len(fresh) {
		fresh = fresh[:room]
		err = ErrBudget
	}
	if err1 := o.begin(fresh, true); err1 != nil {
		return nil, err1
	}
	if err1 := o.evaluateAll(); err1 != nil {
		return nil, err1
	}
	if err != nil {
		return nil, err
	}
	accuracies := make([]float64, len(keys))
	for i, key := range keys {
		accuracies[i] = o.log[o.seen[key]].Accuracy
	}
	return accuracies, nil
}

// sort returns what architectures count as, and those of them that are new.
func (o *Oracle) sort(archs []Arch) (keys, fresh []Arch, err error) {
	begun := make(map[Arch]bool)
	for _, e := range o.pending {
		begun[e.key] = true
	}
	for _, a := range archs {
		key, err := o.key(a)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, key)
		if _, ok := o.seen[key]; !ok && !begun[key] {
			begun[key] = true
			fresh = append(fresh, a)
		}
	}
	return keys, fresh, nil
}

// repeat counts an answer from memory.
func (o *Oracle) repeat() error {
	if o.repeats == maxRepeats {
		return fmt.Errorf("query %s: nothing new in %d proposals, after %d of %d queries; use a smaller budget, or a search that leaves what it knows",
			o.Space().Name(), maxRepeats, len(o.log), o.options.Budget)
	}
	o.repeats++
	return nil
}

// Seen reports whether a, or an architecture that counts as the same, was queried before.
func (o *Oracle) Seen(a Arch) bool {
	key, err := o.key(a)
	if err != nil {
		return false
	}
	_, ok := o.seen[key]
	return ok
}

// Asked is Seen for what was queried or is pending.
func (o *Oracle) Asked(a Arch) bool {
	if len(o.pending) == 0 || o.Seen(a) {
		return o.Seen(a)
	}
	key, err := o.key(a)
	return err == nil && slices.ContainsFunc(o.pending, func(e *evaluation) bool { return e.key == key })
}

// key returns the architecture that a counts as. The error says that it, or a, cannot be the key of
// a map.
func (o *Oracle) key(a Arch) (Arch, error) {
	key := o.space.Canonical(a)
	for _, arch := range [...]Arch{a, key} {
		if t := reflect.TypeOf(arch); t != nil && !t.Comparable() {
			return nil, fmt.Errorf("query %s: %v is a %T, which cannot be compared by ==; architectures need a type without slices, maps and functions",
				o.name, arch, arch)
		}
	}
	return key, nil
}

// Budget is the number of distinct queries that the oracle was made for.
func (o *Oracle) Budget() int { return o.options.Budget }

// Remaining is the number of distinct queries left.
func (o *Oracle) Remaining() int { return o.options.Budget - len(o.log) - len(o.pending) }

// Parallel is how many evaluations may run at once.
func (o *Oracle) Parallel() int { return max(1, o.options.Parallel) }

// Log returns the distinct queries so far, oldest first. The caller must not change it.
func (o *Oracle) Log() []Query { return o.log[:len(o.log):len(o.log)] }

// Best returns the incumbent, the query of the highest accuracy and of these the first; ok says
// whether there is one that could be evaluated.
func (o *Oracle) Best() (best Query, ok bool) {
	for _, q := range o.log {
		if q.Failure == "" && (!ok || q.Accuracy > best.Accuracy) {
			best, ok = q, true
		}
	}
	return best, ok
}

// HasCost reports whether the oracle tells costs beside accuracies.
func (o *Oracle) HasCost() bool { return o.options.Cost != "" }

// Elapsed returns, for each query of the log, the time from the making of the oracle to its answer;
// 0 for those of an earlier process. The caller must not change it.
func (o *Oracle) Elapsed() []time.Duration { return o.elapsed }

// Close ends the search: later queries fail with ErrClosed, and a Report can be made. The journal
// is free for others then.
func (o *Oracle) Close() {
	if !o.closed && o.journal != nil {
		o.journal.close() // every line is on the disk already
	}
	o.closed = true
}

package datasets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Evaluator measures architectures: it trains them, or looks them up.
type Evaluator interface {
	// Evaluate measures a. It may take long, is called from several goroutines at once, and returns
	// soon after ctx ends. An error that wraps [ErrFailed] says that a itself cannot be measured, such
	// as a training that diverges, and so does a panic: the search goes on. Any other error ends the
	// search.
	Evaluate(ctx context.Context, a Arch) (Measurement, error)
}

// EvaluatorFunc is a function as an [Evaluator].
type EvaluatorFunc func(ctx context.Context, a Arch) (Measurement, error)

// Evaluate implements [Evaluator].
func (f EvaluatorFunc) Evaluate(ctx context.Context, a Arch) (Measurement, error) { return f(ctx, a) }

// Measurement is what an evaluation has found.
type Measurement struct {
	Accuracy float64            // validation accuracy in percent, 0 to 100
	Others   map[string]float64 // whatever else was measured, by name, such as "latency (ms)"
}

// ErrFailed is wrapped by the errors of an [Evaluator] that belong to the architecture.
var ErrFailed = errors.New("the architecture cannot be evaluated")

// check returns an error if a measurement is none, or lacks the cost that a search asks for. The
// latter is not the architecture's fault, and ends the search.
func (m Measurement) check(cost string) error {
	if !finite(m.Accuracy) || m.Accuracy < 0 || m.Accuracy > 100 {
		return fmt.Errorf("%w: its accuracy is %v, want 0 to 100", ErrFailed, m.Accuracy)
	}
	if cost == "" {
		return nil
	}
	value, ok := m.Others[cost]
	if !ok {
		names := append([]string{"accuracy"}, slices.Sorted(maps.Keys(m.Others))...)
		return fmt.Errorf("there is no %q among what was measured, only %q: measure it, or name another cost", cost, names)
	}
	if !finite(value) {
		return fmt.Errorf("%w: its %s is %v, want a number", ErrFailed, cost, value)
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// table is a benchmark as an evaluator. What it lacks ends the search.
type table struct {
	benchmark Benchmark
	costs     CostBenchmark // the same; nil if it has no costs
	label     Label
}

// Evaluate implements [Evaluator].
func (t table) Evaluate(_ context.Context, a Arch) (m Measurement, err error) {
	var cost float64
	if m.Accuracy, cost, err = t.lookUp(a); err == nil && t.costs != nil {
		m.Others = map[string]float64{t.costs.CostName(): cost}
	}
	return m, err
}

func (t table) lookUp(a Arch) (accuracy, cost float64, err error) {
	if t.costs != nil {
		if cost, err = t.costs.Cost(a); err != nil {
			return 0, 0, err
		}
		if !finite(cost) {
			return 0, 0, fmt.Errorf("the cost of %s is %v, want a number", a, cost)
		}
	}
	record, err := t.benchmark.Lookup(a)
	if err != nil {
		return 0, 0, err
	}
	if accuracy, err = t.label.of(record); err != nil {
		return 0, 0, err
	}
	if !finite(accuracy) {
		return 0, 0, fmt.Errorf("the table has no validation accuracy for %s, but %v; get it anew or mend it", a, accuracy)
	}
	return accuracy, cost, nil
}

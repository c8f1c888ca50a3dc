package datasets

import (
	"fmt"
	"math"
)

// Report is the judgement of one finished search: what its best architecture was worth after every
// query.
type Report struct {
	Benchmark string
	Source    string
	Label     Label
	HasTest   bool
	Steps     []Step // one per distinct query, in order
}

// Step is the state of a search after one query. The incumbent is the architecture with the highest
// accuracy among those the search has seen; the earliest wins a tie.
type Step struct {
	Query     Query
	Incumbent Arch
	Val       float64 // incumbent's mean validation accuracy, percent
	Test      float64 // incumbent's mean test accuracy, percent; NaN if the source has none
	Regret    float64 // the benchmark's best mean validation accuracy minus Val, in points; NaN if nobody knows the best
}

// NewReport judges the search that used o. It needs the benchmark, which a search does not have,
// and a closed oracle, so no search can look at its own report and go on.
func NewReport(o *Oracle, b Benchmark) (*Report, error) {
	switch {
	case !o.closed:
		return nil, fmt.Errorf("report on %s: the oracle is still open; close it first", b.Name())
	case o.benchmark != b:
		return nil, fmt.Errorf("report on %s: the oracle belongs to %s", b.Name(), o.benchmark.Name())
	}
	report := &Report{
		Benchmark: b.Name(),
		Source:    b.Source(),
		Label:     o.label,
		HasTest:   b.HasTest(),
		Steps:     make([]Step, 0, len(o.log)),
	}
	step, best := Step{}, math.Inf(-1)
	for _, q := range o.log {
		if q.Accuracy > best {
			best = q.Accuracy
			record, err := b.Lookup(b.Space().Canonical(q.Arch))
			if err != nil {
				return nil, fmt.Errorf("report on %s: %w", b.Name(), err)
			}
			step.Incumbent, step.Val, step.Test = q.Arch, record.Val, record.Test
			step.Regret = b.Best() - record.Val
		}
		step.Query = q
		report.Steps = append(report.Steps, step)
	}
	return report, nil
}

// Final is the state after the last query. It panics if nothing was queried.
func (r *Report) Final() Step { return r.Steps[len(r.Steps)-1] }

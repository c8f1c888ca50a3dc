package datasets

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Pending returns what has begun without an answer in the log, in the order of its beginning: what
// runs, and after OpenOracle what a process that was killed has left.
func (o *Oracle) Pending() []Arch {
	var archs []Arch
	for _, e := range o.pending {
		archs = append(archs, e.arch)
	}
	return archs
}

// Start begins the evaluation of an architecture that is new, or that a killed process has left
// pending, and does not wait for it: see [Oracle.Wait]. It is for searches that propose anew
// whenever a worker is free. ErrBudget says that the budget is spent.
func (o *Oracle) Start(a Arch) error {
	if o.Running() == o.Parallel() {
		return fmt.Errorf("start %s: %d evaluations are running already; wait for one", o.name, o.Running())
	}
	e, err := o.beginOne(a)
	if err != nil {
		return err
	}
	go func() {
		o.run(e)
		o.answers <- e
	}()
	return nil
}

// Begin is [Oracle.Start] for an evaluation that somebody else makes, as many at once as they like:
// see [Oracle.Answer].
func (o *Oracle) Begin(a Arch) error {
	e, err := o.beginOne(a)
	if err == nil {
		e.elsewhere = true
	}
	return err
}

// Answer ends an evaluation that has begun by [Oracle.Begin] with a measurement, or with the reason
// of a failure.
func (o *Oracle) Answer(a Arch, m Measurement, failure error) (Query, error) {
	key, err := o.key(a)
	if err != nil {
		return Query{}, err
	}
	i := slices.IndexFunc(o.pending, func(e *evaluation) bool { return e.key == key && e.elsewhere && !e.answered })
	if i < 0 {
		return Query{}, fmt.Errorf("answer %s: the evaluation of %v has not begun, or is answered", o.name, a)
	}
	e := o.pending[i]
	e.measured, e.err, e.seconds = m, failure, time.Since(e.begun).Seconds()
	if failure == nil {
		e.err = m.check(o.options.Cost)
	} else if !errors.Is(failure, ErrFailed) {
		e.err = fmt.Errorf("%w: %w", ErrFailed, failure)
	}
	err = o.finish(e)
	return e.query, err
}

// beginOne begins an evaluation that is new, or pending and does not run.
func (o *Oracle) beginOne(a Arch) (*evaluation, error) {
	if o.closed {
		return nil, ErrClosed
	}
	key, err := o.key(a)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(o.pending, func(e *evaluation) bool { return e.key == key })
	switch {
	case i >= 0 && o.pending[i].running || o.Seen(a):
		return nil, fmt.Errorf("start %s: %v was asked for before", o.name, a)
	case i < 0 && o.Remaining() == 0:
		return nil, ErrBudget
	case i < 0:
		err = o.begin([]Arch{a}, false)
		i = len(o.pending) - 1
	default:
		err = o.noteBeginning([]Arch{a}, false)
	}
	if err != nil {
		return nil, err
	}
	e := o.pending[i]
	e.running, e.together, e.begun = true, false, time.Now()
	return e, nil
}

// Running is how many evaluations run that Start has begun.
func (o *Oracle) Running() (n int) {
	for _, e := range o.pending {
		if e.running && !e.elsewhere {
			n++
		}
	}
	return n
}

// Wait waits until one of the evaluations that run is done, and lets its answer enter the log. It
// is an error if none runs, or if it ends the search: then Wait for the others, so that their
// answers are in the journal.
func (o *Oracle) Wait() (Query, error) {
	if o.Running() == 0 {
		return Query{}, fmt.Errorf("wait %s: no evaluation is running", o.name)
	}
	e := <-o.answers
	if err := o.finish(e); err != nil {
		return Query{}, err
	}
	return e.query, nil
}

package datasets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// evaluation is one that has begun.
type evaluation struct {
	arch, key Arch
	together  bool // it enters the log in its turn, and not as soon as it is answered
	running   bool
	elsewhere bool      // it is for Answer
	begun     time.Time // if it runs
	answered  bool
	query     Query

	measured Measurement
	err      error
	seconds  float64
	at       time.Time // of the answer
}

// begin charges architectures, and says in the journal that they are evaluated.
func (o *Oracle) begin(archs []Arch, together bool) error {
	if len(archs) == 0 {
		return nil
	}
	if err := o.noteBeginning(archs, together); err != nil {
		return err
	}
	for _, a := range archs {
		o.pending = append(o.pending, &evaluation{arch: a, key: o.space.Canonical(a), together: together})
	}
	o.repeats = 0
	return nil
}

func (o *Oracle) noteBeginning(archs []Arch, together bool) error {
	if o.journal == nil {
		return nil
	}
	line := journalLine{Together: together}
	for _, a := range archs {
		line.Ask = append(line.Ask, a.String())
	}
	return o.journal.write(line)
}

// evaluateAll evaluates what is pending and does not run yet, and waits for it.
func (o *Oracle) evaluateAll() error {
	var waiting []*evaluation
	for _, e := range o.pending {
		if !e.running && !e.answered {
			waiting = append(waiting, e)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	err := o.inParallel(waiting)
	if err != nil && o.fatal {
		o.pending = nil // what a table lacks is not charged; any other evaluation is tried again
	}
	return err
}

// inParallel evaluates, Parallel at once. The first error lets the others finish, and begins none.
func (o *Oracle) inParallel(waiting []*evaluation) error {
	if o.Parallel() == 1 || len(waiting) == 1 {
		for _, e := range waiting {
			if o.closed { // by the evaluation before
				return ErrClosed
			}
			o.run(e)
			if err := o.finish(e); err != nil {
				return err
			}
		}
		return nil
	}
	queue, done := make(chan *evaluation, len(waiting)), make(chan *evaluation)
	for _, e := range waiting {
		queue <- e
	}
	close(queue)
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for range min(o.Parallel(), len(waiting)) {
		workers.Go(func() {
			for e := range queue {
				select {
				case <-stop:
					return
				default:
				}
				o.run(e)
				done <- e
			}
		})
	}
	go func() { workers.Wait(); close(done) }()
	var failed error
	for e := range done {
		if err := o.finish(e); err != nil && failed == nil {
			failed = err
			close(stop)
		}
	}
	return failed
}

// run evaluates. It touches nothing but e, so it may be called from any goroutine.
func (o *Oracle) run(e *evaluation) {
	if e.err = context.Cause(o.ctx); e.err != nil {
		return
	}
	begin := time.Now()
	defer func() {
		e.seconds = time.Since(begin).Seconds()
		if reason := recover(); reason != nil {
			if o.fatal {
				panic(reason)
			}
			e.err = fmt.Errorf("%w: panic: %v", ErrFailed, reason)
		}
	}()
	e.measured, e.err = o.evaluator.Evaluate(o.ctx, e.key)
	switch {
	case e.err != nil && o.ctx.Err() != nil: // whatever it says, it was stopped
		e.err = context.Cause(o.ctx)
	case e.err == nil && !o.fatal:
		e.err = e.measured.check(o.options.Cost)
	}
}

// finish writes an answer to the journal, and lets it enter the log. The error is that of an
// evaluation that ends the search.
func (o *Oracle) finish(e *evaluation) error {
	e.running = false
	failed := errors.Is(e.err, ErrFailed) && !o.fatal
	if e.err != nil && !failed {
		return fmt.Errorf("query %s: %w", o.name, e.err)
	}
	line := journalLine{Accuracy: e.measured.Accuracy, Others: e.measured.Others, Seconds: e.seconds}
	if failed {
		line = journalLine{Failure: oneLine(e.err), Seconds: e.seconds}
	}
	if o.journal != nil {
		line.Arch, line.At = e.arch.String(), time.Now().UTC().Format(time.RFC3339)
		if err := o.journal.write(line); err != nil {
			return err
		}
	}
	o.answer(e, line, time.Since(o.start))
	return nil
}

// oneLine is the reason of a failure in one line.
func oneLine(err error) string {
	text := strings.TrimPrefix(err.Error(), ErrFailed.Error()+": ")
	return strings.Join(strings.Fields(text), " ")
}

// answer makes a line of the journal the answer of an evaluation, and lets what has its turn enter
// the log.
func (o *Oracle) answer(e *evaluation, line journalLine, elapsed time.Duration) {
	e.answered, e.measured.Others, e.seconds = true, line.Others, line.Seconds
	e.at, _ = time.Parse(time.RFC3339, line.At) // or it is not known
	e.query = Query{Arch: e.arch, Accuracy: line.Accuracy, Cost: line.Others[o.options.Cost], Failure: line.Failure}
	if line.Failure != "" {
		e.query.Accuracy = o.options.Failed
	}
	if !e.together {
		o.enter(e, elapsed)
		return
	}
	for len(o.pending) > 0 {
		i := slices.IndexFunc(o.pending, func(e *evaluation) bool { return e.together })
		if i < 0 || !o.pending[i].answered {
			return
		}
		o.enter(o.pending[i], elapsed)
	}
}

// enter adds an answered evaluation to the log.
func (o *Oracle) enter(e *evaluation, elapsed time.Duration) {
	o.pending = slices.DeleteFunc(o.pending, func(p *evaluation) bool { return p == e })
	o.seen[e.key] = len(o.log)
	o.log = append(o.log, e.query)
	o.elapsed = append(o.elapsed, elapsed)
	o.details = append(o.details, detail{e.measured.Others, e.seconds, e.at})
	o.costOfFailures()
}

// costOfFailures gives what could not be evaluated the highest cost that was measured.
func (o *Oracle) costOfFailures() {
	if !o.HasCost() || o.fatal {
		return
	}
	highest, measured := 0.0, false
	for _, q := range o.log {
		if q.Failure == "" && (!measured || q.Cost > highest) {
			highest, measured = q.Cost, true
		}
	}
	for i, q := range o.log {
		if q.Failure != "" {
			o.log[i].Cost = highest
		}
	}
}

// restore takes up a line of the journal.
func (o *Oracle) restore(line journalLine) error {
	for _, text := range line.Ask {
		a, err := o.space.Parse(text)
		if err != nil {
			return err
		}
		key, err := o.key(a)
		if err != nil {
			return err
		}
		_, seen := o.seen[key]
		begun := slices.IndexFunc(o.pending, func(e *evaluation) bool { return e.key == key })
		switch {
		case seen:
			return fmt.Errorf("%s is asked for again", text)
		case begun >= 0: // a later process has begun it again
			o.pending[begun].together = line.Together
			continue
		case o.Remaining() == 0:
			return fmt.Errorf("it holds more than %d queries, the budget; use a larger one", o.options.Budget)
		}
		o.pending = append(o.pending, &evaluation{arch: a, key: key, together: line.Together})
	}
	if line.Ask != nil {
		return nil
	}
	i := slices.IndexFunc(o.pending, func(e *evaluation) bool { return !e.answered && e.arch.String() == line.Arch })
	if i < 0 {
		return fmt.Errorf("it answers for %q, which was not asked for", line.Arch)
	}
	if line.Failure == "" {
		if err := (Measurement{line.Accuracy, line.Others}).check(o.options.Cost); err != nil {
			return err
		}
	}
	o.answer(o.pending[i], line, 0)
	return nil
}

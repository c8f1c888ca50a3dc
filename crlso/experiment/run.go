package experiment

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Run runs the searches of a plan whose results are not in the folder dir yet, as many at once as
// GOMAXPROCS says or, where a data set is [Live], one, and returns all results. A new folder is
// made.
//
// Results that are there are not searched again, even if the code of a search has changed: see
// [Method].
//
// An experiment that was interrupted goes on with what is missing, and ends with the results.csv of
// an uninterrupted one but for the column seconds. The folder of an earlier plan is taken up if the
// new plan only adds methods, data sets or seeds.
//
// Searches that fail do not stop the others: the error has one line for each reason, and the next
// call tries them again. When ctx is cancelled, searches end at their next query and leave no
// result, and what is finished stays in unfinished.csv. In either case it is returned beside the
// error.
//
// A bar on progress shows which search began last, the time left by what each method took so far,
// and what part of it is for the dearest; nil shows none.
func Run(ctx context.Context, dir string, plan Plan, progress io.Writer) (*Results, error) {
	return complete(dir, plan, func(r *Results, missing []task) error {
		return r.runAll(ctx, dir, plan, missing, progress)
	})
}

// complete returns the results in the folder of a plan after search has run what is missing, if
// anything is.
func complete(dir string, plan Plan, search func(r *Results, missing []task) error) (*Results, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := source.Sweep(dir, func(name string) bool { return name == planFile || name == resultsFile }); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	r, err := open(dir, plan)
	if err != nil {
		return nil, err
	}
	tasks := r.missing(plan)
	if len(tasks) == 0 {
		if len(unfinished(dir)) == 0 {
			return r, nil
		}
		return r, r.finish(dir)
	}
	r.plan.Sessions = append(r.plan.Sessions, newSession(plan.Methods))
	if err := r.writePlan(dir); err != nil {
		return r, err
	}
	if err := r.finish(dir); err != nil { // an unfinished file may end in the middle of a line
		return r, err
	}
	return r, search(r, tasks)
}

// lock makes the folder and keeps other processes out of it.
func lock(dir string) (unlock func(), err error) {
	unlock, holder, err := source.TryLock(filepath.Join(dir, ".lock"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("experiment: cannot write to %s: %w; choose another folder", dir, err)
	case unlock == nil:
		return nil, fmt.Errorf("experiment: %s is at work in %s; wait for it, or choose another folder", holder, dir)
	}
	return unlock, nil
}

// task is one search.
type task struct {
	method    Method
	benchmark datasets.Benchmark
	seed      int
}

func (t task) pair() pair { return pair{t.method.Name, t.benchmark.Name()} }

// live returns the data set of a search if it is one of [Live], else nil.
func (t task) live() *live {
	l, _ := t.benchmark.(*live)
	return l
}

// missing returns the searches without a result, seed by seed, so that the first seeds of all
// methods are done first and the time left can be told from the time used.
func (r *Results) missing(plan Plan) (tasks []task) {
	for i := range plan.Seeds {
		seed := plan.First + i
		for _, benchmark := range plan.Benchmarks {
			for _, method := range plan.Methods {
				if t := (task{method, benchmark, seed}); i < plan.seeds(method) && !r.has(t.pair(), seed) {
					tasks = append(tasks, t)
				}
			}
		}
	}
	return tasks
}

// runAll runs tasks, and adds each result to r and to a new unfinished file as soon as it is there.
// If it is stopped, by ctx or because it cannot write, that file stays as it is.
func (r *Results) runAll(ctx context.Context, dir string, plan Plan, tasks []task, w io.Writer) error {
	file, err := os.Create(filepath.Join(dir, unfinishedFile))
	if err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	defer file.Close()
	if _, err := fmt.Fprintln(file, strings.Join(r.plan.columns(), ",")); err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	progress := newProgress(w, r, tasks, atOnce(tasks))
	defer progress.finish()
	var failed failures
	finished := 0
	for o := range outcomes(ctx, dir, plan, tasks, progress.begin) {
		progress.end(o)
		switch {
		case o.err == nil:
			finished++
			r.add(o.task.pair(), o.search)
			var rows bytes.Buffer
			out := csv.NewWriter(&rows)
			r.plan.writeSearches(out, o.task.pair(), o.search)
			out.Flush()
			if _, err := file.Write(rows.Bytes()); err != nil {
				cancel(err)
			}
		case ctx.Err() == nil:
			failed.add(o.task, o.err)
		}
	}
	if ctx.Err() != nil {
		return errors.Join(failed.err(), fmt.Errorf("experiment: stopped after %d of %d searches: %w; run it again to go on",
			finished, len(tasks), context.Cause(ctx)))
	}
	return errors.Join(failed.err(), r.finish(dir))
}

type outcome struct {
	task   task
	search Search
	err    error
}

// atOnce is how many tasks run at once: as many as GOMAXPROCS says, or one if one is live, whose
// evaluations run at once.
func atOnce(tasks []task) int {
	if slices.ContainsFunc(tasks, func(t task) bool { return t.live() != nil }) {
		return 1
	}
	return min(runtime.GOMAXPROCS(0), len(tasks))
}

// outcomes runs tasks in their order, several at once, until they are done or ctx is, and closes
// the channel then. It says when each begins.
func outcomes(ctx context.Context, dir string, plan Plan, tasks []task, begin func(task)) <-chan outcome {
	queue := make(chan task, len(tasks))
	for _, t := range tasks {
		queue <- t
	}
	close(queue)
	out := make(chan outcome)
	var workers sync.WaitGroup
	for range atOnce(tasks) {
		workers.Go(func() {
			for t := range queue {
				if ctx.Err() != nil {
					return
				}
				begin(t)
				search, err := t.run(ctx, dir, plan)
				out <- outcome{t, search, err}
			}
		})
	}
	go func() {
		workers.Wait()
		close(out)
	}()
	return out
}

// run runs one search with an oracle and a source of its own.
func (t task) run(ctx context.Context, dir string, plan Plan) (Search, error) {
	if l := t.live(); l != nil {
		return l.search(ctx, dir, t, plan)
	}
	oracle, err := datasets.NewOracle(t.benchmark, plan.budget(t.method), plan.Label)
	if err != nil {
		return Search{}, err
	}
	oracle.WithContext(ctx)
	if err := t.method.Searcher.Search(oracle, NewRand(t.seed, t.benchmark.Name())); err != nil {
		return Search{}, err
	}
	if oracle.Remaining() > 0 {
		return Search{}, fmt.Errorf("the search ended after %d of %d queries without an error", len(oracle.Log()), oracle.Budget())
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, t.benchmark)
	if err != nil {
		return Search{}, err
	}
	search := Search{Seed: t.seed}
	for i, step := range report.Steps {
		if math.IsNaN(step.Val) || math.IsNaN(step.Test) == report.HasTest {
			return Search{}, fmt.Errorf("the table has validation accuracy %v and test accuracy %v for %v; HasTest is %t, so test accuracies have to be %s",
				step.Val, step.Test, step.Incumbent, report.HasTest, map[bool]string{true: "numbers", false: "NaN"}[report.HasTest])
		}
		next := Step{
			Val:     round(step.Val, 6),
			Test:    round(step.Test, 6),
			Regret:  round(step.Regret, 6),
			Seconds: round(oracle.Elapsed()[i].Seconds(), 4),
		}
		if oracle.HasCost() {
			next.Accuracy, next.Cost = step.Query.Accuracy, step.Query.Cost
		}
		search.Steps = append(search.Steps, next)
	}
	return search, nil
}

func round(x float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(x*scale)/scale + 0 // + 0 because there is a negative zero
}

// failures are searches that failed, in the order of their first, those of one reason together.
type failures struct {
	reasons []reason
	seeds   map[reason][]int
}

type reason struct {
	pair
	message string
}

func (f *failures) add(t task, err error) {
	why := reason{t.pair(), strings.ReplaceAll(err.Error(), "\n", "; ")}
	if f.seeds == nil {
		f.seeds = map[reason][]int{}
	}
	if f.seeds[why] == nil {
		f.reasons = append(f.reasons, why)
	}
	f.seeds[why] = append(f.seeds[why], t.seed)
}

func (f *failures) err() error {
	var errs []error
	for _, why := range f.reasons {
		seeds := f.seeds[why]
		which := fmt.Sprintf("seed %d", seeds[0])
		if len(seeds) > 1 {
			which += fmt.Sprintf(" and %d more", len(seeds)-1)
		}
		errs = append(errs, fmt.Errorf("experiment: %v, %s: %s", why.pair, which, why.message))
	}
	return errors.Join(errs...)
}

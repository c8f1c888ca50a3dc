package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cr-lso/cr-lso/crlso/internal/progressbar"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Item is one search of a plan, by the names of method and benchmark, so that it can be sent to
// another machine.
type Item struct {
	Method  string
	DataSet string
	Seed    int
}

// RunOn is [Run] on an engine, such as one that spreads searches over machines. The engine gets the
// searches whose results are not in the folder dir yet, calls [RunItem] for each, in any process
// that can write to that folder, and returns when all are done. If it is killed or returns early,
// what is finished stays, and the next call of RunOn, Run or [Load] finds it.
func RunOn(dir string, plan Plan, progress io.Writer, engine func(missing []Item) error) (*Results, error) {
	return complete(dir, plan, func(r *Results, missing []task) error {
		items := make([]Item, len(missing))
		for i, t := range missing {
			items[i] = t.item()
		}
		stop := countItems(dir, len(items), progress)
		stopped := engine(items)
		stop()
		if err := r.readUnfinished(dir); err != nil {
			return err
		}
		var failed failures
		finished, left := 0, 0
		for _, t := range missing {
			if r.has(t.pair(), t.seed) {
				finished++
				continue
			}
			_, failure := t.item().Files(dir)
			if cause, err := os.ReadFile(failure); err == nil {
				failed.add(t, errors.New(string(cause)))
			} else {
				left++
			}
		}
		switch {
		case stopped != nil || left == 0:
		case left == len(missing):
			stopped = fmt.Errorf("the engine has ended, and nothing has come back: workers do not write to this folder: %s", dir)
		default:
			stopped = errors.New("the engine has left the others")
		}
		if stopped != nil {
			stopped = fmt.Errorf("experiment: stopped after %d of %d searches: %w; run it again to go on", finished, len(missing), stopped)
		}
		return errors.Join(failed.err(), stopped, r.finish(dir))
	})
}

// RunItem runs one search of a plan for [RunOn], and leaves its result in the folder dir as soon as
// it is there. If that is there already it does nothing, as an engine that has lost a worker
// repeats what that has finished, too. A search that fails is tried again, three times in all; then
// RunItem leaves the cause for RunOn to report, so that one search does not stop the others. An
// error means that nothing was left: the plan lacks the item, ctx is done, or the folder cannot be
// written to.
func RunItem(ctx context.Context, dir string, plan Plan, item Item) error {
	t, err := plan.task(item)
	if err != nil {
		return err
	}
	result, failure := item.Files(dir)
	if _, err := os.Stat(result); err == nil {
		return nil
	}
	search, err := t.run(ctx, dir, plan)
	for attempt := 1; err != nil && ctx.Err() == nil && attempt < attempts; attempt++ {
		time.Sleep(pause)
		search, err = t.run(ctx, dir, plan)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("experiment: %v, seed %d: %w", t.pair(), t.seed, context.Cause(ctx))
	}
	if err != nil {
		return source.WriteFile(failure, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%v, %d times", err, attempts)
			return err
		})
	}
	d, err := plan.describe()
	if err != nil {
		return err
	}
	return source.WriteFile(result, func(w io.Writer) error {
		out := d.newWriter(w)
		d.writeSearches(out, t.pair(), search)
		out.Flush()
		return out.Error()
	})
}

// Causes outside of a search, such as a disk that is full or a network that is down, may be gone
// after a pause.
const (
	attempts = 3
	pause    = 200 * time.Millisecond
)

// task returns the search that an item is in this plan.
func (p Plan) task(item Item) (task, error) {
	for _, method := range p.Methods {
		for _, benchmark := range p.Benchmarks {
			t := task{method, benchmark, item.Seed}
			if t.item() == item {
				return t, nil
			}
		}
	}
	return task{}, fmt.Errorf("experiment: the worker's plan lacks %v; let workers run the same program as the one that sends items",
		pair{item.Method, item.DataSet})
}

func (t task) item() Item { return Item{t.method.Name, t.benchmark.Name(), t.seed} }

// Files returns the paths of what [RunItem] leaves of an item in the folder dir: its result or, if
// it has failed, why.
func (i Item) Files(dir string) (result, failure string) {
	path := filepath.Join(dir, unfinishedDir, i.name())
	return path + ".csv", path + ".txt"
}

// CheckFolder returns an error if what this process writes to dir does not come into the folder of
// [RunOn]: if that is not there, as with a worker on another machine or in a container, or cannot
// be written to. For workers, before they search.
func CheckFolder(dir string) error {
	_, err := os.Stat(filepath.Join(dir, planFile)) // RunOn has written it before it calls the engine
	if err == nil {
		probe := filepath.Join(dir, unfinishedDir, fmt.Sprintf(".probe.%x", rand.Uint64()))
		err = cmp.Or(os.MkdirAll(filepath.Dir(probe), 0o777), os.WriteFile(probe, nil, 0o666))
		os.Remove(probe)
	}
	if err == nil {
		return nil
	}
	host, _ := os.Hostname()
	return fmt.Errorf("experiment: workers do not write to this folder: %s, on %s: %w; give it to all workers under this path", dir, host, err)
}

// Journal returns the path of the journal that a search on a [Live] data set has in the folder of
// its experiment, for datasets.ReadJournal.
func (i Item) Journal(dir string) string { return filepath.Join(dir, journalsDir, i.name()+".jsonl") }

// name is that of an item's files.
func (i Item) name() string {
	return url.QueryEscape(i.Method) + "," + url.QueryEscape(i.DataSet) + "," + strconv.Itoa(i.Seed)
}

// countItems shows on a bar how many items workers have left, finished or failed, until it is told
// to stop.
func countItems(dir string, total int, progress io.Writer) (stop func()) {
	bar := progressbar.New(progress, "searches", total, 0)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer bar.Finish()
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				entries, _ := os.ReadDir(filepath.Join(dir, unfinishedDir)) // not there before the first item
				bar.Set(min(len(entries), total))
			}
		}
	}()
	return func() { close(done); <-stopped }
}

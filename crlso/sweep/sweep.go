package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/flink"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/samza"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/spark"
	"golang.org/x/sync/errgroup"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

// sweep is an experiment in names and numbers, as workers get it.
type sweep struct {
	Dir               string
	Methods, DataSets []string
	Seeds, Budget     int
	Bucket            bucket // "" where workers write to Dir
}

// run runs what is missing of the experiment on the runner that the flag -runner names, with a bar
// on progress, and returns all results.
func (s sweep) run(ctx context.Context, progress io.Writer) (*experiment.Results, error) {
	plan, err := s.plan()
	if err != nil {
		return nil, err
	}
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return nil, err
	}
	return experiment.RunOn(s.Dir, plan, progress, func(missing []experiment.Item) error { return s.jobs(ctx, missing) })
}

// jobs runs items by a job of the runner. A job that leaves some, as one that has lost a worker
// may, is followed by one of those, as long as each finishes something. Not all runners call it an
// error.
func (s sweep) jobs(ctx context.Context, items []experiment.Item) (err error) {
	if err := s.Bucket.fetch(ctx, s.Dir, items); err != nil { // a driver that was killed did not
		return err
	}
	defer func() { err = errors.Join(err, s.Bucket.clear(ctx, s.Dir, items)) }()
	for left := s.unfinished(items); len(left) > 0; {
		failure := s.job(ctx, left)
		if err := s.Bucket.fetch(ctx, s.Dir, left); err != nil {
			return err
		}
		rest := s.unfinished(left)
		if len(rest) == len(left) {
			return failure
		}
		left = rest
	}
	return nil
}

// unfinished returns the items of which workers have left nothing.
func (s sweep) unfinished(items []experiment.Item) []experiment.Item {
	return slices.DeleteFunc(slices.Clone(items), func(item experiment.Item) bool {
		result, failure := item.Files(s.Dir)
		_, noResult := os.Stat(result)
		_, noFailure := os.Stat(failure)
		return noResult == nil || noFailure == nil
	})
}

// job runs one job.
func (s sweep) job(ctx context.Context, items []experiment.Item) error {
	stop := s.Bucket.fetching(ctx, s.Dir, items)
	defer stop()
	return runPipeline(ctx, func(root beam.Scope) {
		spread := beam.Reshuffle(root, beam.CreateList(root, items)) // or all may stay with the worker that lists them
		beam.ParDo0(root, &searchFn{Sweep: s}, spread)
	})
}

// runPipeline runs a pipeline on the runner that the flag -runner names.
func runPipeline(ctx context.Context, build func(root beam.Scope)) error {
	pipeline, root := beam.NewPipelineWithRoot()
	build(root)
	*jobopts.Async = false
	if _, err := beam.Run(ctx, cmp.Or(*runners.Runner, "prism"), pipeline); err != nil {
		return cause(err)
	}
	return nil
}

// cause returns a runner's error in one line: what a worker said of the experiment, if it did, or
// all.
func cause(err error) error {
	if _, ours, ok := strings.Cut(err.Error(), "experiment: "); ok {
		line, _, _ := strings.Cut(ours, "\n")
		return errors.New(strings.TrimSpace(line))
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// searchFn is what workers do: it runs the search of each item.
//
// A runner gives a worker many items one after another, and several such series at once: Prism
// begins with all items in one series, and splits it up into eight at most, whatever the number of
// processors. So items of a series run at once here, and none is begun before a processor is free;
// the runner may give those that wait to other workers.
type searchFn struct {
	Sweep sweep

	plan    experiment.Plan
	running *errgroup.Group
}

func init() { beam.RegisterDoFn(&searchFn{}) }

// processors has room for as many searches as this process runs at once.
var processors = make(chan struct{}, runtime.GOMAXPROCS(0))

// Setup is called once before all series. It fails where no result would come back.
func (f *searchFn) Setup(ctx context.Context) (err error) {
	if f.Sweep.Bucket != "" {
		err = f.Sweep.Bucket.check(ctx)
	} else {
		err = experiment.CheckFolder(f.Sweep.Dir)
	}
	if err != nil {
		return err
	}
	f.plan, err = f.Sweep.plan()
	return err
}

// StartBundle begins a series.
func (f *searchFn) StartBundle() { f.running = new(errgroup.Group) }

// ProcessElement begins a search.
func (f *searchFn) ProcessElement(ctx context.Context, item experiment.Item) {
	processors <- struct{}{}
	f.running.Go(func() error {
		defer func() { <-processors }()
		if f.Sweep.Bucket != "" {
			return f.Sweep.Bucket.runItem(ctx, f.plan, item)
		}
		return experiment.RunItem(ctx, f.Sweep.Dir, f.plan, item)
	})
}

// FinishBundle ends a series when its searches have ended.
func (f *searchFn) FinishBundle() error { return f.running.Wait() }

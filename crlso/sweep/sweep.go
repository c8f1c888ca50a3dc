package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"
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
	return experiment.RunOn(s.Dir, plan, progress, func(missing []experiment.Item) error {
		pipeline, root := beam.NewPipelineWithRoot()
		items := beam.Reshuffle(root, beam.CreateList(root, missing)) // or all may stay with the worker that lists them
		beam.ParDo0(root, &searchFn{Sweep: s}, items)
		if _, err := beam.Run(ctx, cmp.Or(*runners.Runner, "prism"), pipeline); err != nil {
			return errors.New(strings.Join(strings.Fields(err.Error()), " ")) // Beam's have many lines
		}
		return nil
	})
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

// Setup is called once before all series.
func (f *searchFn) Setup() (err error) {
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
		return experiment.RunItem(ctx, f.Sweep.Dir, f.plan, item)
	})
}

// FinishBundle ends a series when its searches have ended.
func (f *searchFn) FinishBundle() error { return f.running.Wait() }

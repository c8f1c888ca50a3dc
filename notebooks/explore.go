package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/analognasbench"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/cr-lso/cr-lso/notebooks/explorer"
)

// explore makes a page of the latent spaces of some runs, on a benchmark or a space of one's own.
func explore(ctx context.Context, args []string) error {
	flags := newFlags("explore")
	out, own := flags.String("o", "", ""), flags.String("space", "", "")
	dirs, err := parseNames(flags, args)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return fmt.Errorf("explore takes the folder of a run, such as one that the quickstart leaves in runs")
	}
	if _, err := findProject(ctx); err != nil { // the page's program is compiled in it
		return err
	}
	on, err := backend.New()
	if err != nil {
		return err
	}
	var panels []explorer.Panel
	for _, dir := range dirs {
		config, space, err := runs.Read(dir)
		if err != nil {
			return err
		}
		var benchmark datasets.Benchmark
		if *own != "" {
			benchmark, err = newTold(*own, dir)
		} else {
			benchmark, err = benchmarkOf(ctx, dir, space, config)
		}
		if err != nil {
			return err
		}
		run, err := runs.Open(dir, on, benchmark.Space(), config)
		if err != nil {
			return err
		}
		panels = append(panels, explorer.Panel{Name: explorer.NameOf(config), Study: &runs.Study{Run: run, Benchmark: benchmark}})
	}
	if *out == "" {
		*out = explorer.File(panels...)
	}
	title := "Latent space of " + panels[0].Study.Benchmark.Name()
	if err := explorer.WriteFile(ctx, *out, title, panels...); err != nil {
		return err
	}
	fmt.Println(*out)
	return nil
}

// benchmarkOf returns the benchmark that a run is on, which the name of its folder depends on.
func benchmarkOf(ctx context.Context, dir, space string, config crlso.Config) (datasets.Benchmark, error) {
	var failures []error
	for _, open := range openers(ctx, space) {
		b, err := open()
		if err != nil { // its official file is not here
			failures = append(failures, err)
		} else if filepath.Base(runs.Dir("", b, config)) == filepath.Base(dir) {
			return b, nil
		}
	}
	err := fmt.Errorf("explore: %s is a run on %s, but the name of the folder fits none of this project's benchmarks: give it back its name; of a space of your own, name the file by -space, or call explorer.Show in the program that trained it",
		dir, space)
	return nil, errors.Join(append(failures, err)...)
}

// openers open the benchmarks of a space.
func openers(ctx context.Context, space string) (all []func() (datasets.Benchmark, error)) {
	add := func(open func() (datasets.Benchmark, error)) { all = append(all, open) }
	switch {
	case space == nasbench201.Space{}.Name():
		for _, name := range nasbench201.DataSets() {
			add(func() (datasets.Benchmark, error) { return nasbench201.Open(ctx, name, nil, os.Stderr) })
		}
		for _, name := range analognasbench.DataSets() {
			add(func() (datasets.Benchmark, error) { return analognasbench.Open(name) })
		}
	case space == nasbench301.Space{}.Name():
		add(func() (datasets.Benchmark, error) { return nasbench301.OpenStandIn() })
		for _, version := range nasbench301.Versions() {
			if nasbench301.Official(version).Present {
				add(func() (datasets.Benchmark, error) { return nasbench301.Open(ctx, version, "", os.Stderr) })
			}
		}
	case space == nasbenchgraph.Space{}.Name() || space == nasbenchgraph.Proteins().Name():
		for _, name := range nasbenchgraph.DataSets() {
			add(func() (datasets.Benchmark, error) { return nasbenchgraph.Open(name) })
		}
	case strings.HasPrefix(space, nasbench101.Space{}.Name()): // also a part of it
		for _, protocol := range nasbench101.Protocols() {
			add(func() (datasets.Benchmark, error) { return nasbench101.Open(ctx, protocol, nil, os.Stderr) })
		}
	}
	return all
}

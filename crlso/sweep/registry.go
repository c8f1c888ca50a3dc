package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/ensemble"
	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// A registry makes what workers are told by name. A process makes each but once, as tables are
// large and searchers keep what they have compiled.
type registry[T any] map[string]func() (T, error)

// methods are those of 05_search under the same names, but for those that need the latents of a
// model trained beforehand; and CR-LSO with each preset for NAS-Bench-201.
var methods = registry[search.Searcher]{
	"random search":    fixed(search.Random{}),
	"evolution 100/25": fixed(search.RegularizedEvolution{}),
	"evolution 10/5":   fixed(search.SmallEvolution()),
	"local search":     fixed(search.LocalSearch{}),
	"GP on edges":      fixed(search.GaussianProcess{}),
	"GP on paths":      fixed(search.GaussianProcess{Features: nasbench201.PathFeatures}),
	"BANANAS":          fixed(search.BANANAS{Encoding: nasbench201.PathEncoding}),
	"concave ensemble": sync.OnceValues(func() (search.Searcher, error) {
		backend, err := newBackend()
		return &ensemble.Ensemble{Backend: backend, Config: ensemble.Ensemble201()}, err
	}),
}

// dataSets are those of NAS-Bench-201.
var dataSets = registry[datasets.Benchmark]{}

func init() {
	for _, preset := range crlso.Presets() {
		if !strings.HasSuffix(preset, "201") {
			continue
		}
		methods["CR-LSO "+preset] = sync.OnceValues(func() (search.Searcher, error) {
			config, err := crlso.Preset(preset)
			if err != nil {
				return nil, err
			}
			backend, err := newBackend()
			return &crlso.Searcher{Backend: backend, Config: config}, err
		})
	}
	for _, name := range nasbench201.DataSets() {
		dataSets[name] = sync.OnceValues(func() (datasets.Benchmark, error) {
			return nasbench201.Open(context.Background(), name, nil, os.Stderr)
		})
	}
}

var newBackend = sync.OnceValues(backend.New)

func fixed(s search.Searcher) func() (search.Searcher, error) {
	return func() (search.Searcher, error) { return s, nil }
}

func (r registry[T]) names() []string { return slices.Sorted(maps.Keys(r)) }

func (r registry[T]) get(name string) (T, error) {
	value, ok := r[name]
	if !ok {
		var none T
		return none, fmt.Errorf("there is no %q, only %s", name, strings.Join(r.names(), ", "))
	}
	return value()
}

// plan returns the plan of a sweep.
func (s sweep) plan() (experiment.Plan, error) {
	p := experiment.Plan{Seeds: s.Seeds, Budget: s.Budget, Label: datasets.MeanLabel}
	for _, name := range s.Methods {
		searcher, err := methods.get(name)
		if err != nil {
			return p, fmt.Errorf("method: %w", err)
		}
		p.Methods = append(p.Methods, experiment.Method{Name: name, Searcher: searcher})
	}
	for _, name := range s.DataSets {
		benchmark, err := dataSets.get(name)
		if err != nil {
			return p, fmt.Errorf("data set: %w", err)
		}
		p.Benchmarks = append(p.Benchmarks, benchmark)
	}
	return p, nil
}

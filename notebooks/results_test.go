package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/analognasbench"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// seeds are those of the kept experiments that have another number than a hundred.
var seeds = map[string]int{"01_nas_bench_201": 20, "03_nas_bench_301_stand_in": 50, "08_hardware_aware": 10, "10_unseen_graph": 20, "10_unseen_proteins": 20}

// dear are how many seeds methods of 10_unseen have that take too long for more.
var dear = map[string]int{"assessor": 10, "BANANAS": 10, "concave ensemble": 10, "committee": 5}

// keptResults calls f with the experiments whose results are kept beside the notebooks.
func keptResults(t *testing.T, f func(folder string, r *experiment.Results)) {
	t.Helper()
	folders, err := filepath.Glob("results/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d folders of results, %v", len(folders), err)
	}
	for _, folder := range folders {
		r, err := experiment.Load(folder)
		if err != nil {
			t.Error(err)
			continue
		}
		f(folder, r)
	}
}

// Each kept experiment has all seeds of every method on every data set.
func TestResults(t *testing.T) {
	keptResults(t, func(folder string, r *experiment.Results) {
		name := filepath.Base(folder)
		if plan, err := os.ReadFile(filepath.Join(folder, "plan.json")); err != nil || bytes.Contains(plan, []byte(".cache")) {
			t.Errorf("%s: plan.json names a folder of the machine that it was made on, %v", folder, err)
		}
		for _, method := range r.Methods() {
			want := cmp.Or(seeds[name], 100)
			if strings.HasPrefix(name, "10_unseen") {
				want = cmp.Or(dear[method], want)
			}
			for _, dataSet := range r.DataSets() {
				if best, err := r.At(method, dataSet, experiment.Val, r.Budget()); err != nil || len(best) != want {
					t.Errorf("%s: %d seeds of %s on %s, want %d, %v", folder, len(best), method, dataSet, want, err)
				}
			}
		}
	})
}

// embedded returns the benchmarks of the embedded tables by name.
func embedded(t *testing.T) map[string]datasets.Benchmark {
	t.Helper()
	all := map[string]datasets.Benchmark{}
	add := func(b datasets.Benchmark, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all[b.Name()] = b
	}
	for _, name := range nasbenchgraph.DataSets() {
		add(nasbenchgraph.Open(name))
	}
	for _, name := range []string{"analog", "analog_30d", "noisy", "noisy_30d"} {
		add(analognasbench.Open(name))
	}
	for _, name := range nasbench201.DataSets() {
		add(nasbench201.Open(t.Context(), name, nil, nil))
	}
	table, err := nasbench201.Open(t.Context(), "cifar100", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	hardware, err := nasbench201.OpenHardware("cifar100")
	if err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{"edgegpu", "pixel3"} {
		add(hardware.On(table, device))
	}
	add(nasbench101.Open(t.Context(), "test-as-label", nil, nil))
	add(nasbench101.Open(t.Context(), "single-run", nil, nil))
	add(nasbench301.OpenStandIn())
	return all
}

// Whoever repeats a kept experiment gets its numbers: on the embedded tables the searches that take
// no time, from the same seeds, find what is kept, query by query, validation and test.
func TestEmbeddedTablesGiveTheKeptResults(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	tables, repeated := embedded(t), map[string]bool{}
	keptResults(t, func(folder string, r *experiment.Results) {
		for _, dataSet := range r.DataSets() {
			b := tables[dataSet]
			if b == nil {
				t.Fatalf("%s: no embedded table is %q", folder, dataSet)
			}
			if source := r.Source(dataSet); source != b.Source() {
				t.Errorf("%s: %s is from %q, the table is %q", folder, dataSet, source, b.Source())
			}
			for method, searcher := range repeatable {
				if slices.Contains(r.Methods(), method) {
					repeated[dataSet] = true
					for seed := range 2 {
						repeat(t, r, b, method, searcher, seed)
					}
				}
			}
		}
	})
	if len(repeated) != len(tables) {
		t.Errorf("repeated were %v of %d tables", repeated, len(tables))
	}
}

// repeatable are the methods whose searches take no time, and are the same on every processor.
var repeatable = map[string]search.Searcher{
	"random search":       search.Random{},
	"evolution 10/5":      search.SmallEvolution(),
	"evolution 100/25":    search.RegularizedEvolution{},
	"local search":        search.LocalSearch{},
	"Pareto local search": search.ParetoLocalSearch{Initial: 10},
	"NSGA-II":             search.NSGA2{Crossover: nasbench201.Crossover},
}

// repeat makes the search of one seed again.
func repeat(t *testing.T, r *experiment.Results, b datasets.Benchmark, method string, searcher search.Searcher, seed int) {
	t.Helper()
	oracle, err := datasets.NewOracle(b, r.Budget(), datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	if err := searcher.Search(oracle, experiment.NewRand(seed, b.Name())); err != nil {
		t.Fatal(err)
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, b)
	if err != nil {
		t.Fatal(err)
	}
	searches, err := r.Searches(method, b.Name())
	if err != nil || searches[seed].Seed != seed {
		t.Fatalf("%s: no kept search of seed %d, %v", method, seed, err)
	}
	rounded := func(x float64) string { return fmt.Sprintf("%.6f", x) }
	for i, kept := range searches[seed].Steps {
		step := report.Steps[i]
		if oracle.HasCost() && (step.Query.Accuracy != kept.Accuracy || step.Query.Cost != kept.Cost) {
			t.Fatalf("%s: seed %d on %s, query %d: %+v, kept is %+v", method, seed, b.Name(), i+1, step.Query, kept)
		}
		if rounded(step.Val) != rounded(kept.Val) || rounded(step.Test) != rounded(kept.Test) {
			t.Fatalf("%s: seed %d on %s, query %d: %v and %v, kept are %v and %v", method, seed, b.Name(), i+1,
				step.Val, step.Test, kept.Val, kept.Test)
		}
	}
}

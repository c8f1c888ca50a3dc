package experiment

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
)

// An engine that is stopped or killed half-way leaves what it has finished: whoever goes on, RunOn
// or Run, gets the missing items alone, and ends with the results of Run.
func TestRunOn(t *testing.T) {
	plan, whole, dir, killed := newPlan(), t.TempDir(), t.TempDir(), t.TempDir()
	plan.Methods[1].Name = "local/search, é" // names of files are made from it
	run(t, whole, plan)

	errBroken := errors.New("power cut")
	var first []Item
	_, err := RunOn(dir, plan, nil, func(missing []Item) error {
		first = missing[:len(missing)/2]
		runItems(t, dir, plan, first)
		if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		return errBroken
	})
	wantError(t, err, []string{"stopped after 12 of 24 searches", "power cut", "run it again"})
	if !errors.Is(err, errBroken) {
		t.Errorf("error %v does not wrap the engine's", err)
	}
	wantFiles(t, dir, ".lock", planFile, resultsFile)

	wantFiles(t, killed, ".lock", planFile, resultsFile, unfinishedDir)
	if r, err := Load(killed); err != nil || count(r) != len(first) {
		t.Errorf("%d searches in the folder of a killed run, %v, want %d", count(r), err, len(first))
	}
	run(t, killed, plan)

	var second []Item
	r, err := RunOn(dir, plan, nil, func(missing []Item) error {
		second = missing
		slices.Reverse(missing)
		runItems(t, dir, plan, missing)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 12 || len(second) != 12 || slices.ContainsFunc(second, func(i Item) bool { return slices.Contains(first, i) }) {
		t.Errorf("the engine was given %v, and then %v", first, second)
	}
	for _, dir := range []string{dir, killed} {
		if got, want := rows(t, dir), rows(t, whole); got != want {
			t.Errorf("it ends with\n%s\nwant\n%s", got, want)
		}
		wantFiles(t, dir, ".lock", planFile, resultsFile)
	}
	again, err := RunOn(dir, plan, nil, func([]Item) error { t.Error("searched again"); return nil })
	if err != nil || !reflect.DeepEqual(again.Methods(), r.Methods()) || count(again) != 24 {
		t.Errorf("%d searches, %v, want 24", count(again), err)
	}
}

// runItems runs items all at once.
func runItems(t *testing.T, dir string, plan Plan, items []Item) {
	var workers sync.WaitGroup
	for _, item := range items {
		workers.Go(func() {
			if err := RunItem(t.Context(), dir, plan, item); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
}

// An item that fails is tried again; one that goes on failing tells its cause and does not stop the
// others, and the next call tries it anew. One that was never run is missed.
func TestFailingItems(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	plan.Seeds, plan.Benchmarks = 2, plan.Benchmarks[:1]
	fails := func(call int64) error { return errMade }
	broken := newScripted(5, func(call int64) error { return fails(call) })
	flaky := newScripted(5, func(call int64) error {
		if call <= 2 {
			return errMade
		}
		return nil
	})
	plan.Methods = []Method{{Name: "broken", Searcher: broken}, {Name: "flaky", Searcher: flaky}, plan.Methods[0]}
	engine := func(missing []Item) error {
		for _, item := range missing {
			if item != (Item{"flaky", "with test", 1}) {
				runItems(t, dir, plan, []Item{item})
			}
		}
		return nil
	}
	var progress bytes.Buffer
	r, err := RunOn(dir, plan, &progress, engine)
	wantError(t, err,
		[]string{`"broken" on with test`, "seed 0 and 1 more", "no electricity; at all, 3 times"},
		[]string{"stopped after 3 of 6 searches", "the engine has left the others"})
	if !bytes.Contains(progress.Bytes(), []byte("/6)")) {
		t.Errorf("the progress bar is %q, want it to count 6 searches", &progress)
	}
	if flaky.calls.Load() != 3 || broken.calls.Load() != 6 || count(r) != 3 {
		t.Errorf("%d, %d calls and %d results, want 3, 6 and 3", flaky.calls.Load(), broken.calls.Load(), count(r))
	}
	wantFiles(t, dir, ".lock", planFile, resultsFile)

	fails = func(int64) error { return nil }
	if r, err := RunOn(dir, plan, nil, func(missing []Item) error { runItems(t, dir, plan, missing); return nil }); err != nil || count(r) != 6 {
		t.Errorf("%d results, %v, want 6", count(r), err)
	}
}

// RunItem returns an error where it can leave nothing.
func TestRunItemErrors(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	for _, item := range []Item{{"tabu search", "with test", 0}, {"evolution", "nowhere", 0}} {
		wantError(t, RunItem(t.Context(), dir, plan, item), []string{item.Method, item.DataSet, "same program"})
	}
	item := Item{"evolution", "with test", 3}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, RunItem(ctx, dir, plan, item), []string{"evolution", "seed 3", "canceled"})
	wantFiles(t, dir)
	writeFile(t, dir, unfinishedDir, "")
	wantError(t, RunItem(t.Context(), dir, plan, item), []string{filepath.Join(dir, unfinishedDir), "not a directory"})
}

// A worker repeats nothing that is done, and says before it searches if nobody would read what it
// writes. An engine that ends without a result has workers that do not.
func TestWorkers(t *testing.T) {
	dir, plan := t.TempDir(), newPlan()
	counting := newScripted(5, func(int64) error { return nil })
	plan.Seeds, plan.Benchmarks, plan.Methods = 2, plan.Benchmarks[:1], []Method{{Name: "counting", Searcher: counting}}
	elsewhere := t.TempDir()
	_, err := RunOn(dir, plan, nil, func(missing []Item) error {
		wantError(t, CheckFolder(elsewhere), []string{"workers do not write to this folder: " + elsewhere + ", on ", planFile})
		if err := CheckFolder(dir); err != nil {
			t.Error(err)
		}
		runItems(t, elsewhere, plan, missing)
		return nil
	})
	wantError(t, err, []string{"stopped after 0 of 2 searches", "workers do not write to this folder: " + dir})
	if _, err := RunOn(dir, plan, nil, func(missing []Item) error {
		runItems(t, dir, plan, missing)
		runItems(t, dir, plan, missing)
		return nil
	}); err != nil {
		t.Error(err)
	}
	if n := counting.calls.Load(); n != 4 {
		t.Errorf("%d searches, want 4", n)
	}
	wantFiles(t, elsewhere, unfinishedDir)

	writeFile(t, dir, unfinishedDir, "")
	wantError(t, CheckFolder(dir), []string{dir, "not a directory"})
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
)

// A run on a space of one's own has an explorer, which knows what the run has measured.
func TestExploreOwnSpace(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	space, err := datasets.NewChoices("my nets", datasets.Choice{Name: "depth", Options: []string{"2", "4", "8"}, Ordered: true},
		datasets.Choice{Name: "width", Options: []string{"8", "16", "32", "64"}, Ordered: true})
	if err != nil {
		t.Fatal(err)
	}
	file, dir := filepath.Join(t.TempDir(), "nets.json"), filepath.Join(t.TempDir(), "first")
	text, err := json.Marshal(space)
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	config := crlso.Tiny201()
	config.TrainingSet, config.InitialSet, config.Budget, config.TopK = 0, 5, 8, 2
	on, err := backend.New()
	if err != nil {
		t.Fatal(err)
	}
	run, err := runs.Open(dir, on, space, config)
	if err != nil {
		t.Fatal(err)
	}
	study := runs.Study{Run: run, Benchmark: searchtest.MadeUp(space)}
	if err := study.TrainAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := study.Searches(t.Context(), 1); err != nil {
		t.Fatal(err)
	}

	known, err := newTold(file, dir)
	if err != nil || len(known.accuracy) != config.Budget {
		t.Errorf("%d accuracies are known, %v, want %d", len(known.accuracy), err, config.Budget)
	}
	if err := explore(t.Context(), []string{dir}); err == nil || !strings.Contains(err.Error(), "-space") {
		t.Errorf("without the space: %v", err)
	}
	if err := explore(t.Context(), []string{dir, "-space", file}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "explorer.html")); err != nil || info.Size() < 1<<20 {
		t.Errorf("there is no page: %v", err)
	}
}

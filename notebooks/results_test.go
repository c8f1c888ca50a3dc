package main

import (
	"cmp"
	"path/filepath"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

// seeds are those of the kept experiments whose data set has another number than a hundred.
var seeds = map[string]int{"NAS-Bench-301 stand-in": 50}

// TestResults reads the experiments whose results are kept beside the notebooks: each has all seeds of every method on
// every data set.
func TestResults(t *testing.T) {
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
		for _, dataSet := range r.DataSets() {
			want := cmp.Or(seeds[dataSet], 100)
			for _, method := range r.Methods() {
				if best, err := r.At(method, dataSet, experiment.Val, r.Budget()); err != nil || len(best) != want {
					t.Errorf("%s: %d seeds of %s on %s, want %d, %v", folder, len(best), method, dataSet, want, err)
				}
			}
		}
	}
}

package main

import (
	"path/filepath"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

// TestResults reads the experiments whose results are kept beside the notebooks: each has a hundred seeds of every method on
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
			for _, method := range r.Methods() {
				if best, err := r.At(method, dataSet, experiment.Val, r.Budget()); err != nil || len(best) != 100 {
					t.Errorf("%s: %d seeds of %s on %s, %v", folder, len(best), method, dataSet, err)
				}
			}
		}
	}
}

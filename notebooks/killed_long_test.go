//go:build long

package main

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestTwoLaunchers runs one notebook twice at once into one folder, beside what a killed launcher
// has left there.
func TestTwoLaunchers(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for _, path := range []string{".passes.html.part-k2j_4b1x", ".passes_files.part-abcdefgh/new/01.png", ".passes.html.original"} {
		path = filepath.Join(out, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if stdout, stderr, status := result(t, launch(t, "run", "testdata/passes.ipynb", "-scale", "smoke", "-o", out)); status != 0 || stderr != "" {
				t.Errorf("exit status %d, standard error:\n%s\nstandard output:\n%s", status, stderr, stdout)
			}
		})
	}
	both.Wait()
	wantEntries(t, out, ".passes.html.original", "index.html", "passes.ipynb", "passes.html", "passes_files")
	wantEntries(t, filepath.Join(out, "passes_files"), "01_figure.png")
}

package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTryLock says who has a lock, as long as somebody has it.
func TestTryLock(t *testing.T) {
	t.Setenv("JPY_SESSION_NAME", "/home/ada/quickstart.ipynb")
	path := filepath.Join(t.TempDir(), "run", ".lock")
	unlock, _, err := TryLock(path)
	if err != nil || unlock == nil {
		t.Fatalf("a free lock cannot be taken: %v", err)
	}
	second, holder, err := TryLock(path)
	if want := fmt.Sprintf("process %d (quickstart.ipynb, on ", os.Getpid()); err != nil || second != nil || !strings.HasPrefix(holder, want) {
		t.Errorf("the lock is held by %q, want %q: %v", holder, want, err)
	}
	unlock()
	if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
		t.Errorf("the lock is free, but its file says %q: %v", text, err)
	}
	if unlock, _, err = TryLock(path); err != nil || unlock == nil {
		t.Fatalf("a lock that was given back cannot be taken: %v", err)
	}
	unlock()
}

// TestSweep removes what a killed WriteFile has left, and nothing of the user's.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".results.csv.1234567", ".results.csv.4f00ab19c2d3e4f5", ".results.csv.bad", ".results.csv.bak", ".notes.csv.123", "results.csv"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ours := func(name string) bool { return name == "results.csv" }
	if err := Sweep(dir, ours); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if got, want := strings.Join(left, " "), ".notes.csv.123 .results.csv.bad .results.csv.bak results.csv"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
	if err := Sweep(filepath.Join(dir, "nowhere"), ours); err != nil {
		t.Error(err)
	}
}

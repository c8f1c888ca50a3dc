package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOwnFolder(t *testing.T) {
	noexec, good := t.TempDir(), t.TempDir()
	file := filepath.Join(good, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	runs := func(folder string) bool { return filepath.Dir(folder) != noexec && runnable(folder) }
	own, err := ownFolder([]string{noexec, file, "", good}, runs)
	if err != nil || filepath.Dir(own) != good {
		t.Errorf("%s, %v, want a folder in %s", own, err, good)
	}
	if err := os.Remove(own); err != nil { // it is empty
		t.Error(err)
	}
	_, err = ownFolder([]string{noexec, file}, runs)
	if err == nil || !strings.Contains(err.Error(), noexec+", "+file) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("the error is %v", err)
	}
	if left, err := os.ReadDir(noexec); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

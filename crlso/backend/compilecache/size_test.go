//go:build !noxla && cgo && linux

package compilecache

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A search that compiles a program for each of its networks does not fill the disk: what was taken
// last stays, what was not for the longest time goes.
func TestCacheHasASize(t *testing.T) {
	defer func(before int64) { mostKept = before }(mostKept)
	dir, program := t.TempDir(), []byte("code")
	digest := sha256.Sum256(program)
	content := append(digest[:], program...)
	mostKept = int64(2 * len(content))
	for i, name := range []string{"a", "b", "c", "d"} { // b was taken last, then d, c, a
		file := filepath.Join(dir, strings.Repeat(name, 64))
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-time.Hour * time.Duration([]int{4, 1, 3, 2}[i]))
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	removeUnused(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, e := range entries {
		kept = append(kept, e.Name()[:1])
	}
	if want := []string{"b", "d"}; !slices.Equal(kept, want) {
		t.Errorf("kept are %q, want %q", kept, want)
	}
}

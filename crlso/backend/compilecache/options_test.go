//go:build !noxla && cgo && linux

package compilecache_test

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso/backend/compilecache"
)

// A plugin that does not know the option compiles all the same.
func TestUnknownOption(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	known := *compilecache.NoYNN
	defer func() { *compilecache.NoYNN = known }()
	*compilecache.NoYNN = "no_such_option"
	dir := t.TempDir()
	train(t, open(t, dir), 1)
	if len(files(t, dir)) == 0 {
		t.Error("no program was kept")
	}
}

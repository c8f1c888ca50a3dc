//go:build !noxla && cgo && linux

package testbed

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/backend/compilecache"
	"github.com/gomlx/compute"
)

func init() { Backends["xla"] = XLA }

var xla struct {
	once   sync.Once
	opened compute.Backend
	err    error
}

// XLA returns XLA on its CPU plugin, whatever the machine has, unless $GOMLX_BACKEND names another.
func XLA(t testing.TB) compute.Backend {
	t.Helper()
	xla.once.Do(func() {
		config := os.Getenv(compute.ConfigEnvVar)
		if !strings.HasPrefix(config, "xla") {
			config = "xla:" + Plugin(t)
		}
		xla.opened, xla.err = backend.Named(config)
	})
	if xla.opened == nil {
		t.Fatalf("XLA could not be opened: %v", xla.err)
	}
	return xla.opened
}

// Plugin returns the path of XLA's CPU plugin in the project's cache, and puts it there if need be.
func Plugin(t testing.TB) string {
	t.Helper()
	path, err := backend.PrepareCPUPlugin(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// EmptyProgramCache makes XLA keep its compiled programs in an empty folder while a test runs.
func EmptyProgramCache(t testing.TB) {
	t.Helper()
	path := Plugin(t)
	if err := compilecache.Open(path, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { backend.KeepPrograms(path) })
}

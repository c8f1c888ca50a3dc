//go:build !noxla && cgo && linux

package crlso

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/compilecache"
	"github.com/gomlx/compute"
)

// The tests of XLA run on its CPU plugin, whatever the machine has, unless $GOMLX_BACKEND names another.
func init() {
	var once sync.Once
	var backend compute.Backend
	testBackends["xla"] = func(t testing.TB) compute.Backend {
		once.Do(func() {
			var err error
			if config := os.Getenv(compute.ConfigEnvVar); strings.HasPrefix(config, "xla") {
				backend, err = namedBackend(config)
			} else {
				backend, err = newXLA(plugin(t))
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		if backend == nil {
			t.Fatal("XLA could not be opened")
		}
		return backend
	}
	emptyProgramCache = func(t testing.TB) {
		path := plugin(t)
		if err := compilecache.Open(path, t.TempDir()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { keepPrograms(path) })
	}
}

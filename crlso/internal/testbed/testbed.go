// Package testbed opens the backends that the tests of several packages compute on.
package testbed

import (
	"sync"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/gomlx/compute"
)

// Backends open the backends by their names, "go" and, where it is built in, "xla".
var Backends = map[string]func(t testing.TB) compute.Backend{"go": Go}

var portable = sync.OnceValues(func() (compute.Backend, error) { return backend.Named("go") })

// Go returns GoMLX's Go backend, which compiles nothing.
func Go(t testing.TB) compute.Backend {
	t.Helper()
	opened, err := portable()
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// OnBackends runs a test on every backend, side by side with other tests; with -short on the Go
// backend alone.
func OnBackends(t *testing.T, test func(t *testing.T, backend compute.Backend)) {
	t.Helper()
	t.Parallel()
	for name, open := range Backends {
		if testing.Short() && name != "go" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// Fastest returns XLA if it is built in, but with -short the Go backend.
func Fastest(t testing.TB) compute.Backend {
	t.Helper()
	if open, ok := Backends["xla"]; ok && !testing.Short() {
		return open(t)
	}
	return Go(t)
}

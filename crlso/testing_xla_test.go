//go:build !noxla && cgo && linux

package crlso

import (
	"sync"
	"testing"

	"github.com/gomlx/compute"
)

func init() {
	var once sync.Once
	var backend compute.Backend
	testBackends["xla"] = func(t testing.TB) compute.Backend {
		once.Do(func() {
			var err error
			if backend, err = newXLA(plugin(t)); err != nil {
				t.Fatal(err)
			}
		})
		if backend == nil {
			t.Fatal("XLA could not be opened")
		}
		return backend
	}
}

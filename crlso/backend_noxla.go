//go:build noxla || !cgo || !linux

package crlso

import (
	"context"
	"errors"
	"io"

	"github.com/gomlx/compute"
)

var errNoXLA = errors.New("this program was built without XLA: build it on Linux, with cgo and a C compiler, without the tag noxla")

func newXLA(string) (compute.Backend, error) { return nil, errNoXLA }

// PreparePlugin makes XLA's plugin ready. This build has no XLA, and it always fails.
func PreparePlugin(context.Context, io.Writer) (path string, err error) { return "", errNoXLA }

// client returns the backend, which serves all users.
func client(backend compute.Backend, n int) (compute.Backend, error) { return backend, nil }

//go:build noxla || !cgo || !linux

package backend

import (
	"context"
	"errors"
	"io"

	"github.com/gomlx/compute"
)

var errNoXLA = errors.New("this program was built without XLA, which takes Linux and a C compiler: install one (on Debian, `apt install gcc libc6-dev` as root) and unset CGO_ENABLED, or set " +
	compute.ConfigEnvVar + "=go to go on without this line")

func newXLA(string) (compute.Backend, error) { return nil, errNoXLA }

// PreparePlugin makes XLA's plugin ready. This build has no XLA, and it always fails.
func PreparePlugin(context.Context, io.Writer) (path string, err error) { return "", errNoXLA }

// PrepareCPUPlugin is PreparePlugin.
func PrepareCPUPlugin(context.Context, io.Writer) (path string, err error) { return "", errNoXLA }

// Try tries whether XLA ends the process that opens it. This build has no XLA.
func Try(context.Context) error { return nil }

// Client returns the backend, which serves all users.
func Client(backend compute.Backend, _ int) (compute.Backend, error) { return backend, nil }

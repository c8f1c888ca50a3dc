// Package backend finds the fastest hardware at hand for GoMLX and makes it ready: XLA's plugins
// for CPUs and NVIDIA cards, further clients of a plugin, and a pool of compiled programs. Below
// it, package compilecache keeps compiled programs between processes.
package backend

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// portable returns GoMLX's Go backend. Its default parallelism deadlocks on machines with few cores
// (github.com/gomlx/compute v0.1.2), so there is no limit unless the options set one. That is what
// the option parallelism=-1 does too, but it prints a line on standard output, among a cell's
// results.
func portable(options string) (compute.Backend, error) {
	backend, err := compute.NewWithConfig(strings.TrimSuffix(gobackend.BackendName+":"+options, ":"))
	if err != nil || strings.Contains(options, "parallelism") {
		return backend, err
	}
	workers := reflect.ValueOf(backend).Elem().FieldByName("Workers") // exported, of an internal type
	workers.MethodByName("SetMaxParallelism").Call([]reflect.Value{reflect.ValueOf(-1)})
	return backend, nil
}

// warning is for what New says, once in a process, when it cannot use the fastest hardware.
var warning sync.Once

// New returns the fastest backend at hand: the one that $GOMLX_BACKEND names if it is set, else XLA
// with the plugin that [PreparePlugin] made or that GoMLX finds by itself, else GoMLX's Go backend,
// several times slower, with one warning on standard error.
//
// Names are "xla", "xla:cpu", "xla:cuda", "xla:/path/to/plugin.so" and "go", with GoMLX's own
// options after them. It downloads nothing. The error is one line.
func New() (compute.Backend, error) {
	if config := os.Getenv(compute.ConfigEnvVar); config != "" {
		backend, err := Named(config)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", compute.ConfigEnvVar, config, err)
		}
		return backend, nil
	}
	backend, err := newXLA("")
	if err == nil {
		return backend, nil
	}
	warning.Do(func() {
		fmt.Fprintf(os.Stderr, "warning: computing without XLA, several times slower: %v\n", err)
	})
	return portable("")
}

// Named returns the backend of a name as [New] takes it from $GOMLX_BACKEND.
func Named(config string) (compute.Backend, error) {
	name, options, _ := strings.Cut(config, ":")
	switch name {
	case "xla", "stablehlo", "shlo", "hlo":
		return newXLA(options)
	case gobackend.BackendName:
		return portable(options)
	default:
		known := compute.List()
		slices.Sort(known)
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no such backend: set it to %s, or unset it", strings.Join(known, " or "))
		}
	}
	return compute.NewWithConfig(config)
}

// OnCPU reports whether a backend computes on the processors that Go uses too.
func OnCPU(backend compute.Backend) bool {
	xla, ok := backend.(interface{ IsCPU() bool })
	return !ok || xla.IsCPU()
}

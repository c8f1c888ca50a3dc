//go:build noxla || !cgo || !linux

package testbed

import "testing"

// EmptyProgramCache does nothing: no backend of this build keeps programs.
func EmptyProgramCache(testing.TB) {}

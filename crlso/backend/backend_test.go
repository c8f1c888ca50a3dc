package backend

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// wantComputes requires that the backend knows x^2 and its derivative 2x.
func wantComputes(t *testing.T, backend compute.Backend) {
	t.Helper()
	exec, err := NewExec(backend, func(x *Node) (*Node, *Node) {
		y := ReduceAllSum(Square(x))
		return y, Gradient(y, x)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call([]float32{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := outputs[0].Value().(float32); got != 14 {
		t.Errorf("the sum of squares is %v, want 14", got)
	}
	if got := outputs[1].Value().([]float32); got[0] != 2 || got[1] != 4 || got[2] != 6 {
		t.Errorf("its gradient is %v, want [2 4 6]", got)
	}
}

// stderrOf returns what f writes to standard error.
func stderrOf(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stderr := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = stderr }()
	f()
	written, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

// newBackendWarns requires that New warns once, with all of parts, however often it is called.
func newBackendWarns(t *testing.T, parts ...string) compute.Backend {
	t.Helper()
	warning = sync.Once{}
	var backend compute.Backend
	written := stderrOf(t, func() {
		for range 2 {
			var err error
			if backend, err = New(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if strings.Count(written, "\n") != 1 {
		t.Errorf("New wrote %q, want one line", written)
	}
	for _, part := range append(parts, "warning", "several times slower") {
		if !strings.Contains(written, part) {
			t.Errorf("warning %q lacks %q", written, part)
		}
	}
	return backend
}

func TestGoBackend(t *testing.T) {
	for _, config := range []string{"go", "go:ops_sequential", "go:parallelism=-1"} {
		t.Setenv(compute.ConfigEnvVar, config)
		backend, err := New()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(backend.Description(), "parallelism=-1") {
			t.Errorf("%s: %s", config, backend.Description())
		}
		wantComputes(t, backend)
	}
}

func TestBackendUnknown(t *testing.T) {
	for config, parts := range map[string][]string{
		"nonsense":       {"no such backend", "go"},
		"nonsense:cpu":   {"no such backend", "go"},
		"go:nonsense=1":  {"nonsense"},
		"go:parallelism": {"parallelism"},
	} {
		t.Setenv(compute.ConfigEnvVar, config)
		_, err := New()
		expect.ErrorLine(t, err, append(parts, compute.ConfigEnvVar+"="+config)...)
	}
}

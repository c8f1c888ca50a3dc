//go:build long && !noxla && cgo && linux

package compilecache_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestCacheOfTwoDevices is TestCache for programs that two devices run together.
func TestCacheOfTwoDevices(t *testing.T) {
	testCache(t, 2)
}

// TestCompiledOnce trains three models at the same time, as searches at once do, in a process in
// which XLA leaves a file for each program that it compiles: the program of training, which all
// three need, is compiled once, and no program uses YNNPACK.
func TestCompiledOnce(t *testing.T) {
	const inside = "CRLSO_TEST_COMPILED_ONCE"
	if os.Getenv(inside) != "" {
		backend := open(t, filepath.Join(t.TempDir(), "programs"))
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() { train(t, backend, 1) })
		}
		group.Wait()
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestCompiledOnce$")
	child.Env = append(os.Environ(), inside+"=1", "XLA_FLAGS=--xla_dump_to="+dir+" --xla_dump_hlo_as_text")
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*cpu_after_optimizations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	loops := 0
	for _, name := range names {
		program, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(program), " while(") {
			loops++
		}
		if strings.Contains(string(program), "ynn_fusion") {
			t.Errorf("%s has operations of YNNPACK", name)
		}
	}
	if loops != 1 {
		t.Errorf("%d of %d programs train, want 1", loops, len(names))
	}
}

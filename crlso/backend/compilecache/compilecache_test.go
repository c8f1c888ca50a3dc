//go:build !noxla && cgo && linux

package compilecache_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/backend/compilecache"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
)

// TestCache checks programs for one device; TestCacheOfTwoDevices takes longer.
func TestCache(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	testCache(t, 1)
}

// testCache trains a small model as every process of a notebook does, with an empty cache, with a
// full one, and with one of flipped bits, or for several devices of cut files. Losses must be the
// very same, and programs must be kept, taken, and replaced.
func testCache(t *testing.T, devices int) {
	dir := filepath.Join(t.TempDir(), "programs")
	backend := open(t, dir)
	want := train(t, backend, devices)
	kept := files(t, dir)
	if len(kept) == 0 {
		t.Fatal("no program was kept")
	}
	check := func(what string) {
		t.Helper()
		if got := train(t, backend, devices); !slices.Equal(got, want) {
			t.Errorf("%s: losses %v, want those without it, %v", what, got, want)
		}
	}

	const second = 1_000_000_000
	taken := time.Unix(second, 0)
	for file := range kept {
		if err := os.Chtimes(file, taken, taken); err != nil {
			t.Fatal(err)
		}
	}
	check("a full cache")
	newer := 0
	for file := range files(t, dir) {
		if info, err := os.Stat(file); err == nil && info.ModTime().After(taken) {
			newer++
		}
	}
	if newer == 0 {
		t.Error("nothing was taken from the cache")
	}

	damaged := make(map[string][]byte)
	for file, data := range kept {
		if devices == 1 {
			damaged[file] = bytes.Clone(data)
			damaged[file][len(data)/2] ^= 1
		} else {
			damaged[file] = data[:10]
		}
		if err := os.WriteFile(file, damaged[file], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check("a damaged cache")
	replaced := 0
	for file, data := range files(t, dir) {
		if bad := damaged[file]; bad != nil && !bytes.Equal(data, bad) {
			replaced++
		}
	}
	if replaced == 0 {
		t.Error("no damaged file was replaced")
	}
}

// TestCacheUnwritable compiles where no file can be made.
func TestCacheUnwritable(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	train(t, open(t, filepath.Join(file, "programs")), 1)
}

// TestUnused leaves a program that was taken this month, and deletes one that was not. What is no
// program stays.
func TestUnused(t *testing.T) {
	dir := t.TempDir()
	program := append(sum("code"), "code"...)
	young, old := filepath.Join(dir, strings.Repeat("a", 64)), filepath.Join(dir, strings.Repeat("b", 64))
	named, other := filepath.Join(dir, strings.Repeat("c", 64)), filepath.Join(dir, "thesis.tex")
	for _, file := range []struct {
		path    string
		content []byte
		age     time.Duration
	}{
		{young, program, 29 * 24 * time.Hour},
		{old, program, 31 * 24 * time.Hour},
		{named, []byte("the user's"), 31 * 24 * time.Hour},
		{other, program, 31 * 24 * time.Hour},
	} {
		if err := os.WriteFile(file.path, file.content, 0o644); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-file.age)
		if err := os.Chtimes(file.path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := compilecache.Open(plugin(t), dir); err != nil {
		t.Fatal(err)
	}
	if kept := files(t, dir); len(kept) != 3 || kept[old] != nil {
		t.Errorf("there are %d files, want all three but %s", len(kept), old)
	}
}

func sum(text string) []byte {
	digest := sha256.Sum256([]byte(text))
	return digest[:]
}

// TestOtherPlugin wants an error for a second plugin.
func TestOtherPlugin(t *testing.T) {
	if err := compilecache.Open(plugin(t), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := compilecache.Open(filepath.Join(t.TempDir(), "other.so"), t.TempDir()); err == nil {
		t.Error("another plugin has the cache of the first")
	}
}

// plugin is XLA's CPU plugin.
func plugin(t *testing.T) string {
	t.Helper()
	path, err := backend.PreparePlugin(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// open returns a backend of that plugin, with its cache in dir.
func open(t *testing.T, dir string) compute.Backend {
	t.Helper()
	path := plugin(t)
	t.Setenv(compute.ConfigEnvVar, "xla:"+path)
	backend, err := backend.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := compilecache.Open(path, dir); err != nil {
		t.Fatal(err)
	}
	return backend
}

// train returns the losses of a model after training, by programs that are compiled anew or taken
// from the cache.
func train(t *testing.T, backend compute.Backend, devices int) (losses []float64) {
	t.Helper()
	config := crlso.Released201()
	config.LatentDim, config.HiddenDim, config.EncoderLayers, config.ICNNWidth = 5, 24, 1, 12
	config.TrainingSet, config.Joint.Epochs, config.PerformanceWeight = 512, 2, 0
	m, err := crlso.NewModel(backend, nasbench201.Space{}, config)
	if err != nil {
		t.Fatal(err)
	}
	m.Devices = devices
	err = m.TrainJoint(t.Context(), nil, 0, func(e crlso.Epoch) error {
		for _, loss := range e.Losses {
			losses = append(losses, loss.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return losses
}

// files returns the content of all files in dir by their paths.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Join(dir, e.Name())] = append([]byte{}, data...)
	}
	return out
}

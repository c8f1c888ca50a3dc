//go:build !noxla && cgo && linux

package backend

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/cr-lso/cr-lso/crlso/backend/compilecache"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

// systemLib is where GoMLX installs plugins for all users.
var systemLib = "/usr/local/lib"

// hasNVIDIA reports whether the machine has an NVIDIA card.
var hasNVIDIA = installer.HasNvidiaGPU

// getsPlugin says how to get a plugin, here or in a program of the user's own that is started
// elsewhere.
func getsPlugin(what string) string {
	cache, err := source.CacheDir()
	if own, _ := source.UserCache(); err != nil || cache == own {
		return "call backend.PreparePlugin to get " + what + ", or set CRLSO_CACHE to the folder .cache of a clone whose notebooks have run"
	}
	return "run `go run ./notebooks run quickstart` to get " + what
}

// newXLA returns XLA with the plugin that config names: an absolute path, "cuda", "cpu", or "" for
// the best one that works, with a warning if there is a card and it cannot be used; then GoMLX's
// options, each after a comma.
//
// Plugins are given to GoMLX by their path only: its own search downloads, and panics at a broken
// file.
func newXLA(config string) (compute.Backend, error) {
	if os.Getenv(flagsVar) != "" && os.Getenv(tryVar) == "" { // XLA ends the process at a flag that it does not know
		if err := try(context.Background(), "xla:"+config); err != nil {
			return nil, err
		}
	}
	name, options, _ := strings.Cut(config, ",")
	if filepath.IsAbs(name) {
		return openPlugin(name, options)
	}
	names := []string{name}
	if name == "" {
		names = []string{"cpu"}
		if hasNVIDIA() {
			names = []string{"cuda", "cpu"}
		}
	}
	var failed error
	for _, name := range names {
		path, err := findPlugin(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		backend, err := openPlugin(path, options)
		if err == nil {
			if failed != nil {
				warning.Do(func() {
					fmt.Fprintf(os.Stderr, "warning: computing without the NVIDIA card, several times slower: %v\n", oneLine(failed))
				})
			}
			return backend, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, oneLine(failed)
}

// findPlugin returns the path of a plugin by its name. It looks in $PJRT_PLUGIN_LIBRARY_PATH, where
// PreparePlugin puts them, and where GoMLX installs them.
func findPlugin(name string) (path string, err error) {
	dirs := filepath.SplitList(os.Getenv(pjrt.PJRTPluginPathsEnv))
	var libs []string
	if cache, err := source.CacheDir(); err == nil {
		libs = append(libs, filepath.Join(cache, "xla"))
	}
	if home, err := installer.DefaultHomeLibPath(); err == nil {
		libs = append(libs, home)
	}
	for _, lib := range append(libs, systemLib) {
		dirs = append(dirs, filepath.Join(lib, "go-xla"), filepath.Join(lib, "go-xla", "nvidia"))
	}
	file := "pjrt_c_api_" + name + "_plugin.so"
	for _, dir := range dirs {
		path := filepath.Join(dir, file)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("there is no XLA plugin %s in %s or where GoMLX installs it: %s", file, dirs[0], getsPlugin("it"))
}

// openPlugin loads a plugin. The error names the file.
func openPlugin(path, options string) (backend compute.Backend, err error) {
	if err := checkLibrary(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no XLA plugin %s: %s", path, getsPlugin("one"))
	} else if err != nil {
		return nil, fmt.Errorf("the XLA plugin %s is broken: %w; delete it, then %s", path, err, getsPlugin("a good one"))
	}
	defer func() { // go-xla panics when a library is not the plugin that it says it is
		if r := recover(); r != nil {
			err = fmt.Errorf("go-xla panics: %v", r)
		}
		switch {
		case err != nil && options != "":
			backend, err = nil, fmt.Errorf("the XLA plugin %s does not work with the options %s: %w", path, options, oneLine(err))
		case err != nil:
			backend, err = nil, fmt.Errorf("the XLA plugin %s does not work here: %w; delete it, then %s", path, oneLine(err), getsPlugin("another"))
		}
	}()
	config := path
	switch { // go-xla takes a plugin for one of CUDA or of the CPU if a word anywhere in its path says so
	case filepath.Base(path) == cudaPlugin: // finds its libraries by its path, and so must stay there
		config += ",noshared_buffers"
	case pjrt.IsCUDAName(path), strings.Contains(path, ","):
		temp, err := os.MkdirTemp("", "crlso-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(temp)
		config = filepath.Join(temp, filepath.Base(path))
		if err := os.Symlink(path, config); err != nil {
			return nil, err
		}
	}
	if path == config {
		KeepPrograms(path)
	}
	if options != "" {
		config += "," + options
	}
	backend, err = xla.New(config)
	if err == nil {
		clients.Lock()
		defer clients.Unlock()
		clients.of[backend] = &clientsOf{path: path, options: options}
	}
	return backend, err
}

// clients holds, for each backend of newXLA, the further clients of its plugin.
var clients = struct {
	sync.Mutex
	of map[compute.Backend]*clientsOf
}{of: make(map[compute.Backend]*clientsOf)}

type clientsOf struct {
	path, options string
	sync.Mutex
	more []compute.Backend
}

// Client returns a backend for the nth user, n = 0, 1, ..., of those that compute at the same time:
// in turn the backend itself and, on a CPU, clients of the same plugin, as many as Go may use
// processors. One client of XLA's CPU plugin runs the programs that it gets at the same time one
// after another, however many processors are idle. A backend that is not from this package serves
// all.
func Client(backend compute.Backend, n int) (compute.Backend, error) {
	n %= runtime.GOMAXPROCS(0)
	if n == 0 || !OnCPU(backend) {
		return backend, nil
	}
	clients.Lock()
	c := clients.of[backend]
	clients.Unlock()
	if c == nil {
		return backend, nil
	}
	c.Lock()
	defer c.Unlock()
	for len(c.more) < n {
		another, err := openPlugin(c.path, c.options)
		if err != nil {
			return nil, err
		}
		c.more = append(c.more, another)
	}
	return c.more[n-1], nil
}

// KeepPrograms gives a plugin a cache of compiled programs. Where that fails they are compiled each
// time.
func KeepPrograms(plugin string) {
	if cache, err := source.OwnDir(); err == nil {
		compilecache.Open(plugin, filepath.Join(cache, "xla", "programs"))
	}
}

// checkLibrary finds out what loading the shared library at path would find out by crashing: that
// it was cut off, or is not a library for this machine, or not a PJRT plugin.
func checkLibrary(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	library, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("it is no complete shared library: %w", oneLine(err))
	}
	defer library.Close()
	for _, segment := range library.Progs {
		if end := segment.Off + segment.Filesz; end > uint64(info.Size()) {
			return fmt.Errorf("it has %d bytes and should have at least %d", info.Size(), end)
		}
	}
	symbols, err := library.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("it is no complete shared library: %w", err)
	}
	if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == pjrt.GetPJRTApiFunctionName }) {
		return fmt.Errorf("it does not export %s", pjrt.GetPJRTApiFunctionName)
	}
	return nil
}

// oneLine puts the message of err on one line.
func oneLine(err error) error {
	return errors.New(strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; "))
}

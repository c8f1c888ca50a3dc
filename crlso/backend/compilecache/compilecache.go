//go:build !noxla && cgo && linux

// Package compilecache keeps the programs that XLA's CPU plugin compiles, so that the next process,
// which may be the next cell of a notebook, need not compile them again. go-xla has no such cache,
// but takes a plugin's table of functions from whoever offers one: here the plugin's own, but for
// the function that compiles.
package compilecache

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "pjrt.h"
import "C"

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/go-xla/pjrt"
)

const (
	// worthKeeping is how long a program takes to compile at least, to be kept: most are quick.
	worthKeeping = 100 * time.Millisecond

	// unusedFor is how long a program is kept that nobody takes.
	unusedFor = 30 * 24 * time.Hour

	// sweepAfter is how many programs are written before the cache is cut to its size again.
	sweepAfter = 50
)

// mostKept is how many bytes all programs may have, about: a search that compiles a program for
// each network it trains would fill the disk.
var mostKept int64 = 512 << 20

// cache is that of the one plugin that this process has opened here.
var cache struct {
	sync.Mutex
	plugin string
	dir    string
	key    []byte // of all but the program: see environment
}

// Open makes go-xla use the plugin at path with a cache in dir, which is made when it is needed. If
// that plugin is open already, dir is where its programs come from henceforth. A process can have
// one plugin with a cache; the error for another says so, and go-xla can still open that one
// without.
//
// A program is kept under a digest of its code and options, of the plugin, the processor and XLA's
// flags, with a digest of itself, so whatever is not what it should be is compiled anew. Files that
// cannot be written are left out.
func Open(path, dir string) error {
	cache.Lock()
	defer cache.Unlock()
	if cache.plugin == path && cache.dir == dir {
		return nil
	}
	if cache.plugin != "" && cache.plugin != path {
		return fmt.Errorf("compile cache: it is that of %s already", cache.plugin)
	}
	if cache.plugin == "" {
		key, err := environment(path)
		if err != nil {
			return fmt.Errorf("compile cache: %w", err)
		}
		name := C.CString(path)
		defer C.free(unsafe.Pointer(name))
		table := C.wrap(name)
		if table == nil {
			return fmt.Errorf("compile cache: %s is no plugin that can write and read its programs", path)
		}
		if err := pjrt.RegisterPreloadedPlugin(path, uintptr(unsafe.Pointer(table))); err != nil {
			return fmt.Errorf("compile cache: %w", err)
		}
		cache.plugin, cache.key = path, key
	}
	cache.dir = dir
	removeUnused(dir)
	return nil
}

// environment is what the compiled form of a program depends on, apart from the program.
func environment(plugin string) ([]byte, error) {
	info, err := os.Stat(plugin)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	fmt.Fprintln(h, plugin, info.Size(), info.ModTime().UnixNano(), runtime.NumCPU(), os.Getenv(xlaFlags), noYNN)
	cpu, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(cpu)) {
		if strings.HasPrefix(line, "model name") || strings.HasPrefix(line, "flags") {
			io.WriteString(h, line)
		}
	}
	return h.Sum(nil), nil
}

// programName matches the files of fileOf.
var programName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// removeUnused deletes the programs in dir that nobody has taken for long, and those that were not
// taken for the longest time where all together are too large. Other files stay: what is a program
// has such a name and its digest.
func removeUnused(dir string) {
	entries, _ := os.ReadDir(dir)
	var programs []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && programName.MatchString(e.Name()) {
			programs = append(programs, info)
		}
	}
	slices.SortFunc(programs, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	size := int64(0)
	for _, info := range programs {
		size += info.Size()
		file := filepath.Join(dir, info.Name())
		if (size > mostKept || time.Since(info.ModTime()) > unusedFor) && read(file) != nil {
			os.Remove(file)
		}
	}
}

var written atomic.Int64 // programs, by this process

// compiling has a lock for each file: who needs a program that another goroutine compiles waits,
// and takes it from there.
var compiling sync.Map

// cached_compile stands for PJRT_Client_Compile.
//
//export cached_compile
func cached_compile(arguments unsafe.Pointer) unsafe.Pointer {
	args := (*C.PJRT_Client_Compile_Args)(arguments)
	file := fileOf(args)
	lock, _ := compiling.LoadOrStore(file, new(sync.Mutex))
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	if program := read(file); len(program) > 0 {
		args.executable = C.load(args.client, (*C.char)(unsafe.Pointer(&program[0])), C.size_t(len(program)))
		if args.executable != nil {
			now := time.Now()
			os.Chtimes(file, now, now)
			return nil
		}
	}
	began := time.Now()
	if err := compile(args); err != nil {
		return unsafe.Pointer(err)
	}
	if time.Since(began) >= worthKeeping {
		out := C.serialize(args.executable)
		if out.serialized_bytes != nil {
			write(file, unsafe.Slice((*byte)(unsafe.Pointer(out.serialized_bytes)), out.serialized_bytes_size))
		}
		C.free_serialized(&out)
		if written.Add(1)%sweepAfter == 0 {
			removeUnused(filepath.Dir(file))
		}
	}
	return nil
}

// fileOf names the file of a program.
func fileOf(args *C.PJRT_Client_Compile_Args) string {
	cache.Lock()
	dir, key := cache.dir, cache.key
	cache.Unlock()
	h := sha256.New()
	h.Write(key)
	part := func(data *C.char, size C.size_t) {
		fmt.Fprintln(h, size)
		h.Write(unsafe.Slice((*byte)(unsafe.Pointer(data)), size))
	}
	part(args.program.format, args.program.format_size)
	part(args.program.code, args.program.code_size)
	part(args.compile_options, args.compile_options_size)
	return filepath.Join(dir, fmt.Sprintf("%x", h.Sum(nil)))
}

// read returns the program in a file; nil if there is none, or it is not as it was written.
func read(file string) []byte {
	data, err := os.ReadFile(file)
	if err != nil || len(data) < sha256.Size {
		return nil
	}
	digest, program := data[:sha256.Size], data[sha256.Size:]
	if sum := sha256.Sum256(program); !bytes.Equal(digest, sum[:]) {
		return nil
	}
	return program
}

// write keeps a program, with its digest before it, where there is room for it.
func write(file string, program []byte) {
	source.WriteFile(file, func(w io.Writer) error {
		sum := sha256.Sum256(program)
		_, err := w.Write(append(sum[:], program...))
		return err
	})
}

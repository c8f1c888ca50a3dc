package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/cr-lso/cr-lso/crlso"
)

const (
	wantMemory = 2.0 // GB; training the released model takes about one, compiling it as much
	wantDisk   = 2.0 // GB; the Python environment, XLA's plugin and Go's build cache
)

// prepares is the advice for what is not there yet.
const prepares = "`go run ./notebooks run quickstart` gets it"

// doctor prints what notebooks would run with. What is broken becomes the error, with what to do about
// it; what will be slow is only said. It downloads and repairs nothing.
func doctor(ctx context.Context) error {
	p, err := findProject(ctx)
	if err != nil {
		return err
	}
	var broken []error
	var slow []string

	report("Go", "%s %s/%s", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS, runtime.GOARCH)
	report("GoMLX", "%s, compute %s, go-xla %s", p.module(ctx, "github.com/gomlx/gomlx"),
		p.module(ctx, "github.com/gomlx/compute"), p.module(ctx, "github.com/gomlx/go-xla"))

	_, err = p.ask(ctx, filepath.Join(p.cache, "bin", "gonb"), "-V")
	report("GoNB", "%s %s", p.module(ctx, "github.com/janpfeifer/gonb"), unready(err))

	version, err := p.ask(ctx, "python3", "-c", "import sys; print(sys.version.split()[0])")
	if err != nil {
		version = "missing"
	}
	report("Python", "%s", version)
	if _, err := p.ask(ctx, "python3", "-c", "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11, 2))"); err != nil {
		broken = append(broken, errors.New("Python: install Python 3.11.2 or later with its venv module (on Debian, `apt install python3-venv` as root), and put it first on PATH"))
	}

	jupyter, err := p.ask(ctx, filepath.Join(p.cache, "venv", "bin", "python"), "-I", "-c",
		"from importlib.metadata import version as v; print('JupyterLab', v('jupyterlab') + ', nbclient', v('nbclient'))")
	prepared := err == nil
	report("Jupyter", "%s%s", jupyter, unready(err))

	if backend, err := crlso.NewBackend(); err != nil {
		report("Backend", "broken")
		broken = append(broken, fmt.Errorf("backend: %w", err))
	} else {
		description := backend.Description()
		report("Backend", "%s, devices: %d", description, backend.NumDevices())
		if backend.Name() != "xla" {
			slow = append(slow, "training, several times: computed without XLA; "+prepares)
		} else if _, err := exec.LookPath("nvidia-smi"); err == nil && !strings.Contains(strings.ToLower(description), "cuda") {
			slow = append(slow, "training: there is an NVIDIA card, and the plugin for it is not used; "+prepares)
		}
		backend.Finalize()
	}

	cores := runtime.GOMAXPROCS(0)
	report("Processor", "%d of %d cores", cores, runtime.NumCPU())
	if cores < 2 {
		slow = append(slow, "everything: the times in the README are for two cores")
	}
	if free, total, err := memory(); err == nil {
		report("Memory", "%.1f of %.1f GB free", free, total)
		if free < wantMemory {
			slow = append(slow, fmt.Sprintf("training: %.1f GB of memory are free, and %.0f GB are wanted; close other programs", free, wantMemory))
		}
	}
	if free, err := disk(p.cache); err != nil {
		report("Cache", "%s, not writable", p.cache)
		broken = append(broken, fmt.Errorf("cache: %w; make that folder writable, or set CRLSO_CACHE to one that is", err))
	} else {
		report("Cache", "%s, %.1f GB free", p.cache, free)
		if free < wantDisk && !prepared {
			broken = append(broken, fmt.Errorf("cache: %.1f GB are free in %s, and the first set-up takes %.0f GB; free some space, or set CRLSO_CACHE to a folder on another disk", free, p.cache, wantDisk))
		}
	}
	for _, what := range slow {
		report("Slow", "%s", what)
	}
	return errors.Join(broken...)
}

func report(name, format string, args ...any) {
	fmt.Printf("%-10s %s\n", name, fmt.Sprintf(format, args...))
}

// ask returns what a program prints on standard output.
func (p *project) ask(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = p.root
	output, err := cmd.Output()
	return strings.TrimSpace(string(output)), err
}

// module returns the version of a module that go.mod names.
func (p *project) module(ctx context.Context, path string) string {
	version, err := p.ask(ctx, "go", "list", "-m", "-f", "{{.Version}}", path)
	if err != nil {
		return "of unknown version"
	}
	return version
}

func unready(err error) string {
	if err == nil {
		return ""
	}
	return "not ready yet; " + prepares
}

// memory returns the free and total memory in GB.
func memory() (free, total float64, err error) {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	var freeKB, totalKB, unused float64
	_, err = fmt.Fscanf(file, "MemTotal: %f kB\nMemFree: %f kB\nMemAvailable: %f kB\n", &totalKB, &unused, &freeKB)
	return freeKB / 1e6, totalKB / 1e6, err
}

// disk returns the free space in GB for files in the folder dir, which is made if it is missing.
func disk(dir string) (free float64, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	file, err := os.CreateTemp(dir, ".writable-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var stat syscall.Statfs_t
	if err := syscall.Fstatfs(int(file.Fd()), &stat); err != nil {
		return 0, err
	}
	return float64(stat.Bavail) * float64(stat.Bsize) / 1e9, nil
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
)

// check looks at one thing that notebooks need.
type check struct {
	name string
	look func(context.Context, *project) finding
}

// finding is what a check found.
type finding struct {
	found  string // what there is
	broken error  // what keeps notebooks from running, and what to do about it, in a line
	slow   string // what will be slow, and why
}

// checks are all that doctor looks at.
var checks = []check{
	{"Go", checkGo},
	{"GoMLX", checkGoMLX},
	{"Compiler", checkCompiler},
	{"GoNB", checkGoNB},
	{"Kernel", checkKernel},
	{"Python", checkPython},
	{"Jupyter", checkJupyter},
	{"Backend", checkBackend},
	{"Processor", checkProcessor},
	{"Memory", checkMemory},
	{"Cache", checkCache},
	{"Temporary", checkTemporary},
	{"Settings", checkSettings},
}

const (
	wantMemory = 2.0 // GB; training the released model takes about one, compiling it as much
	wantDisk   = 2.0 // GB; the Python environment, XLA's plugin and Go's build cache
)

// prepares is the advice for what is not there yet.
const prepares = "`go run ./notebooks run quickstart` gets it"

func checkGo(ctx context.Context, p *project) (f finding) {
	f.found = fmt.Sprintf("%s %s/%s", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS, runtime.GOARCH)
	work := p.goEnv(ctx, "GOWORK")
	if work == "" || work == "off" {
		return f
	}
	f.found += ", workspace " + work
	if modules, err := p.ask(ctx, "go", "list", "-m", "-f", "{{.Dir}}"); err != nil || !slices.Contains(strings.Fields(modules), p.root) {
		f.broken = fmt.Errorf("%s lies above the project and does not name it: run `go work use %s` there, or set GOWORK=off", work, p.root)
	}
	return f
}

func checkGoMLX(ctx context.Context, p *project) finding {
	return finding{found: fmt.Sprintf("%s, compute %s, go-xla %s", p.module(ctx, "github.com/gomlx/gomlx"),
		p.module(ctx, "github.com/gomlx/compute"), p.module(ctx, "github.com/gomlx/go-xla"))}
}

// checkCompiler finds out whether Go's programs get cgo, without which there is no XLA.
func checkCompiler(ctx context.Context, p *project) (f finding) {
	install := "install one (on Debian, `apt install gcc libc6-dev` as root)"
	without := fmt.Sprintf("; or set %s=go to go on without XLA, many times slower", compute.ConfigEnvVar)
	command := append(strings.Fields(p.goEnv(ctx, "CC")), "-x", "c", "-fsyntax-only", "-")
	compiler, err := exec.LookPath(command[0])
	f.found = compiler
	var said bytes.Buffer
	switch {
	case err != nil:
		f.found = "missing"
		f.broken = fmt.Errorf("there is no C compiler, and XLA needs one: %s%s", install, without)
	case p.goEnv(ctx, "CGO_ENABLED") != "1":
		f.found += ", turned off"
		f.broken = fmt.Errorf("CGO_ENABLED is not 1, and XLA needs cgo: unset it, or run `go env -u CGO_ENABLED`%s", without)
	default:
		cmd := exec.CommandContext(ctx, compiler, command[1:]...)
		cmd.Stdin, cmd.Stderr = strings.NewReader("#include <stdlib.h>\n"), &said
		if cmd.Run() != nil {
			f.found += ", does not work"
			f.broken = fmt.Errorf("the C compiler %s does not work (%s): %s%s", compiler, firstLine(said.String()), install, without)
		}
	}
	if backend, _, _ := strings.Cut(os.Getenv(compute.ConfigEnvVar), ":"); backend == "go" {
		f.broken = nil
	}
	return f
}

func checkGoNB(ctx context.Context, p *project) finding {
	_, err := p.ask(ctx, filepath.Join(p.tools(), "gonb"), "-V")
	return finding{found: strings.TrimSpace(p.module(ctx, "github.com/janpfeifer/gonb") + " " + unready(err))}
}

// checkKernel looks whether the kernel is registered for the user's own Jupyter, and still there.
func checkKernel(context.Context, *project) (f finding) {
	data, err := userData()
	if err != nil {
		return finding{found: err.Error()}
	}
	path := registered(data)
	spec, err := readKernel(path)
	switch {
	case err != nil:
		f.found = err.Error()
	case spec == nil:
		f.found = "for the launcher; `go run ./notebooks kernel` registers it for other front ends"
	default:
		f.found = "registered as " + path
		if !exists(spec.Argv[0]) {
			f.broken = fmt.Errorf("%s starts %s, which is gone: run `go run ./notebooks kernel` to register this project's, or with -remove to take it back", path, spec.Argv[0])
		}
	}
	return f
}

func checkPython(ctx context.Context, p *project) (f finding) {
	version, err := p.ask(ctx, "python3", "-Ic", "import sys; print(sys.version.split()[0])")
	if err != nil {
		version = "missing"
	}
	f.found = version
	if _, err := p.ask(ctx, "python3", "-Ic", "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11, 2))"); err != nil {
		f.broken = errors.New("install Python 3.11.2 or later with its venv module (on Debian, `apt install python3-venv` as root), and put it first on PATH")
	}
	return f
}

func checkJupyter(ctx context.Context, p *project) (f finding) {
	venv := filepath.Join(p.cache, "venv")
	foreign, fault := source.Foreign(venv), source.PipCheck(ctx, p.file("requirements.txt"))
	switch {
	case errors.As(foreign, new(*fs.PathError)): // which checkCache tells
		f.found = unready(fault)
	case foreign != nil:
		f.broken = foreign
	case errors.Is(fault, fs.ErrNotExist):
		f.found = unready(fault)
	case fault != nil:
		f.found = fmt.Sprintf("incomplete: %v; `go run ./notebooks run quickstart` makes it anew", fault)
	default:
		f.found, f.broken = p.ask(ctx, filepath.Join(venv, "bin", "python"), "-Ic",
			"from importlib.metadata import version as v; print('JupyterLab', v('jupyterlab') + ', nbclient', v('nbclient'))")
	}
	return f
}

func checkBackend(ctx context.Context, p *project) (f finding) {
	if f.broken = backend.Try(ctx); f.broken != nil {
		return f
	}
	backend, err := backend.New()
	if err != nil {
		f.broken = err
		return f
	}
	defer backend.Finalize()
	description := backend.Description()
	f.found = fmt.Sprintf("%s, devices: %d", description, backend.NumDevices())
	if backend.Name() != "xla" {
		f.slow = "training, several times: computed without XLA"
		switch {
		case os.Getenv(compute.ConfigEnvVar) != "":
			f.slow += ", as " + compute.ConfigEnvVar + " says"
		case checkCompiler(ctx, p).broken == nil:
			f.slow += "; " + prepares
		}
	} else if _, err := exec.LookPath("nvidia-smi"); err == nil && !strings.Contains(strings.ToLower(description), "cuda") {
		f.slow = "training: there is an NVIDIA card, and the plugin for it is not used; " + prepares
	}
	return f
}

// checkSettings lists what the user has set for other things, and what notebooks are kept from.
func checkSettings(ctx context.Context, p *project) (f finding) {
	unheeded := source.Unheeded()
	if flags := p.goEnv(ctx, "GOFLAGS"); strings.Contains(flags, "-mod") {
		unheeded = append(unheeded, "GOFLAGS="+flags)
	}
	if p.goEnv(ctx, "GOWORK") == "off" {
		unheeded = append(unheeded, "GOWORK=off")
	}
	for dir := os.TempDir(); ; dir = filepath.Dir(dir) {
		if file := filepath.Join(dir, "go.work"); exists(file) {
			unheeded = append(unheeded, file)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if f.found = "nothing in the way"; len(unheeded) > 0 {
		f.found = "notebooks do not heed " + strings.Join(unheeded, ", ")
	}
	return f
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ask returns what a program prints on standard output.
func (p *project) ask(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = p.root
	output, err := cmd.Output()
	return strings.TrimSpace(string(output)), err
}

// goEnv returns a setting of Go, "" if there is none.
func (p *project) goEnv(ctx context.Context, name string) string {
	output, _ := p.ask(ctx, "go", "env", "-json", name)
	var values map[string]string
	json.Unmarshal([]byte(output), &values)
	return values[name]
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

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

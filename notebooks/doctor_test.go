package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// looks runs one check in a project, on a machine with these variables.
func looks(t *testing.T, name string, env ...string) finding {
	t.Helper()
	for _, entry := range env {
		variable, value, _ := strings.Cut(entry, "=")
		t.Setenv(variable, value)
	}
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range checks {
		if check.name == name {
			return check.look(t.Context(), p)
		}
	}
	t.Fatalf("there is no check %s", name)
	return finding{}
}

// wantBroken requires that what is broken is said in one line with all parts.
func wantBroken(t *testing.T, f finding, parts ...string) {
	t.Helper()
	if f.broken == nil {
		t.Fatalf("it finds %+v, want an error with %q", f, parts)
	}
	if strings.Contains(f.broken.Error(), "\n") {
		t.Errorf("several lines: %v", f.broken)
	}
	wantLine(t, f.broken.Error(), parts...)
}

// writeTo makes a file and the folders that it is in.
func writeTo(t *testing.T, path, content string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDoctorFindsNoCompiler(t *testing.T) {
	for name, test := range map[string]struct {
		env  []string
		want []string
	}{
		"missing":         {[]string{"PATH=" + goOnly(t, "")}, []string{"there is no C compiler", "apt install gcc libc6-dev"}},
		"turned off":      {[]string{"CGO_ENABLED=0"}, []string{"CGO_ENABLED", "unset it", "go env -u CGO_ENABLED"}},
		"without headers": {[]string{"CC=false"}, []string{"false does not work", "apt install gcc libc6-dev"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantBroken(t, looks(t, "Compiler", append(test.env, "GOMLX_BACKEND=")...), append(test.want, "GOMLX_BACKEND=go", "many times slower")...)
			if f := looks(t, "Compiler", "GOMLX_BACKEND=go"); f.broken != nil {
				t.Errorf("who asks for no XLA needs none: %v", f.broken)
			}
		})
	}
	if f := looks(t, "Compiler", "GOMLX_BACKEND="); f.broken != nil || f.found == "" {
		t.Errorf("with one: %+v", f)
	}
}

// The launcher says so before anything that takes long.
func TestRunWithoutCompiler(t *testing.T) {
	cache, out := t.TempDir(), t.TempDir()
	cmd := launch(t, "run", "testdata/passes.ipynb", "-o", out)
	cmd.Env = append(cmd.Env, "CRLSO_CACHE="+cache, "CGO_ENABLED=0", "GOMLX_BACKEND=")
	wantFailure(t, cmd, "CGO_ENABLED", "GOMLX_BACKEND=go")
	wantEntries(t, out)
}

// A clone that was registered and then deleted leaves a kernel that cannot start.
func TestDoctorFindsKernelOfADeletedClone(t *testing.T) {
	data := t.TempDir()
	if f := looks(t, "Kernel", "JUPYTER_DATA_DIR="+data); f.broken != nil {
		t.Errorf("nothing is registered: %+v", f)
	}
	gone := filepath.Join(t.TempDir(), "gone")
	writeTo(t, registered(data), `{"argv": ["`+gone+`/bin/startkernel"], "metadata": {"crlso": {"project": "`+gone+`"}}}`)
	wantBroken(t, looks(t, "Kernel", "JUPYTER_DATA_DIR="+data), registered(data), gone, "go run ./notebooks kernel", "-remove")
	cmd := launch(t, "kernel", "-remove")
	cmd.Env = append(cmd.Env, "JUPYTER_DATA_DIR="+data)
	if stdout, stderr, status := result(t, cmd); status != 0 || !strings.Contains(stdout, "removed") {
		t.Errorf("exit status %d, %q, %q", status, stdout, stderr)
	}
}

func TestDoctorFindsNoexec(t *testing.T) {
	if f := looks(t, "Temporary"); f.broken != nil {
		t.Errorf("the tests run in %+v", f)
	}
	start := startIn
	defer func() { startIn = start }()
	noexec := t.TempDir()
	wantBroken(t, looks(t, "Temporary", "TMPDIR=/nowhere"), "/nowhere", "set TMPDIR and GOTMPDIR")
	startIn = func(ctx context.Context, dir string) error {
		if dir == noexec {
			return &fs.PathError{Op: "fork/exec", Path: dir, Err: syscall.EACCES}
		}
		return start(ctx, dir)
	}
	wantBroken(t, looks(t, "Temporary", "TMPDIR=", "GOTMPDIR="+noexec), noexec, "cannot be started", "set TMPDIR and GOTMPDIR")
	wantBroken(t, looks(t, "Temporary", "TMPDIR="+noexec, "GOTMPDIR="), noexec, "cannot be started", "set TMPDIR and GOTMPDIR")
}

func TestDoctorFindsFlagOfXLA(t *testing.T) {
	wantBroken(t, looks(t, "Backend", "GOMLX_BACKEND=", "XLA_FLAGS=--xla_nonsense"), "XLA_FLAGS=--xla_nonsense", "unset it")
}

func TestDoctorFindsVenv(t *testing.T) {
	cache := t.TempDir()
	venv := filepath.Join(cache, "venv")
	if f := looks(t, "Jupyter", "CRLSO_CACHE="+cache); f.broken != nil || !strings.Contains(f.found, "not ready yet") {
		t.Errorf("without one: %+v", f)
	}
	writeTo(t, filepath.Join(venv, "mine"), "")
	wantBroken(t, looks(t, "Jupyter"), venv, "move it away", "CRLSO_CACHE")

	// One of ours that has lost a package since.
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(t.TempDir(), "python3")
	writeTo(t, python, `#!/bin/sh
		case "$1 $2" in *version_info*) echo 3.11.2 True;; *"pip\", \"config"*) echo {};; esac
		case "$*" in *anyio==*) test -f "$0.lost" && echo "anyio is missing";; esac
		[ "$2" = venv ] && mkdir -p "$3/bin" && ln -s "$0" "$3/bin/python"; exit 0`)
	t.Setenv("PATH", filepath.Dir(python)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := os.RemoveAll(venv); err != nil {
		t.Fatal(err)
	}
	if err := source.PipInstall(t.Context(), p.file("requirements.txt"), os.Stderr); err != nil {
		t.Fatal(err)
	}
	writeTo(t, filepath.Join(venv, "bin", "python.lost"), "")
	if f := looks(t, "Jupyter"); !strings.Contains(f.found, "incomplete: anyio is missing") || !strings.Contains(f.found, "makes it anew") {
		t.Errorf("an incomplete one: %+v", f)
	}
}

func TestDoctorFindsWorkspaceAbove(t *testing.T) {
	root := t.TempDir()
	project := filepath.Join(root, "p")
	writeTo(t, filepath.Join(root, "go.work"), "go 1.26\n")
	writeTo(t, filepath.Join(project, "go.mod"), "module github.com/cr-lso/cr-lso\n\ngo 1.26\n")
	writeTo(t, filepath.Join(project, "notebooks", "execute.py"), "")
	t.Chdir(project)
	wantBroken(t, looks(t, "Go", "GOWORK=", "GOFLAGS="), filepath.Join(root, "go.work"), "go work use "+project, "GOWORK=off")
	if f := looks(t, "Go", "GOWORK=off"); f.broken != nil {
		t.Errorf("with GOWORK=off: %+v", f)
	}
	t.Setenv("GOWORK", "")
	if output, err := exec.Command("go", "work", "use", project).CombinedOutput(); err != nil {
		t.Fatal(string(output), err)
	}
	if f := looks(t, "Go"); f.broken != nil {
		t.Errorf("in the workspace: %+v", f)
	}
}

func TestDoctorNamesWhatIsNotHeeded(t *testing.T) {
	temp := t.TempDir()
	writeTo(t, filepath.Join(temp, "go.work"), "go 1.26\n")
	f := looks(t, "Settings", "TMPDIR="+filepath.Join(temp, "tmp"), "PIP_USER=1", "PIP_INDEX_URL=x", "PYTHONPATH=y", "GOFLAGS=-mod=mod", "GOWORK=off")
	for _, want := range []string{"PIP_USER", "PYTHONPATH", "GOFLAGS=-mod=mod", "GOWORK=off", filepath.Join(temp, "go.work")} {
		if !strings.Contains(f.found, want) {
			t.Errorf("%q lacks %s", f.found, want)
		}
	}
	if strings.Contains(f.found, "PIP_INDEX_URL") || f.broken != nil {
		t.Errorf("pip heeds its index: %+v", f)
	}
}

func TestDoctorFindsUnwritableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeTo(t, file, "")
	wantBroken(t, looks(t, "Cache", "CRLSO_CACHE="+filepath.Join(file, "cache")), file, "make that folder writable", "CRLSO_CACHE")
}

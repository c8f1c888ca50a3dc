//go:build long

package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFrontEndPapermill runs papermill's command line from a Python environment of somebody's own,
// which has nothing of the project, in a folder of their own, with the kernel that go run
// ./notebooks kernel has registered.
func TestFrontEndPapermill(t *testing.T) {
	f, home := newFrontEnd(t), t.TempDir()
	venv := filepath.Join(home, "venv")
	for _, cmd := range []*exec.Cmd{
		exec.CommandContext(t.Context(), f.python, "-I", "-m", "venv", venv),
		exec.CommandContext(t.Context(), filepath.Join(venv, "bin", "python"), "-I", "-m", "pip", "install", "-r", "requirements-papermill.txt"),
	} {
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	register := launch(t, "kernel")
	register.Env = append(register.Env, append(f.env[2:4], "HOME="+home, "XDG_DATA_HOME=", "JUPYTER_DATA_DIR=")...)
	if _, stderr, status := result(t, register); status != 0 {
		t.Fatal(stderr)
	}
	executed := filepath.Join(home, "executed.ipynb")
	cmd := exec.CommandContext(t.Context(), filepath.Join(venv, "bin", "papermill"), filepath.Join(working(t), "testdata", "passes.ipynb"), executed)
	cmd.Dir, cmd.Env = home, append(f.env, "HOME="+home)
	if _, stderr, status := result(t, cmd); status != 0 {
		t.Fatalf("papermill: exit status %d: %s", status, stderr)
	}
	if got, want := readNotebook(t, executed).printed("progress"), "written to "+filepath.Dir(home)+"\n"; !strings.HasSuffix(got, want) {
		t.Errorf("the notebook printed %q, want %q at the end", got, want)
	}
}

// TestFrontEndsTwoAtOnceOnOneRunFolder executes the quickstart with two nbconverts that began at
// the same time.
func TestFrontEndsTwoAtOnceOnOneRunFolder(t *testing.T) {
	f := newFrontEnd(t, "CRLSO_SCALE=smoke", "CRLSO_RUNS="+t.TempDir())
	path := filepath.Join(working(t), "quickstart.ipynb")
	executed := make(chan notebook, 2)
	t.Run("at once", func(t *testing.T) {
		for range cap(executed) {
			t.Run("nbconvert", func(t *testing.T) {
				t.Parallel()
				executed <- f.nbconvert(t, "/", path)
			})
		}
	})
	if t.Failed() {
		return
	}
	first, second := <-executed, <-executed
	for _, c := range first.Cells {
		one, other := withoutProgress(first.printed(c.ID)), withoutProgress(second.printed(c.ID))
		if one != other {
			t.Errorf("cell %s printed in one\n%s\nand in the other\n%s", c.ID, one, other)
		}
	}
	if first.printed("search") == "" {
		t.Error("the search printed nothing")
	}
}

// progress is what lines hold that a carriage return overwrites, and what one front end says that
// waits for the other.
var progress = regexp.MustCompile(`(?m)^.*\r|^waiting for process .*\n`)

func withoutProgress(text string) string { return progress.ReplaceAllString(text, "") }

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	out := t.TempDir()
	cmd := launch(t, "run", "testdata/passes.ipynb", "-scale", "smoke", "-o", out)
	emptyHome(t, cmd)
	stdout, stderr, status := result(t, cmd)
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d, standard error:\n%s\nstandard output:\n%s", status, stderr, stdout)
	}
	for _, want := range []string{"[1/3] Progress ...", "        20 of 20",
		"[3/3] Figure ... ", filepath.Join(out, "passes.ipynb"), filepath.Join(out, "passes.html"), "passes done in "} {
		wantLine(t, stdout, want)
	}
	wantEntries(t, out, "index.html", "passes.ipynb", "passes.html", "passes_files")
	wantEntries(t, filepath.Join(out, "passes_files"), "01_figure.png")

	executed := readNotebook(t, filepath.Join(out, "passes.ipynb"))
	if executed.Major != 4 || executed.Minor != 5 {
		t.Errorf("nbformat %d.%d, want 4.5", executed.Major, executed.Minor)
	}
	if got, want := executed.Meta.Executed, (execution{executed.digest(), "smoke"}); got != want {
		t.Errorf("the launcher notes %+v, want %+v", got, want)
	}
	if got, want := executed.printed("progress"), "20 of 20\nwritten to notebooks\n"; got != want {
		t.Errorf("the progress bar printed %q, want %q", got, want)
	}
	if got, want := executed.printed("settings"), "scale smoke\n"; got != want {
		t.Errorf("the settings are %q, want %q", got, want)
	}

	figure, err := os.ReadFile(filepath.Join(out, "passes_files", "01_figure.png"))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(figure))
	if err != nil {
		t.Fatal(err)
	}
	if gray := picture.(*image.Gray); gray.Bounds() != image.Rect(0, 0, 8, 8) || gray.GrayAt(3, 4).Y != 200 {
		t.Errorf("the figure is not the one that the notebook drew")
	}

	html, err := os.ReadFile(filepath.Join(out, "passes.html"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(html, []byte("data:image/png;base64,")) {
		t.Errorf("the HTML holds no picture")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(html, []byte(root)) {
		t.Errorf("the HTML holds the project's path")
	}
}

// Several of these pass in nbclient: GoNB reports them only on standard error.
func TestFailingCells(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	const fine = "!echo fine"
	tests := []struct {
		name, before, cell string
		want               string
	}{
		{"panic", "%%\nfmt.Println(\"fine\")", "// The bad one\n%%\nvar accuracies []float64\nfmt.Println(accuracies[3])", "panic: runtime error: index out of range [3] with length 0"},
		{"exit", fine, "%%\nfmt.Fprintln(os.Stderr, \"there is no data set cifar11\")\nos.Exit(1)", "exit status 1: there is no data set cifar11"},
		{"compiler", fine, "%%\nvar x int = 1", "line 2: declared and not used: x"},
		{"package", fine, "import \"github.com/cr-lso/nowhere\"\n%%\nnowhere.Go()", "nowhere"},
		{"shell", fine, "!ls missing-file", "shell command failed with exit status 2: ls: cannot access 'missing-file': No such file or directory"},
		{"script", fine, "%%bash\necho fine\nexit 3", "shell command failed with exit status 3"},
		{"command", fine, "%noautogett", "unknown command %noautogett"},
	}
	out := t.TempDir()
	args := []string{"run", "-o", out}
	var files []string
	for _, test := range tests {
		args = append(args, writeNotebook(t, test.name, test.before, test.cell, "%%\nfmt.Println(\"not reached\")"))
		files = append(files, test.name+".failed.ipynb")
	}
	stdout, stderr, status := result(t, launch(t, args...))
	if status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if lines := strings.Count(stderr, "\n"); lines != len(tests) {
		t.Errorf("%d lines for %d failures:\n%s", lines, len(tests), stderr)
	}
	for _, test := range tests {
		wantLine(t, stderr, test.name+".ipynb, cell 2 of 3", test.want, filepath.Join(out, test.name+".failed.ipynb"), test.name+".log")
		if got := readNotebook(t, filepath.Join(out, test.name+".failed.ipynb")).printed("1"); got != "fine\n" {
			t.Errorf("%s: the cell before printed %q in the saved notebook", test.name, got)
		}
	}
	if strings.Contains(stdout, "not reached") {
		t.Errorf("a cell after a failed one was executed")
	}
	wantEntries(t, out, files...)
}

// A shell line that succeeds may speak of an exit status.
func TestPassingCells(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	out := t.TempDir()
	path := writeNotebook(t, "fine", "!echo 'exit status 1 means failure' >&2", "%%\nfmt.Fprintln(os.Stderr, \"exit status 1\")")
	if stdout, stderr, status := result(t, launch(t, "run", path, "-o", out)); status != 0 {
		t.Errorf("exit status %d:\n%s%s", status, stdout, stderr)
	}
	wantEntries(t, out, "index.html", "fine.ipynb", "fine.html", "fine_files")
}

func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const training = `import "os/signal"
%%
stop := make(chan os.Signal, 1)
signal.Notify(stop, os.Interrupt)
fmt.Println("process", os.Getpid())
<-stop
if err := os.WriteFile("checkpoint", []byte("epoch 1"), 0o644); err != nil {
	panic(err)
}
os.Exit(1)`
	path, out := writeNotebook(t, "training", training), t.TempDir()
	cmd := launch(t, "run", path, "-o", out)
	var stdout, stderr lockedBuffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := regexp.MustCompile(`process \d+`)
	within(t, 5*time.Minute, "start of the training", func() bool { return started.MatchString(stdout.String()) })
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit status %d, want 1", cmd.ProcessState.ExitCode())
	}
	wantLine(t, stderr.String(), "training.ipynb, cell 1 of 1", "interrupted", "training.failed.ipynb")
	wantEntries(t, out, "training.failed.ipynb")
	if got := readNotebook(t, filepath.Join(out, "training.failed.ipynb")).printed("1"); !started.MatchString(got) {
		t.Errorf("the saved notebook has lost what the cell printed: %q", got)
	}
	if checkpoint, err := os.ReadFile(filepath.Join(filepath.Dir(path), "checkpoint")); err != nil || string(checkpoint) != "epoch 1" {
		t.Errorf("the training could not save its checkpoint: %q, %v", checkpoint, err)
	}
}

func TestInterruptPreparation(t *testing.T) {
	cache, out := t.TempDir(), t.TempDir()
	cmd := launch(t, "run", "testdata/passes.ipynb", "-o", out)
	cmd.Env = append(cmd.Env, "CRLSO_CACHE="+cache)
	var stdout, stderr lockedBuffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, time.Minute, "first step", func() bool { return strings.Contains(stdout.String(), "Python packages ...") })
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit status %d, want 1", cmd.ProcessState.ExitCode())
	}
	wantLine(t, stderr.String(), "interrupted", "Python packages", "run again")
	wantEntries(t, out)
}

// What the user has in the folder that -o names stays as it is.
func TestOutputOfTheUser(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	source := writeNotebook(t, "mine", "%%\nfmt.Println(\"fine\")")
	dir := filepath.Dir(source)
	wantFailure(t, launch(t, "run", source, "-o", dir), source, "the notebook itself", "-o")
	wantEntries(t, dir, "mine.ipynb")
	out := t.TempDir()
	users := filepath.Join(out, "mine_files", "photo.png")
	if err := os.Mkdir(filepath.Dir(users), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(users, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, launch(t, "run", source, "-o", out), filepath.Dir(users), "move it away", "-o")
	wantEntries(t, out, "mine_files")
	wantEntries(t, filepath.Dir(users), "photo.png")
}

// What the launcher wrote it replaces, and not what the user changed since.
func TestForeign(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	executed := fmt.Appendf(nil, `{"cells": [], "metadata": {"executed": {"code": "%x"}}, "nbformat": 4, "nbformat_minor": 5}`, sha256.Sum256(nil))
	changed := bytes.Replace(executed, []byte("[]"), []byte(`[{"id": "1", "cell_type": "code", "source": "", "metadata": {}, "outputs": [], "execution_count": null}]`), 1)
	args := []string{"-c", `import sys; sys.path.insert(0, "notebooks"); from export import *
for name in sys.argv[1:]: print(foreign(Path(name), Path(name)))`}
	var want []string
	for _, test := range []struct {
		files   map[string][]byte
		foreign string
	}{
		{nil, ""},
		{map[string][]byte{"a.ipynb": executed, "a.html": nil, "a_files/01.png": nil, "index.html": []byte("<h1>CR-LSO: notebooks</h1>")}, ""},
		{map[string][]byte{"b.ipynb": executed, "b.html": nil, "c.html": nil}, ""},
		{map[string][]byte{"a.ipynb": changed}, "a.ipynb"},
		{map[string][]byte{"a.ipynb": []byte("{}")}, "a.ipynb"},
		{map[string][]byte{"a.html": nil}, "a.html"},
		{map[string][]byte{"a_files/photo.png": nil}, "a_files"},
		{map[string][]byte{"a.ipynb": executed, "index.html": []byte("<h1>My pages</h1>")}, "index.html"},
	} {
		dir := t.TempDir()
		for name, content := range test.files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, filepath.Join(dir, "a.ipynb"))
		if test.foreign == "" {
			want = append(want, "None")
		} else {
			want = append(want, filepath.Join(dir, test.foreign))
		}
	}
	if got := strings.Fields(runPython(t, args...)); !slices.Equal(got, want) {
		t.Errorf("foreign are %q, want %q", got, want)
	}
}

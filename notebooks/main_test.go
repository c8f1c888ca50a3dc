package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// asCommand makes the test binary the command itself.
const asCommand = "CRLSO_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// launch returns the command go run ./notebooks with these arguments.
func launch(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it then stops what it has started
	return cmd
}

// result runs the command to its end.
func result(t testing.TB, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// wantFailure checks that the command fails with exit status 1 and one line that contains all
// parts.
func wantFailure(t *testing.T, cmd *exec.Cmd, parts ...string) {
	t.Helper()
	_, stderr, status := result(t, cmd)
	if status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	wantLine(t, stderr, parts...)
	if lines := strings.Count(stderr, "\n"); lines != 1 {
		t.Errorf("%d lines, want one:\n%s", lines, stderr)
	}
}

// wantLine checks that one line of text contains all parts.
func wantLine(t *testing.T, text string, parts ...string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			return
		}
	}
	t.Errorf("no line with all of %q in:\n%s", parts, text)
}

func wantEntries(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

// runPython runs the notebooks' Python in the project's folder, and returns all that it prints.
func runPython(t *testing.T, args ...string) string {
	t.Helper()
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	python, env, err := p.prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := p.child(t.Context(), env, os.Interrupt, python, args...)
	cmd.Stdout = nil
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return string(said)
}

// emptyHome gives cmd an empty $HOME, and checks at the end of the test that it has stayed so. Go's
// own files stay where they are.
func emptyHome(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.prepare(t.Context()); err != nil { // with the settings of pip in the real $HOME
		t.Fatal(err)
	}
	output, err := exec.Command("go", "env", "GOENV", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.Fields(string(output))
	home := t.TempDir()
	cmd.Env = append(cmd.Env, "HOME="+home, "GOENV="+kept[0], "GOCACHE="+kept[1], "GOMODCACHE="+kept[2])
	t.Cleanup(func() {
		err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
			if strings.HasSuffix(path, "/.config/go") { // Go's counters
				return fs.SkipDir
			}
			if err == nil && !entry.IsDir() {
				t.Errorf("left in $HOME: %s", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-h"}, {"help"}, {"--help"}} {
		stdout, stderr, status := result(t, launch(t, args...))
		if status != 0 || stderr != "" {
			t.Errorf("%q: exit status %d, standard error %q", args, status, stderr)
		}
		for _, name := range []string{"run", "lab", "site", "data", "doctor", "smoke|laptop|paper"} {
			if !strings.Contains(stdout, name) {
				t.Errorf("%q: the usage does not mention %s", args, name)
			}
		}
	}
}

// Who asks about a command reads about that command.
func TestUsageOfACommand(t *testing.T) {
	stdout, stderr, status := result(t, launch(t, "search", "-h"))
	if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "usage: go run ./notebooks search -space FILE") ||
		!strings.Contains(stdout, "-seed another search") || strings.Contains(stdout, "smoke|laptop") || strings.Contains(stdout, "doctor") {
		t.Errorf("exit status %d, standard error %q, output\n%s", status, stderr, stdout)
	}
}

func TestBadArguments(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		want []string
	}{
		{[]string{"runn"}, []string{`"runn"`, "run", "lab", "data", "doctor"}},
		{[]string{"run", "nowhere"}, []string{`"nowhere"`, "quickstart"}},
		{[]string{"run", "nowhere.ipynb"}, []string{`"nowhere.ipynb"`, "quickstart"}},
		{[]string{"run", "testdata/passes.ipynb", "-scale", "huge"}, []string{`"huge"`, "smoke, laptop, paper"}},
		{[]string{"run", "-epochs", "3"}, []string{"-epochs", "-scale", "-o"}},
		{[]string{"run", "testdata/passes.ipynb", "-o", filepath.Join(file, "out")}, []string{file, "-o"}},
		{[]string{"site", "quickstart"}, []string{"quickstart", "all notebooks"}},
		{[]string{"site", "-output", "x"}, []string{"-output", "-o"}},
		{[]string{"site", "-o", file}, []string{file, "not written by site", "-o"}},
		{[]string{"doctor", "now"}, []string{"now", "no arguments"}},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			wantFailure(t, launch(t, test.args...), test.want...)
		})
	}
}

// Who is nowhere near the project is told how to get there, and what works without.
func TestOutsideProject(t *testing.T) {
	outside := func(args ...string) *exec.Cmd {
		cmd := launch(t, args...)
		cmd.Dir = t.TempDir()
		return cmd
	}
	for _, args := range [][]string{{"run"}, {"lab"}, {"kernel"}, {"class"}, {"bench"}, {"doctor"}, {"explore", "RUN"}} {
		wantFailure(t, outside(args...), "not inside the project", "git clone https://", "search and data work anywhere", "notebooks@VERSION")
	}
	search := outside("search", "-space", "nas-bench-201", "-budget", "2", "-searcher", "random", "-out", "found", "--", "echo", "90")
	for _, cmd := range []*exec.Cmd{search, outside("data")} {
		if _, stderr, status := result(t, cmd); status != 0 || stderr != "" {
			t.Errorf("%q: exit status %d, standard error %q", cmd.Args, status, stderr)
		}
	}
}

// goOnly returns a PATH that finds go, and the shell script python3 if it is not empty.
func goOnly(t *testing.T, python3 string) string {
	t.Helper()
	dir := t.TempDir()
	path, err := exec.LookPath("go")
	if err == nil {
		err = os.Symlink(path, filepath.Join(dir, "go"))
	}
	if err == nil && python3 != "" {
		err = os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+python3), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWithoutPython(t *testing.T) {
	tests := []struct {
		name, python3 string
		want          []string // of run
		doctor        string
	}{
		{"none", "", []string{"no python3 on PATH"}, "missing"},
		{"too old", `case "$*" in *ensurepip*) exit 1;; *) echo 3.9.2 False;; esac`, []string{"3.9.2", "3.11.2"}, "3.9.2 False"},
		{"no venv", `
			case "$*" in
			*ensurepip*) exit 1;;
			-Ic*) echo 3.11.2 True;;
			*) echo 'You need to apt install python3.11-venv'; exit 1;;
			esac`, []string{"apt install python3.11-venv"}, "3.11.2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := t.TempDir()
			env := []string{"CRLSO_CACHE=" + t.TempDir(), "PATH=" + goOnly(t, test.python3), "GOMLX_BACKEND=go"}
			cmd := launch(t, "run", "testdata/passes.ipynb", "-o", out)
			cmd.Env = append(cmd.Env, env...)
			wantFailure(t, cmd, append(test.want, "Python")...)
			wantEntries(t, out)

			cmd = launch(t, "doctor")
			cmd.Env = append(cmd.Env, env...)
			stdout, stderr, status := result(t, cmd)
			if status != 1 {
				t.Errorf("doctor: exit status %d, want 1", status)
			}
			wantLine(t, stdout, "Python ", test.doctor)
			wantLine(t, stderr, "install Python 3.11.2", "python3-venv")
		})
	}
}

func TestUnwritableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", "testdata/passes.ipynb", "-o", t.TempDir()}, {"doctor"}} {
		cmd := launch(t, args...)
		cmd.Env = append(cmd.Env, "CRLSO_CACHE="+filepath.Join(file, "cache"), "GOMLX_BACKEND=go")
		wantFailure(t, cmd, file, "CRLSO_CACHE")
	}
}

func TestEmptyCache(t *testing.T) {
	cache := t.TempDir()
	for _, test := range []struct {
		command string
		want    [][]string
	}{
		{"doctor", [][]string{{"Go ", "linux"}, {"GoMLX", "v0."}, {"GoNB", "v0.", "not ready yet"}, {"Python", "3."},
			{"Jupyter", "not ready yet"}, {"Backend", "Go Portable"}, {"Processor", "cores"}, {"Memory", "GB free"},
			{"Cache", cache, "GB free"}, {"Slow", "without XLA"}}},
		{"data", [][]string{{"embedded NAS-Bench-201"}, {"embedded NAS-Bench-101"}, {"embedded NAS-Bench-301"}, {"missing:", cache}, {"to get:", "pip"}}},
		{"data -verify", [][]string{{"none of the official files is here"}}},
	} {
		cmd := launch(t, strings.Fields(test.command)...)
		cmd.Env = append(cmd.Env, "CRLSO_CACHE="+cache, "GOMLX_BACKEND=go")
		stdout, stderr, status := result(t, cmd)
		if status != 0 || stderr != "" {
			t.Errorf("%s: exit status %d, standard error %q", test.command, status, stderr)
		}
		for _, want := range test.want {
			wantLine(t, stdout, want...)
		}
		wantEntries(t, cache)
	}
}

// Whoever has an official file learns whether it agrees with what is embedded, and where not.
func TestVerify(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const name, path = "HW-NAS-Bench-v1_0.pickle", "nasbench201"
	for change, want := range map[string]string{"": "cifar100: agrees", "+ 1e-3": "cifar100: 1 architectures differ"} {
		cache := t.TempDir()
		writeHardware(t, filepath.Join(cache, path, name), change)
		cmd := launch(t, "data", "-verify")
		cmd.Env = append(cmd.Env, "CRLSO_CACHE="+cache)
		stdout, stderr, status := result(t, cmd)
		if (status == 0) != (change == "") {
			t.Errorf("exit status %d, standard error %q", status, stderr)
		}
		wantLine(t, stdout, name, want)
		wantLine(t, stdout, name, "cifar10: agrees")
		if change != "" {
			wantLine(t, stdout, "cell 12, |", "fpga_latency")
		}
		cmd = launch(t, "data")
		cmd.Env = append(cmd.Env, "CRLSO_CACHE="+cache)
		stdout, _, _ = result(t, cmd)
		wantLine(t, stdout, "present:", name)
	}
}

// writeHardware writes what is embedded of HW-NAS-Bench in the layout of the benchmark's own file,
// but for a change of one latency.
func writeHardware(t *testing.T, path, change string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	const script = `
import pickle, sys, zipfile, struct
space, devices = {}, ["edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"]
measures = [d + "_latency" for d in devices] + [d + "_energy" for d in ["edgegpu", "eyeriss", "fpga"]]
file = zipfile.ZipFile(sys.argv[2])
for name, key in ("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet16", "ImageNet16-120"):
    space[key] = {}
    for m in measures:
        content = file.read(f"{name}_{m}.npy")
        space[key][m] = [n / 100_000 for n in struct.unpack("<15625i", content[-4 * 15625:])]
space["cifar100"]["fpga_latency"][12] = space["cifar100"]["fpga_latency"][12] %s
pickle.dump({"nasbench201": space}, open(sys.argv[1], "wb"))
`
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	embedded := filepath.Join(p.root, nasbench201.EmbeddedHardware().Path)
	if out, err := exec.Command("python3", "-c", fmt.Sprintf(script, change), path, embedded).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestBrokenBackend(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	cmd := launch(t, "doctor")
	cmd.Env = append(cmd.Env, "GOMLX_BACKEND=abacus")
	wantFailure(t, cmd, "GOMLX_BACKEND=abacus")
}

// notebook is the part of nbformat 4.5 that the tests look at.
type notebook struct {
	Cells []cell `json:"cells"`
	Meta  struct {
		Kernel   kernelspec `json:"kernelspec"`
		Executed execution  `json:"executed"`
	} `json:"metadata"`
	Major int `json:"nbformat"`
	Minor int `json:"nbformat_minor"`
}

type kernelspec struct {
	DisplayName string `json:"display_name"`
	Language    string `json:"language"`
	Name        string `json:"name"`
}

// execution is what the launcher notes in a notebook that it has executed.
type execution struct {
	Code  string `json:"code"` // see digest
	Scale string `json:"scale"`
}

type cell struct {
	ID      string   `json:"id"`
	Type    string   `json:"cell_type"`
	Source  text     `json:"source"`
	Count   int      `json:"execution_count"`
	Outputs []output `json:"outputs"`
	Meta    struct {
		Tags    []string `json:"tags"`
		Jupyter struct {
			Hidden bool `json:"source_hidden"`
		} `json:"jupyter"`
	} `json:"metadata"`
}

type output struct {
	Type  string                     `json:"output_type"`
	Text  text                       `json:"text"`
	Data  map[string]json.RawMessage `json:"data"`
	Value string                     `json:"evalue"`
}

// text is a string that nbformat may keep as a list of lines.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var lines []string
	if err := json.Unmarshal(data, &lines); err == nil {
		*t = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

func readNotebook(t *testing.T, path string) notebook {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(content, &n); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

// printed returns what a notebook's cell of that id printed.
func (n notebook) printed(id string) string {
	var all text
	for _, c := range n.Cells {
		if c.ID == id {
			for _, o := range c.Outputs {
				all += o.Text
			}
		}
	}
	return string(all)
}

// writeNotebook makes a notebook of code cells, with the ids 1, 2, 3, and returns its path.
func writeNotebook(t *testing.T, name string, sources ...string) string {
	t.Helper()
	cells := []any{}
	for i, source := range sources {
		cells = append(cells, map[string]any{"id": fmt.Sprint(i + 1), "cell_type": "code", "source": source,
			"metadata": struct{}{}, "outputs": []any{}, "execution_count": nil})
	}
	content, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": struct{}{}, "cells": cells})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".ipynb")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// within polls until done returns true, and fails after some time.
func within(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, limit)
		}
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A version for a class has no solutions and no outputs, and is otherwise the page.
func TestClass(t *testing.T) {
	out := t.TempDir()
	stdout, stderr, status := result(t, launch(t, "class", "00_start", "-o", out))
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d, standard error %q", status, stderr)
	}
	path := filepath.Join(out, "00_start.ipynb")
	wantLine(t, stdout, path, "without 4 solutions")
	wantEntries(t, out, "00_start.ipynb")
	checkFormat(t, path)
	page, made := readNotebook(t, "00_start.ipynb"), readNotebook(t, path)
	page.Cells = slices.DeleteFunc(page.Cells, func(c cell) bool { return slices.Contains(c.Meta.Tags, "solution") })
	if len(page.Cells) != len(made.Cells) || made.Meta.Kernel != page.Meta.Kernel || made.Minor != page.Minor {
		t.Fatalf("%d cells, want %d; kernel %+v, nbformat 4.%d", len(made.Cells), len(page.Cells), made.Meta.Kernel, made.Minor)
	}
	for i, c := range made.Cells {
		if want := page.Cells[i]; c.ID != want.ID || c.Type != want.Type || c.Source != want.Source {
			t.Errorf("cell %d is %s, want %s as it was", i, c.ID, want.ID)
		}
		if len(c.Outputs) > 0 || c.Count != 0 {
			t.Errorf("cell %s has outputs, or the count %d", c.ID, c.Count)
		}
	}
	if made.Meta.Executed != (execution{}) {
		t.Errorf("it says that it was executed: %+v", made.Meta.Executed)
	}
}

// Solutions in words and those without a checker are left out as well.
func TestClassOfOtherSolutions(t *testing.T) {
	out := t.TempDir()
	stdout, stderr, status := result(t, launch(t, "class", "07_convexity_from_scratch", "-o", out))
	if status != 0 {
		t.Fatal(stderr)
	}
	wantLine(t, stdout, "without 7 solutions")
	for _, c := range readNotebook(t, filepath.Join(out, "07_convexity_from_scratch.ipynb")).Cells {
		if strings.Contains(string(c.Source), "<summary>Solution") || strings.HasPrefix(c.ID, "with-") {
			t.Errorf("cell %s is a solution", c.ID)
		}
		if c.ID == "exercises" && !strings.Contains(string(c.Source), "**2.**") {
			t.Errorf("the second question is gone: %s", c.Source)
		}
	}
}

// What is not known here stays.
func TestClassKeepsUnknownFields(t *testing.T) {
	path, out := filepath.Join(t.TempDir(), "own.ipynb"), t.TempDir()
	const before, after = `{
 "cells": [
  {
   "attachments": {
    "a.png": {}
   },
   "cell_type": "markdown",
   "id": "a",
   "metadata": {},
   "source": "1 < 2 & ü"
  }
 ],
 "metadata": {
`, `  "own": 12345678901234567890
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`
	if err := os.WriteFile(path, []byte(before+after), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := result(t, launch(t, "class", path, "-o", out)); status != 0 {
		t.Fatal(stderr)
	}
	made, err := os.ReadFile(filepath.Join(out, "own.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	rest, found := bytes.CutPrefix(made, []byte(before+`  "class": "`))
	if _, rest, _ := strings.Cut(string(rest), "\",\n"); !found || rest != after {
		t.Errorf("want the notebook with a mark, is\n%s", made)
	}
}

// Pages are made anew, also after a student has run them, and not once they have an answer; the
// others are.
func TestClassOfAStudent(t *testing.T) {
	out := t.TempDir()
	run := func() (stderr string, status int) {
		_, stderr, status = result(t, launch(t, "class", "00_start", "07_convexity_from_scratch", "-o", out))
		return stderr, status
	}
	if stderr, status := run(); status != 0 {
		t.Fatal(stderr)
	}
	path, other := filepath.Join(out, "00_start.ipynb"), filepath.Join(out, "07_convexity_from_scratch.ipynb")
	change := func(old, new string) {
		t.Helper()
		content, err := os.ReadFile(path)
		if err == nil && !bytes.Contains(content, []byte(old)) {
			t.Fatalf("%s is not in the page", old)
		}
		if err == nil {
			err = os.WriteFile(path, bytes.Replace(content, []byte(old), []byte(new), 1), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	change(`"execution_count": null`, `"execution_count": 1`)
	if stderr, status := run(); status != 0 {
		t.Fatal(stderr)
	}
	change("// your code", "incumbent := 0.0")
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, launch(t, "class", "00_start", "07_convexity_from_scratch", "-o", out), path, "changed since", "-o")
	wantEntries(t, out, "00_start.ipynb", "07_convexity_from_scratch.ipynb")
	wantFailure(t, launch(t, "class", "00_start", "-o", "."), "00_start.ipynb", "changed since", "-o")
	broken := filepath.Join(t.TempDir(), "broken.ipynb")
	if err := os.WriteFile(broken, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, launch(t, "class", broken, "-o", t.TempDir()), broken, "is no notebook")
}

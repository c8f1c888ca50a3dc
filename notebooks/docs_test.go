package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// digest is what execute.py notes of the code that it has executed: the SHA-256 of the sources of
// the code cells, each ended by a zero byte.
func (n notebook) digest() string {
	code := sha256.New()
	for _, c := range n.Cells {
		if c.Type == "code" {
			code.Write([]byte(c.Source + "\x00"))
		}
	}
	return fmt.Sprintf("%x", code.Sum(nil))
}

var (
	absolutePath = regexp.MustCompile(`(^|[\s"'(=])/(home|root|work|tmp|usr|Users|go)/\S`)
	timing       = regexp.MustCompile(`\b\d+(\.\d+)? ?(µs|ms|s|seconds|m\d+s|min|minutes|it/s)\b`)
	progressBar  = regexp.MustCompile(`\r|█|\x1b\[`)
	cellID       = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	randomID     = regexp.MustCompile(`^[0-9a-f]{8}(-|$)`) // those that Jupyter makes
)

// TestNotebooks checks the committed notebooks, whose outputs are those of a run at laptop scale.
func TestNotebooks(t *testing.T) {
	paths, err := filepath.Glob("*.ipynb")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	for _, path := range paths {
		t.Run(stem(path), func(t *testing.T) {
			checkFormat(t, path)
			n := readNotebook(t, path)
			if n.Major != 4 || n.Minor != 5 {
				t.Errorf("nbformat %d.%d, want 4.5", n.Major, n.Minor)
			}
			if want := (kernelspec{displayName, "go", kernelName}); n.Meta.Kernel != want {
				t.Errorf("kernel %+v, want %+v", n.Meta.Kernel, want)
			}
			if want := (execution{n.digest(), "laptop"}); n.Meta.Executed != want {
				t.Errorf("the outputs are of %+v, the code is %+v: run `go run ./notebooks run %s` and copy runs/notebooks/laptop/%s over it",
					n.Meta.Executed, want, stem(path), path)
			}
			checkCells(t, n.Cells)
		})
	}
}

// checkFormat checks that a notebook is written as the launcher writes it, so that a difference is
// one of content.
func checkFormat(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, want.Bytes()) {
		t.Error("it is not written with sorted keys, an indent of one space, no escapes and a final newline, as the launcher writes it")
	}
}

// maxCellLines is what a reader takes in at one sitting.
const maxCellLines = 30

func checkCells(t *testing.T, cells []cell) {
	t.Helper()
	count, ids := 0, map[string]bool{}
	for _, c := range cells {
		if ids[c.ID] || !cellID.MatchString(c.ID) || randomID.MatchString(c.ID) {
			t.Errorf("cell id %q is not a name of its own in small letters", c.ID)
		}
		ids[c.ID] = true
		if found := absolutePath.FindString(string(c.Source)); found != "" {
			t.Errorf("cell %s: an absolute path: %q", c.ID, found)
		}
		if c.Type != "code" {
			continue
		}
		if lines := 1 + strings.Count(string(c.Source), "\n"); lines > maxCellLines {
			t.Errorf("cell %s has %d lines, want %d at most: what a reader need not see belongs into a package", c.ID, lines, maxCellLines)
		}
		count++
		if c.Count != count {
			t.Errorf("cell %s: execution count %d, want %d", c.ID, c.Count, count)
		}
		for _, o := range c.Outputs {
			o.check(t, c.ID)
		}
	}
}

// check checks one output of the cell of that id.
func (o output) check(t *testing.T, id string) {
	t.Helper()
	if o.Type == "error" {
		t.Errorf("cell %s: error %s", id, o.Value)
	}
	texts := map[string]string{o.Type: string(o.Text)}
	for kind, data := range o.Data {
		var lines text
		if strings.HasPrefix(kind, "image/") {
			continue
		} else if json.Unmarshal(data, &lines) == nil {
			texts[kind] = string(lines)
		} else {
			texts[kind] = string(data)
		}
	}
	for kind, text := range texts {
		unwanted := map[string]*regexp.Regexp{"an absolute path": absolutePath}
		if kind == "stream" || kind == "text/plain" {
			unwanted["a timing"], unwanted["a progress bar"] = timing, progressBar
		}
		for what, pattern := range unwanted {
			if found := pattern.FindString(text); found != "" {
				t.Errorf("cell %s: the output (%s) holds %s: %q", id, kind, what, found)
			}
		}
	}
}

//go:build long || browser

package main

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exportAll exports the committed notebooks into a new folder.
func exportAll(t *testing.T) (dir string, names []string) {
	t.Helper()
	paths, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	var copies []string
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, path)
		if err := os.WriteFile(copied, content, 0o644); err != nil {
			t.Fatal(err)
		}
		names, copies = append(names, stem(path)), append(copies, copied)
	}
	exportPages(t, copies...)
	return dir, names
}

// exportPages writes the pages that go with notebooks.
func exportPages(t *testing.T, notebooks ...string) {
	t.Helper()
	runPython(t, append([]string{"notebooks/export.py"}, notebooks...)...)
}

// An exported page takes the explorers with it that its cells show, and says how to make one that
// is not there.
func TestExportedExplorers(t *testing.T) {
	t.Parallel()
	frame := func(run string) string {
		return strings.ReplaceAll(`<iframe class=\"explorer\" src=\"../runs/RUN/explorer.html\" title=\"Space\"></iframe><p><a href=\"../runs/RUN/explorer.html\">Space</a></p>`, "RUN", run)
	}
	cell := func(id, output string) string {
		return `{"cell_type": "code", "execution_count": 1, "id": "` + id + `", "metadata": {}, "source": "", "outputs": [
			{"output_type": "display_data", "metadata": {}, "data": {"text/html": "` + output + `"}}]}`
	}
	notebook := `{"cells": [` + cell("made", frame("one")) + "," + cell("lost", frame("two")) + `], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}`
	root := writeFiles(t, map[string]string{"pages/trial.ipynb": notebook, "runs/one/explorer.html": "the explorer"})
	exportPages(t, filepath.Join(root, "pages", "trial.ipynb"))
	page, err := os.ReadFile(filepath.Join(root, "pages", "trial.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<iframe class="explorer" src="trial_files/made.html"`, `<a href="trial_files/made.html"`, "go run ./notebooks explore runs/two"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(string(page), "two/explorer.html") || strings.Contains(string(page), root) {
		t.Error("the page leads to an explorer that is not there, or names a folder of this machine")
	}
	copied, err := os.ReadFile(filepath.Join(root, "pages", "trial_files", "made.html"))
	if err != nil || string(copied) != "the explorer" {
		t.Errorf("beside the page the explorer is %q, %v", copied, err)
	}
}

// explorerFrame is the frame of an explorer that is beside a page.
var explorerFrame = regexp.MustCompile(`^<iframe class="explorer"[^>]* src="([^"/]+)_files/([^"/]+)"`)

// TestExports checks that the pages ask for nothing over the network and that formulas are MathML,
// and that the index leads to them.
func TestExports(t *testing.T) {
	t.Parallel()
	dir, names := exportAll(t)
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	index := html.UnescapeString(read("index.html"))
	fetches := regexp.MustCompile(`<script[^>]*|<link[^>]*|<iframe[^>]*|(src|url)\b[=(]["']?(https?:)?//[^"')\s]*|@import[^;]*`)
	for _, name := range append(names, "index") {
		page := read(name + ".html")
		for _, found := range fetches.FindAllString(page, -1) {
			if own := explorerFrame.FindStringSubmatch(found); own == nil || own[1] != name || read(name+"_files/"+own[2]) == "" {
				t.Errorf("%s.html asks for %q", name, found)
			}
		}
		if found := regexp.MustCompile(`\$[^$\n]*\\\w+[^$\n]*\$`).FindString(page); found != "" {
			t.Errorf("%s.html holds a formula in LaTeX: %s", name, found)
		}
	}
	for _, name := range names {
		var formulas int
		for _, c := range readNotebook(t, name+".ipynb").Cells {
			if c.Type == "markdown" {
				formulas += strings.Count(string(c.Source), "$$") / 2
			}
		}
		if got := strings.Count(read(name+".html"), `display="block"`); got < formulas {
			t.Errorf("%s.html has %d formulas on lines of their own, want %d", name, got, formulas)
		}
		heading := regexp.MustCompile(`(?m)^# (.+)$`).FindStringSubmatch(string(readNotebook(t, name+".ipynb").Cells[0].Source))
		if heading == nil || !strings.Contains(index, `<h2><a href="`+name+`.html">`+heading[1]) {
			t.Errorf("the index has no entry for %s with its heading %q", name, heading)
		}
	}
	for _, picture := range regexp.MustCompile(`src="([^"]+)"`).FindAllStringSubmatch(index, -1) {
		if content := read(picture[1]); !strings.HasPrefix(content, "\x89PNG") {
			t.Errorf("the index shows %s, which is no picture", picture[1])
		}
	}
	if n := strings.Count(index, "<p>"); n < len(names) {
		t.Errorf("the index says what %d of %d notebooks claim:\n%s", n, len(names), index)
	}
}

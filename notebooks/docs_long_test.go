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
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	python, env, err := p.prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	args := []string{p.file("export.py")}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, path)
		if err := os.WriteFile(copied, content, 0o644); err != nil {
			t.Fatal(err)
		}
		names, args = append(names, stem(path)), append(args, copied)
	}
	cmd := p.child(t.Context(), env, os.Interrupt, python, args...)
	cmd.Stdout = nil
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return dir, names
}

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
		if found := fetches.FindAllString(page, -1); found != nil {
			t.Errorf("%s.html asks for %q", name, found)
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

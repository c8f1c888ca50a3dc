package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/notebooks/scale"
)

// writeFiles writes files below a folder of its own.
func writeFiles(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A dead link is named with its page, and so is what a page would fetch from elsewhere.
func TestLinks(t *testing.T) {
	sound := map[string]string{
		"index.html": `<h1 id="top">Top</h1> <a href="a/b.html#c%20d">b</a> <a href="#top">top</a>` +
			` <a href="https://arxiv.org/abs/2211.05950">paper</a> <img src="data:image/png;base64,AAAA"> <a href="mailto:a@b">`,
		"a/b.html": `<a id="c d"></a> <a href="../index.html?q=1">up</a> <img src="../pic%20ture.png">`, "pic ture.png": "",
	}
	faults := map[string]string{
		`<a href="a/c.html">`:                                  "leads nowhere",
		`<a href="a/">`:                                        "leads to a folder",
		`<a href="a/b.html#e">`:                                "names no element",
		`<a href="#bottom">`:                                   "names no element",
		`<img src="picture.png">`:                              "leads nowhere",
		`<img src="https://example.org/picture.png">`:          "the network",
		`<script src="//example.org/script.js">`:               "the network",
		`<link rel="stylesheet" href="https://example.org/a">`: "the network",
	}
	check := func(page string) (said string, err error) {
		files := map[string]string{"page.html": page}
		for name, content := range sound {
			files[name] = content
		}
		out, err := exec.Command("python3", "links.py", writeFiles(t, files)).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if said, err := check(""); said != "" || err != nil {
		t.Errorf("links that are sound: %v, %q", err, said)
	}
	for page, want := range faults {
		link := strings.Split(page[strings.LastIndex(page, `="`)+2:], `"`)[0]
		said, err := check(page)
		if err == nil || !strings.HasPrefix(said, "page.html: "+link+" ") || !strings.Contains(said, want) || strings.Contains(said, "\n") {
			t.Errorf("%s: %v, %q, want page.html: %s ... %s", page, err, said, link, want)
		}
	}
}

// What site wrote it replaces, and nothing else.
func TestSiteFolder(t *testing.T) {
	if err := siteFolder(filepath.Join(t.TempDir(), "missing")); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := siteFolder(t.TempDir()); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	made := writeFiles(t, map[string]string{"index.html": "made", "a/b.html": "here"})
	if err := siteFolder(made); err == nil {
		t.Error("files without a list are taken for those of site")
	}
	if err := writeSums(made); err != nil {
		t.Fatal(err)
	}
	if err := siteFolder(made); err != nil {
		t.Errorf("as site wrote it: %v", err)
	}
	for name, content := range map[string]string{"a/mine.txt": "mine", "a/b.html": "changed"} {
		if err := os.WriteFile(filepath.Join(made, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		wantFailure(t, launch(t, "site", "-o", made), filepath.Join(made, name), "not written by site", "-o")
		if got, err := os.ReadFile(filepath.Join(made, name)); err != nil || string(got) != content {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
		if err := os.Remove(filepath.Join(made, name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("sh", "-c", `cd "$1" && grep index SHA256SUMS | sha256sum -c`, "sh", made).CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v: %s", err, out)
	}
}

// A site that cannot be made leaves the one that is there, and nothing of its own.
func TestReplaceFolder(t *testing.T) {
	parent := writeFiles(t, map[string]string{"site/index.html": "old"})
	dir, page := filepath.Join(parent, "site"), filepath.Join(parent, "site", "index.html")
	broken := errors.New("broken")
	write := func(err error) func(string) error {
		return func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "index.html"), []byte("new"), 0o644), err)
		}
	}
	for _, test := range []struct {
		fails error
		want  string
	}{{broken, "old"}, {nil, "new"}} {
		if err := replaceFolder(dir, write(test.fails)); !errors.Is(err, test.fails) {
			t.Errorf("the error is %v, want %v", err, test.fails)
		}
		if got, err := os.ReadFile(page); err != nil || string(got) != test.want {
			t.Errorf("the page is %q, %v, want %q", got, err, test.want)
		}
		wantEntries(t, parent, "site")
	}
	below := filepath.Join(parent, "new", "folder")
	if err := replaceFolder(below, write(nil)); err != nil {
		t.Fatal(err)
	}
	wantEntries(t, below, "index.html")
}

// A site shows the explorers that are there, also if the quickstart's run is not far enough for
// one.
func TestExplorersOfSite(t *testing.T) {
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	config := scale.Config201()
	config.Seed = 1
	folder := writeFiles(t, map[string]string{"mine/explorer.html": "", "other/run.json": "{}"})
	begun := runs.Dir(folder, table, config)
	if err := os.Mkdir(begun, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CRLSO_RUNS", folder)
	found, err := p.explorers(t.Context())
	if want := []string{filepath.Join(folder, "mine", "explorer.html")}; err != nil || !slices.Equal(found, want) {
		t.Errorf("explorers are %q, %v, want %q", found, err, want)
	}
	wantEntries(t, begun)
}

// A page folds solutions with what they print, and what the author folds.
func TestFolded(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const script = `import sys; sys.path.insert(0, "notebooks"); from export import *; from nbformat.v4 import *
answer = new_markdown_cell("<details><summary>Answer</summary>\n\n**yes**\n\n</details>")
printed = [new_output("stream", name="stdout", text="42")]
hidden = new_code_cell("a", outputs=printed, metadata={"jupyter": {"source_hidden": True}})
print(Page().from_notebook_node(new_notebook(cells=[answer, hidden, new_code_cell("b", outputs=printed)]))[0])`
	page := runPython(t, "-c", script)
	for pattern, want := range map[string]int{
		`<details><summary>Answer</summary>\s*<p><strong>yes</strong></p>\s*</details>`:           1,
		`(?s)<details class="solution"><summary>Solution</summary>.*<pre>42\s*</pre>.*</details>`: 1,
		`<pre>42\s*</pre>`: 2,
		`<details`:         2,
	} {
		if found := regexp.MustCompile(pattern).FindAllStringIndex(page, -1); len(found) != want {
			t.Errorf("the page has %s %d times, want %d", pattern, len(found), want)
		}
	}
}

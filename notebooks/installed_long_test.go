//go:build long

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// asVersion is the version that the project has in the test.
var asVersion = module.Version{Path: "github.com/cr-lso/cr-lso", Version: "v0.1.0"}

// projectFile is a file of the project for a module's zip.
type projectFile struct{ root, path string }

func (f projectFile) Path() string                 { return f.path }
func (f projectFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f projectFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }

// publish makes a folder from which go gets the project as a version, as from a module proxy.
func publish(t *testing.T, root string) (proxy string) {
	t.Helper()
	listed, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []zip.File
	for path := range strings.SplitSeq(strings.TrimSuffix(string(listed), "\x00"), "\x00") {
		files = append(files, projectFile{root, path})
	}
	proxy = t.TempDir()
	base := filepath.Join(proxy, asVersion.Path, "@v", asVersion.Version)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	writeTo(t, filepath.Join(filepath.Dir(base), "list"), asVersion.Version+"\n")
	writeTo(t, base+".mod", string(mod))
	writeTo(t, base+".info", `{"Version": "`+asVersion.Version+`"}`)
	archive, err := os.Create(base + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := zip.Create(archive, asVersion, files); err != nil { // checks what a version may hold, and how much
		t.Fatal(err)
	}
	return proxy
}

// install installs the launcher as a user does who has no clone, and returns its path and an
// environment of an empty home to start it in.
func install(t *testing.T, p *project) (launcher string, env []string) {
	t.Helper()
	output, err := exec.Command("go", "env", "GOPROXY", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.Fields(string(output))
	home := t.TempDir()
	env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "GOBIN="+home, "GOCACHE="+kept[1], "GOMODCACHE="+filepath.Join(home, "mod"),
		"GOPROXY=file://"+publish(t, p.root)+",file://"+filepath.Join(kept[2], "cache", "download")+","+kept[0], "GONOSUMDB="+asVersion.Path, "CRLSO_RUNS=")
	t.Cleanup(func() { // its folders are for reading only
		clean := exec.Command("go", "clean", "-modcache")
		clean.Env = env
		clean.Run()
	})
	cmd := exec.Command("go", "install", "-trimpath", asVersion.Path+"/notebooks@"+asVersion.Version) // so that the next test finds it built
	cmd.Dir, cmd.Env = home, env
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return filepath.Join(home, "notebooks"), env
}

// Who installs the launcher needs no clone: all works in any folder but what changes the project.
func TestInstalled(t *testing.T) {
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	launcher, env := install(t, p)
	cache, dir := t.TempDir(), t.TempDir()
	if said, err := exec.Command("cp", "-a", p.tools(), filepath.Join(p.cache, "venv"), cache).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said) // Python's packages and the kernel: the network is not what is tested
	}
	env = append(env, "CRLSO_CACHE="+cache, "GOMLX_BACKEND=go")
	launched := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), launcher, args...)
		cmd.Dir, cmd.Env = dir, env
		return cmd
	}
	for _, args := range [][]string{{"lab"}, {"bench"}, {"data", "-rebuild", "."}} {
		wantFailure(t, launched(args...), args[0], "needs a clone", "git clone https://"+asVersion.Path)
	}
	writeTo(t, filepath.Join(dir, "nets.json"), `{"name": "nets", "choices": [{"name": "depth", "options": [2, 4, 8]}]}`)
	search := launched("search", "-space", "nets.json", "-budget", "2", "-searcher", "random", "-out", "nets", "--", "echo", "90")
	for want, cmd := range map[string]*exec.Cmd{"GB free": launched("doctor"), "embedded NAS-Bench-201": launched("data"), "90": search} {
		stdout, stderr, status := result(t, cmd)
		if status != 0 || stderr != "" {
			t.Errorf("%q: exit status %d, standard error %q", cmd.Args, status, stderr)
		}
		wantLine(t, stdout, want)
	}
	page := writeNotebook(t, "page", "import \"github.com/cr-lso/cr-lso/crlso/stats\"\n%%\nfmt.Println(stats.KendallTau([]float64{1, 2}, []float64{1, 2}), os.Getenv(\"CRLSO_RUNS\"))")
	stdout, stderr, status := result(t, launched("run", page, "-scale", "smoke"))
	if status != 0 {
		t.Fatalf("exit status %d, standard error %q, output\n%s", status, stderr, stdout)
	}
	wantLine(t, stdout, "1 "+filepath.Join(dir, "runs"))
	wantLine(t, stdout, "runs/notebooks/smoke/index.html")
	wantEntries(t, dir, "nets", "nets.json", "runs")
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// frontEnd is somebody's Jupyter: the project's Python, started by a shell that knows nothing of
// the project, with an empty $HOME. Of Go's own it has the caches, so that tests take seconds.
// Whatever is asked of the network fails the test.
type frontEnd struct {
	python string
	env    []string
}

// preparedPython is the project's Python. All tests share what is prepared.
var preparedPython = sync.OnceValues(func() (string, error) {
	p, err := findProject(context.Background())
	if err != nil {
		return "", err
	}
	python, _, err := p.prepare(context.Background())
	return python, err
})

func newFrontEnd(t *testing.T, env ...string) frontEnd {
	t.Helper()
	python, err := preparedPython()
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(output))
	return frontEnd{python, append([]string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(),
		"GOCACHE=" + caches[0], "GOMODCACHE=" + caches[1], "GOPROXY=" + noProxy(t)}, env...)}
}

// noProxy returns the address of a proxy of Go's modules that has none. A request fails the test.
func noProxy(t *testing.T) string {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.Path)
		http.NotFound(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		if len(asked) > 0 {
			t.Errorf("the network was asked for %q", asked)
		}
	})
	return server.URL
}

// command returns Python with these arguments.
func (f frontEnd) command(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), f.python, append([]string{"-B"}, args...)...)
	cmd.Dir, cmd.Env = dir, f.env
	return cmd
}

// nbconvert executes a notebook, with dir as the working directory, and returns it.
func (f frontEnd) nbconvert(t *testing.T, dir, path string) notebook {
	t.Helper()
	stdout, stderr, status := result(t, f.command(t, dir, "-m", "nbconvert", "--to", "notebook", "--execute", "--stdout", path))
	if status != 0 {
		t.Fatalf("nbconvert: exit status %d: %s", status, stderr)
	}
	var executed notebook
	if err := json.Unmarshal([]byte(stdout), &executed); err != nil {
		t.Fatal(err)
	}
	return executed
}

// talk starts a kernel in the folder of its first argument and has it execute the cells that
// follow; "restart" restarts it. It prints what each cell prints, or its error.
const talk = `
import sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="crlso", cwd=sys.argv[1])

def show(message):
    if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
        print(message["content"]["text"], end="")
    elif message["msg_type"] == "error":
        print(message["content"]["evalue"])

for cell in sys.argv[2:]:
    if cell == "restart":
        manager.restart_kernel()
        client.wait_for_ready(timeout=60)
    else:
        client.execute_interactive(cell, output_hook=show, timeout=300)
client.stop_channels()
manager.shutdown_kernel()
`

// says returns what cells print that a kernel executes which was started in dir.
func (f frontEnd) says(t *testing.T, dir string, cells ...string) string {
	t.Helper()
	stdout, stderr, status := result(t, f.command(t, dir, append([]string{"-c", talk, dir}, cells...)...))
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	return stdout
}

// Cells that use the project.
const (
	importsProject = "import \"github.com/cr-lso/cr-lso/datasets/nasbench201\"\n%%\nfmt.Println(nasbench201.NumCells)"
	usesImport     = "%%\nfmt.Println(nasbench201.NumCells + 1)"
)

func TestNbconvertInAPlainEnvironment(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	executed := newFrontEnd(t).nbconvert(t, "/", filepath.Join(working(t), "testdata", "passes.ipynb"))
	if got := executed.printed("settings"); got != "scale laptop\n" {
		t.Errorf("the settings are %q", got)
	}
}

func working(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestACopyInAnotherFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "my own", "notebooks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const runs = "import (\n\t\"github.com/cr-lso/cr-lso/notebooks/show\"\n\t\"github.com/janpfeifer/must\"\n)\n%%\nfmt.Println(must.M1(show.Runs()))"
	if got, want := newFrontEnd(t).says(t, dir, runs), filepath.Join(dir, "runs")+"\n"; got != want {
		t.Errorf("the results go to %q, want %q", got, want)
	}
}

// A front end may start kernels in the project's folder, as papermill does there: it is a module
// itself.
func TestTheSecondCellFirstAndARestartHalfWay(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	got := newFrontEnd(t).says(t, filepath.Dir(working(t)), importsProject, "restart", importsProject, usesImport)
	if want := "15625\n15625\n15626\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSettingsOfGoOfOnesOwn has those that hide a workspace, and a workspace of the user's around
// the temporary folder.
func TestSettingsOfGoOfOnesOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	dir := t.TempDir()
	temp := filepath.Join(dir, "tmp")
	files := map[string]string{
		filepath.Join(dir, "go.work"): "go 1.26\n",
		filepath.Join(dir, "env"):     "GOFLAGS=-mod=mod\nGOWORK=off\n",
	}
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := newFrontEnd(t, "TMPDIR="+temp, "GOENV="+filepath.Join(dir, "env")).says(t, dir, importsProject); got != "15625\n" {
		t.Errorf("got %q", got)
	}
	for path, content := range files {
		if !holds(path, []byte(content)) {
			t.Errorf("%s has changed", path)
		}
	}
	wantEntries(t, temp)
}

// TestNothingIsAskedOfTheNetwork lets cells import what the project does not have, of its own and
// of others. Whoever had registered such a name would have their program run.
func TestNothingIsAskedOfTheNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	var cells []string
	names := []string{"github.com/cr-lso/cr-lso/nowhere", "github.com/cr-lso/cr-lso/crlso/sweep/nowhere", "github.com/cr-lso/nowhere"}
	for _, name := range names {
		cells = append(cells, fmt.Sprintf("import %q\n%%%%\nnowhere.Go()", name))
	}
	said := newFrontEnd(t).says(t, t.TempDir(), append(cells, importsProject, "%test\nfunc TestX(t *testing.T) { fmt.Println(nasbench201.NumCells) }")...)
	for _, name := range names {
		wantLine(t, said, "package "+name)
	}
	if n := strings.Count(said, "15625"); n != 2 {
		t.Errorf("the project's own was printed %d times:\n%s", n, said)
	}
}

// TestFolderOfResultsSeenFromTheShell names a folder for the results as the shell sees it, not the
// notebook.
func TestFolderOfResultsSeenFromTheShell(t *testing.T) {
	t.Setenv("CRLSO_RUNS", "results")
	if want := "CRLSO_RUNS=" + filepath.Join(working(t), "results"); !slices.Contains(new(project).environment(), want) {
		t.Errorf("the kernel's environment has no %s", want)
	}
}

// TestKernelCommand has a $HOME of its own, in which Jupyter finds what the command wrote, until it
// is taken back.
func TestKernelCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	f := newFrontEnd(t)
	home := t.TempDir()
	folder := filepath.Join(home, ".local", "share", "jupyter", "kernels")
	path := filepath.Join(folder, kernelName, "kernel.json")
	kernel := func(args ...string) *exec.Cmd {
		cmd := launch(t, append([]string{"kernel"}, args...)...)
		cmd.Env = append(cmd.Env, f.env[2:4]...) // Go's caches
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_DATA_HOME=", "JUPYTER_DATA_DIR=")
		return cmd
	}
	pass := func(cmd *exec.Cmd, want ...string) {
		t.Helper()
		stdout, stderr, status := result(t, cmd)
		if status != 0 || stderr != "" {
			t.Fatalf("exit status %d, standard error: %s", status, stderr)
		}
		wantLine(t, stdout, want...)
	}

	pass(kernel("-remove"), "nothing to take back", path)
	pass(kernel(), "wrote", path, displayName)
	list := f.command(t, home, "-c", `
import sys
sys.prefix = sys.base_prefix  # not the project's own Python's
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_data_dir
print(jupyter_data_dir(), KernelSpecManager().get_kernel_spec("crlso").display_name)`)
	list.Env = append(list.Env, "HOME="+home)
	pass(list, filepath.Dir(folder), displayName)
	pass(kernel("-remove"), "removed", path)
	wantEntries(t, filepath.Dir(folder)) // what was made for it is gone too

	elsewhere := t.TempDir()
	other := fmt.Appendf(nil, `{"argv": ["startkernel"], "metadata": {"crlso": {"project": %q}}}`, elsewhere)
	if err := write(path, other); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, kernel("-remove"), path, elsewhere, "kernel -remove")
	pass(kernel(), elsewhere+" until now")
	theirs := []byte(`{"argv": ["python"]}`)
	if err := write(path, theirs); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, kernel("-remove"), path, "not of this project")
	wantFailure(t, kernel(), path, "not of this project")
	if !holds(path, theirs) {
		t.Errorf("somebody else's kernel has changed")
	}
}

// TestInstallationThatIsComplete has no go to build anything with, as one that many share has no
// folder to write to.
func TestInstallationThatIsComplete(t *testing.T) {
	p, err := findProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if _, _, err := p.prepare(t.Context()); err != nil { // the Python environment is before the kernel, which is registered in it
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	if err := p.kernel(t.Context(), p.environment(), &log); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
	p.goversion = "go1.0"
	if err := p.kernel(t.Context(), p.environment(), &log); err == nil {
		t.Error("tools of another version of Go are taken for good")
	}
}

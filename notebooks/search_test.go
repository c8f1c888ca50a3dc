package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
)

const ownSpace = `{"name": "my nets", "choices": [
  {"name": "depth", "options": [1, 2, 4, 8], "ordered": true},
  {"name": "width", "options": [16, 32, 64, 128], "ordered": true},
  {"name": "optimizer", "options": ["adam", "sgd"]},
  {"name": "momentum", "options": [0.8, 0.9], "when": {"optimizer": ["sgd"]}}]}`

// trainer writes down every evaluation that it finishes, fails for one depth, and is as accurate as
// it is deep and wide.
const trainer = `sleep 0.0$((RANDOM % 5))
depth=${CRLSO_ARCH#*:}; depth=${depth%%,*}
width=${CRLSO_ARCH#*width\":}; width=${width%%,*}
echo "$CRLSO_ARCH" >> done.txt
if [ $depth = 2 ]; then echo "out of memory" >&2; exit 1; fi
echo "epoch 1"
echo "{\"accuracy\": $((50 + depth + width / 16)), \"latency\": $((depth * width))}"`

// searchIn makes a search's folder, and returns the command with these flags in it.
func searchIn(t *testing.T, dir string, flags ...string) []string {
	t.Helper()
	for name, text := range map[string]string{"space.json": ownSpace, "train.sh": trainer} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"search", "-space", "space.json", "-out", "out", "-budget", "20"}, flags...)
	return append(args, "--", "bash", "train.sh")
}

func searched(t *testing.T, dir string) []datasets.Evaluation {
	t.Helper()
	space, err := datasets.ParseSpace([]byte(ownSpace))
	if err != nil {
		t.Fatal(err)
	}
	evaluations, _, err := datasets.ReadJournal(filepath.Join(dir, "out", "journal.jsonl"), space)
	if err != nil {
		t.Fatal(err)
	}
	for i := range evaluations { // spaces are compared by what they are called
		evaluations[i].Arch, evaluations[i].Seconds = nil, 0
	}
	return evaluations
}

func archs(evaluations []datasets.Evaluation) (texts []string) {
	for _, e := range evaluations {
		texts = append(texts, fmt.Sprint(e.Accuracy, e.Others, e.Failure))
	}
	return texts
}

// A space in a file and a command are all that a search needs: it survives failures, says how it
// goes, and leaves the best architecture.
func TestSearchOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	cmd := launch(t, searchIn(t, dir, "-searcher", "local", "-parallel", "3", "-together")...)
	cmd.Dir = dir
	stdout, stderr, status := result(t, cmd)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, part := range []string{"20 of 20", "failed: exit status 1: out of memory  depth=2", " left)", "best of 20: ", "out/best.json", "out/evaluations.csv"} {
		if !strings.Contains(stdout, part) {
			t.Errorf("it does not say %q:\n%s", part, stdout)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "out", "best.json"))
	var best struct {
		Architecture map[string]any
		Accuracy     float64
	}
	if err == nil {
		err = json.Unmarshal(text, &best)
	}
	// Local search in a bowl of 48 architectures finds its bottom.
	if err != nil || best.Accuracy != 66 || best.Architecture["depth"] != 8.0 || best.Architecture["width"] != 128.0 {
		t.Errorf("the best is %s, %v", text, err)
	}
	table, err := os.ReadFile(filepath.Join(dir, "out", "evaluations.csv"))
	if lines := strings.Split(strings.TrimSpace(string(table)), "\n"); err != nil || len(lines) != 21 || lines[0] != "evaluation,architecture,accuracy,latency,seconds,failure" {
		t.Errorf("%d lines, %q, %v", len(lines), lines[0], err)
	}
	// A larger budget goes on.
	cmd = launch(t, searchIn(t, dir, "-searcher", "random", "-budget", "24")...)
	cmd.Dir = dir
	if stdout, stderr, status = result(t, cmd); status != 0 || !strings.Contains(stdout, "going on after 20 of 24") || strings.Contains(stdout, " 1 of") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
}

// The space and the Go program of the README work as they stand there.
func TestReadmesOwnProblem(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	text := readme(t, "../README.md").text
	block := func(language string) string {
		_, rest, _ := strings.Cut(text, "```"+language+"\n")
		code, _, ok := strings.Cut(rest, "```")
		if !ok {
			t.Fatalf("the README has no %s", language)
		}
		return code
	}
	dir, err := os.MkdirTemp(".", "readme-") // in the module
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := "package main\n\nimport (\n" +
		"\t\"context\"\n\t\"fmt\"\n\t\"os\"\n\n" +
		"\t\"github.com/cr-lso/cr-lso/crlso/backend\"\n\t\"github.com/cr-lso/cr-lso/crlso/ensemble\"\n" +
		"\t\"github.com/cr-lso/cr-lso/crlso/search\"\n\t\"github.com/cr-lso/cr-lso/datasets\"\n)\n\n" +
		"func train(_ context.Context, a datasets.Arch) (datasets.Measurement, error) {\n" +
		"\tdepth, _ := a.(datasets.Selection).Number(\"depth\")\n\treturn datasets.Measurement{Accuracy: 10 * depth}, nil\n}\n\n" +
		"func main() {\n\tctx := context.Background()\n" + strings.ReplaceAll(block("go"), "60", "9") +
		"\tfmt.Println(best.Arch, best.Accuracy, found, err)\n}\n"
	for name, text := range map[string]string{"nets.json": block("json"), "main.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "readme")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./"+dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOMLX_BACKEND=go")
	cmd.Stderr = t.Output()
	if said, err := cmd.Output(); err != nil || !strings.HasPrefix(string(said), "depth=8 ") || !strings.Contains(string(said), " 80 true <nil>") {
		t.Errorf("%v: %s", err, said)
	}
}

// Two objectives: the front, and the best within a limit.
func TestSearchWithALimit(t *testing.T) {
	dir := t.TempDir()
	cmd := launch(t, searchIn(t, dir, "-searcher", "nsga2", "-minimise", "latency", "-limit", "latency <= 300")...)
	cmd.Dir = dir
	stdout, stderr, status := result(t, cmd)
	if status != 0 || !strings.Contains(stdout, "on the front") {
		t.Fatalf("status %d: %s%s", status, stdout, stderr)
	}
	best := datasets.Evaluation{}
	for _, e := range searched(t, dir) {
		if e.Failure == "" && e.Others["latency"] <= 300 && e.Accuracy > best.Accuracy {
			best = e
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "out", "best.json"))
	if err != nil || !strings.Contains(string(text), fmt.Sprintf(`"accuracy": %v`, best.Accuracy)) || !strings.Contains(string(text), fmt.Sprintf(`"latency": %v`, best.Others["latency"])) {
		t.Errorf("the best is %s, want %+v, %v", text, best, err)
	}
}

// Whoever is killed at any moment goes on to the same search, and pays again for no more than what
// ran when it was killed.
func TestKilledSearch(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 8
	}
	whole := t.TempDir()
	flags := []string{"-searcher", "evolution", "-together", "-parallel", "2", "-budget", "40"}
	cmd := launch(t, searchIn(t, whole, flags...)...)
	cmd.Dir = whole
	if _, stderr, status := result(t, cmd); status != 0 {
		t.Fatal(stderr)
	}
	want := archs(searched(t, whole))

	dir := t.TempDir()
	killed := 0
	for finished := false; !finished; {
		cmd := launch(t, searchIn(t, dir, flags...)...)
		cmd.Dir = dir
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		after := 20*time.Millisecond + rand.N(60*time.Millisecond)
		if killed == kills {
			after = time.Minute
		}
		select {
		case err := <-ended:
			finished = err == nil
			if err != nil {
				t.Fatalf("%v after %d kills: %s", err, killed, &said)
			}
		case <-time.After(after):
			killed++
			cmd.Process.Signal(syscall.SIGKILL)
			<-ended
		}
	}
	if got := archs(searched(t, dir)); !reflect.DeepEqual(got, want) {
		t.Errorf("killed %d times: %v, want %v", killed, got, want)
	}
	text, err := os.ReadFile(filepath.Join(dir, "done.txt"))
	if n := strings.Count(string(text), "\n"); err != nil || n < 40 || n > 40+2*killed {
		t.Errorf("%d evaluations for 40 architectures and %d kills, %v", n, killed, err)
	}
	if killed < 5 {
		t.Errorf("it was killed %d times only", killed)
	}
	t.Logf("killed %d times, %d evaluations for 40", killed, strings.Count(string(text), "\n"))
}

// What a person writes wrong is one line that says what to do.
func TestSearchWithMistakes(t *testing.T) {
	dir := t.TempDir()
	searchIn(t, dir)
	t.Chdir(dir)
	for _, c := range []struct{ args, want string }{
		{"", "want -space FILE -budget N -out DIR -- COMMAND"},
		{"-space space.json -budget 5 -- true", "there is no -out DIR; want"},
		{"-space space.json -budget 5 -out o", "there is no command; put --"},
		{"-space space.json -budget 5 -out o --", "there is no command"},
		{"-space space.json -budget 5 -out o true", `there is a "true" before --`},
		{"-space space.json -budget five -out o -- true", "five"},
		{"-space space.json -budgets 5 -out o -- true", "its flags are"},
		{"-space space.json -budget -5 -out o -- true", "budget is -5"},
		{"-space space.json -budget 500 -out o -searcher random -- true", "has only 48 architectures"},
		{"-space spice.json -budget 5 -out o -- true", "no such file or directory; name a file, or one of nas-bench-101"},
		{"-space train.sh -budget 5 -out o -- true", "line 1: this is no JSON"},
		{"-space space.json -budget 5 -out o -parallel 0 -- true", "-parallel is 0"},
		{"-space space.json -budget 5 -out o -timeout -1s -- true", "-timeout is -1s"},
		{"-space space.json -budget 5 -out o -timeout 5 -- true", "want a time such as 5s or 30m"},
		{"-space space.json -budget 5 -out o -failed 200 -searcher random -- true", "Failed 200"},
		{"-space space.json -budget 5 -out o -searcher best -- true", `there is no searcher "best"; there are bananas, crlso`},
		{"-space space.json -budget 5 -out o -searcher nsga2 -- true", "-minimise"},
		{"-space space.json -budget 5 -out o -limit x<=1 -- true", "add -minimise x"},
		{"-space space.json -budget 5 -out o -limit x<=1 -minimise y -- true", `-limit is on "x", and -minimise "y"`},
		{"-space space.json -budget 5 -out o -minimise x -limit x<1 -- true", `-limit is "x<1", want one such as`},
		{"-space space.json -budget 5 -out train.sh -searcher random -- true", "choose another folder with -out"},
		{"-space space.json -budget 5 -out o -searcher random -- ./nowhere", "check the command"},
	} {
		err := searchCommand(t.Context(), strings.Fields(c.args))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", c.args, err, c.want)
		}
	}
}

// TestSearchByABrokenCommand does not spend the budget on a mistake, and a search that found
// nothing does not end as if all were well.
func TestSearchByABrokenCommand(t *testing.T) {
	dir := t.TempDir()
	searchIn(t, dir)
	t.Chdir(dir)
	said := filepath.Join(dir, "said")
	stdout, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	defer func(before *os.File) { os.Stdout = before }(os.Stdout)
	os.Stdout = stdout
	for _, c := range []struct {
		args string
		want []string
	}{
		{"-budget 30 -out broken -searcher random -- false", []string{"stopped after 5 of 30", "none succeeded: mend the command, and start anew with another -out"}},
		{"-budget 3 -out short -searcher random -- false", []string{"none of 3 evaluations succeeded", "another -out", "larger -budget"}},
		{"-budget 3 -out misspelt -searcher random -minimise latncy -- echo {\"accuracy\":50,\"latency\":3}",
			[]string{"stopped after 0 of 3", `no "latncy" among what was measured, only ["accuracy" "latency"]`}},
		{"-budget 3 -out misspelt -searcher random -minimise latency -- echo {\"accuracy\":50,\"latency\":3}", nil}, // mended
		{"-budget 4 -out misspelt -searcher random -minimise ms -- echo {\"accuracy\":50,\"ms\":3}", []string{`cost "latency", not "ms"; name that one`}},
		{"-budget 4 -out short -searcher random -- echo 50", nil}, // mended
		{"-budget 2 -out fractions -searcher random -- echo 0.915", nil},
	} {
		err := searchCommand(t.Context(), strings.Fields("-space space.json "+c.args))
		if c.want == nil && err != nil {
			t.Errorf("%s: %v", c.args, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want one line with %q", c.args, err, want)
			}
		}
	}
	text, err := os.ReadFile(said)
	for _, want := range []string{"hint: 0.915 is taken as 0.915 %", `note: the command was ["false"] before`} {
		if err != nil || strings.Count(string(text), want) != 1 {
			t.Errorf("%q is not said once, %v:\n%s", want, err, text)
		}
	}
}

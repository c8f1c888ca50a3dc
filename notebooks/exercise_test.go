package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkerCall is the call of a checker at the end of a cell.
var checkerCall = regexp.MustCompile(`(?m)^exercise\.\w+\(.*\)$`)

// TestExercises checks that each page has three to five exercises, that each asks,
// can be run unsolved, and has a solution; and that what an unsolved one says is of help.
func TestExercises(t *testing.T) {
	paths, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(stem(path), func(t *testing.T) {
			cells := readNotebook(t, path).Cells
			names := exercises(cells)
			if len(names) < 3 || len(names) > 5 {
				t.Errorf("exercises %q, want three to five", names)
			}
			for _, name := range names {
				checkExercise(t, cells, name)
			}
		})
	}
}

// exercises returns the names of the exercises of which a notebook has a question, or a solution
// with the tag that takes it out of versions for a class.
func exercises(cells []cell) (names []string) {
	for _, c := range cells {
		name, ok := strings.CutPrefix(c.ID, "ask-")
		if slices.Contains(c.Meta.Tags, "solution") {
			name, ok = strings.TrimPrefix(c.ID, "solution-"), true
		}
		if ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkExercise checks the three cells of an exercise.
func checkExercise(t *testing.T, cells []cell, name string) {
	t.Helper()
	at := slices.IndexFunc(cells, func(c cell) bool { return c.ID == "ask-"+name })
	if at < 0 || at+2 >= len(cells) || cells[at+1].ID != "exercise-"+name || cells[at+2].ID != "solution-"+name {
		t.Errorf("%s: want the cells ask-%[1]s, exercise-%[1]s and solution-%[1]s, one after the other", name)
		return
	}
	ask, unsolved, solution := cells[at], cells[at+1], cells[at+2]
	if ask.Type != "markdown" || unsolved.Type != "code" || solution.Type != "code" {
		t.Errorf("%s: want a question in Markdown and two cells of code", name)
	}
	if !slices.Contains(solution.Meta.Tags, "solution") || !solution.Meta.Jupyter.Hidden {
		t.Errorf("%s: the solution needs the tag solution, and has to be folded", name)
	}
	if !strings.Contains(string(unsolved.Source), "// your ") {
		t.Errorf("%s: the exercise does not say where the answer goes: // your code, or // your answers", name)
	}
	call := checkerCall.FindString(string(unsolved.Source))
	if call == "" || call != checkerCall.FindString(string(solution.Source)) {
		t.Errorf("%s: the exercise calls %q, and the solution another checker or none", name, call)
	}
	help, ok := strings.CutPrefix(lastLine(printedBy(unsolved)), "Exercise "+name+": not yet. ")
	if !ok || len(strings.Fields(help)) < 5 {
		t.Errorf("%s: unsolved, it says %q, and no helpful sentence", name, printedBy(unsolved))
	}
	if !strings.Contains(printedBy(solution), "Exercise "+name+": solved.\n") {
		t.Errorf("%s: the solution says %q", name, printedBy(solution))
	}
}

// printedBy is what a cell has printed.
func printedBy(c cell) string { return notebook{Cells: []cell{c}}.printed(c.ID) }

// A run of a notebook fails at a solution that does not solve its exercise.
func TestUnsolvedSolution(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	const solved, unsolved = `%%
fmt.Println("Exercise sum: solved.")`, `%%
fmt.Println("Exercise sum: not yet. It adds one too many.")`
	for source, want := range map[string]string{
		solved:                        "",
		unsolved:                      "Exercise sum: not yet. It adds one too many.",
		"%%\nfmt.Println(\"solved\")": "calls no checker",
	} {
		path, out := writeNotebook(t, "exercises", unsolved, source), t.TempDir()
		tag(t, path, "2", "solution")
		cmd := launch(t, "run", path, "-o", out)
		if want != "" {
			wantFailure(t, cmd, "exercises.ipynb, cell 2 of 2", "the solution does not solve its exercise: ", want)
		} else if _, stderr, status := result(t, cmd); status != 0 {
			t.Error(stderr)
		}
	}
}

// tag gives a cell of a notebook a tag.
func tag(t *testing.T, path, id, tag string) {
	t.Helper()
	var n map[string]any
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &n)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range n["cells"].([]any) {
		if c := c.(map[string]any); c["id"] == id {
			c["metadata"] = map[string]any{"tags": []string{tag}}
		}
	}
	if content, err = json.Marshal(n); err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

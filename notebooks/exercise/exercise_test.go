package exercise

import (
	"io"
	"os"
	"strings"
	"testing"
)

// says runs a check, and returns what it prints.
func says(t *testing.T, check func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	check()
	os.Stdout = stdout
	w.Close()
	said, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// answer is one to an exercise, with a part of what the checker has to say of it.
type answer struct {
	name  string
	check func()
	want  string
}

// wantAnswers checks what is said of each answer, and that no two mistakes hear the same.
func wantAnswers(t *testing.T, exercise string, answers ...answer) {
	t.Helper()
	heard := map[string]string{}
	for _, a := range answers {
		said := says(t, a.check)
		if a.want == "" {
			if !strings.HasSuffix(said, "Exercise "+exercise+": solved.\n") {
				t.Errorf("%s, %s: %q, want solved", exercise, a.name, said)
			}
			continue
		}
		if !strings.HasPrefix(said, "Exercise "+exercise+": not yet. ") || !strings.Contains(said, a.want) {
			t.Errorf("%s, %s: %q, want %q", exercise, a.name, said, a.want)
		}
		if other, ok := heard[a.want]; ok {
			t.Errorf("%s: %s and %s hear the same", exercise, a.name, other)
		}
		heard[a.want] = a.name
	}
}

func TestCheck(t *testing.T) {
	wantAnswers(t, "a",
		answer{"right", func() { Check("a", func() error { return nil }) }, ""},
		answer{"panic", func() { Check("a", func() error { var x []int; _ = x[3]; return nil }) }, "Your code panics: runtime error: index out of range"},
		answer{"wrong", func() { Check("a", func() error { return io.EOF }) }, "EOF"})
}

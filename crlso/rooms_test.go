package crlso

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const project = "github.com/cr-lso/cr-lso/"

// TestRooms holds what each package may import, so that the story can be told from the names of the
// files: the paper reads no file, the searches see no accuracies but the oracle's, and what is made
// with the method is not made with each other.
func TestRooms(t *testing.T) {
	rooms := []string{"crlso/runs", "crlso/inspect", "crlso/ensemble"}
	for _, rule := range []struct {
		room string
		not  []string
		deep bool // not below its imports either
	}{
		{room: "crlso", not: []string{"os", project + "datasets/source"}},
		{room: "crlso/nn", not: []string{"os"}},
		{room: "crlso/nn", not: []string{project + "datasets", project + "crlso"}, deep: true},
		{room: "crlso/search", not: []string{"os"}},
		{room: "crlso/search", not: []string{"github.com/gomlx/gomlx/core/graph", project + "crlso/inspect"}, deep: true},
		{room: "crlso/stats", not: []string{"github.com/gomlx/gomlx/core/graph"}, deep: true},
		{room: "crlso", not: []string{project + "crlso/inspect"}, deep: true},
		{room: "crlso/runs", not: prefixed(rooms[1:]), deep: true},
		{room: "crlso/inspect", not: prefixed([]string{rooms[0], rooms[2]}), deep: true},
		{room: "crlso/ensemble", not: prefixed(rooms[:2]), deep: true},
		{room: "plots", not: []string{project + "crlso", project + "crlso/stats", project + "datasets"}, deep: true},
		{room: "datasets", not: []string{"github.com/gomlx/gomlx/core/graph", project + "crlso"}, deep: true},
	} {
		format := "{{join .Imports \"\\n\"}}"
		if rule.deep {
			format = "{{join .Deps \"\\n\"}}"
		}
		said, err := exec.CommandContext(t.Context(), "go", "list", "-f", format, project+rule.room).Output()
		if err != nil {
			t.Fatal(err)
		}
		imports := strings.Fields(string(said))
		for _, not := range rule.not {
			if slices.Contains(imports, not) {
				t.Errorf("%s imports %s", rule.room, not)
			}
		}
	}
}

func prefixed(rooms []string) []string {
	paths := make([]string, len(rooms))
	for i, room := range rooms {
		paths[i] = project + room
	}
	return paths
}

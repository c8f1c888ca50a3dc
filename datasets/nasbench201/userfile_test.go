package nasbench201

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileOfTheUser says nothing that would put a download in place of the user's own file.
func TestFileOfTheUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine")
	source := HPOBench{Path: path}
	_, err := source.fetch(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "there is no file or folder "+path) || strings.Count(err.Error(), path) != 1 {
		t.Errorf("where there is no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if get := source.Info().Get; strings.Contains(get, path) {
		t.Errorf("the advice is to %s", get)
	}
	if get, usual := (HPOBench{}).Info().Get, (HPOBench{}).path(); !strings.Contains(get, "to "+usual) {
		t.Errorf("of the usual place %s the advice is to %s", usual, get)
	}
}

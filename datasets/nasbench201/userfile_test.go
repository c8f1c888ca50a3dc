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

// What is wrong at the usual place is refused, and what is missing stays so: nothing is fetched.
func TestSourcesAreTakenAsTheyAre(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	t.Setenv("PATH", "") // no pip
	official := archive
	t.Cleanup(func() { archive = official })
	archive.URL = "nowhere"
	for _, s := range Sources() {
		_, err := Open(t.Context(), "cifar10", s, nil)
		wantError(t, err, "there is no file", s.Info().Path+": "+s.Info().Get)
	}
	asIs := Wheel{asIs: true}
	path := asIs.Info().Path
	put(t, path, "damaged")
	_, err := Open(t.Context(), "cifar10", asIs, nil)
	wantError(t, err, path+" has 7 bytes, want 36524413", "not the official one or is damaged")
}

package nasbench101

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// TestFileOfTheUser says nothing that would put a download in place of the user's own file.
func TestFileOfTheUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine")
	from := TFRecord{Path: path}
	_, err := from.fetch(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "there is no file "+path) || strings.Count(err.Error(), path) != 1 {
		t.Errorf("where there is no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if get := from.Info().Get; strings.Contains(get, path) || !strings.Contains(get, "to a new file") {
		t.Errorf("the advice is to %s", get)
	}
	if get, usual := (TFRecord{}).Info().Get, (TFRecord{}).path(); !strings.Contains(get, "to "+usual) {
		t.Errorf("of the usual place %s the advice is to %s", usual, get)
	}
}

// A wrong file at the usual place is refused, even if what it once held is kept: nothing is
// fetched in its place, and it stays.
func TestSourcesAreTakenAsTheyAre(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it is fetched") }))
	t.Cleanup(server.Close)
	official := only108
	t.Cleanup(func() { only108 = official })
	only108.URL = server.URL

	asIs, path := Sources()[0], TFRecord{}.path()
	_, err := Open(t.Context(), testAsLabel, asIs, nil)
	wantError(t, err, "there is no file "+path, server.URL)
	kept := converted{convertedVersion, only108.SHA256, newAccuracies(numRuns, numRuns)}
	if err := source.WriteConverted(convertedPath(asIs), kept); err != nil {
		t.Fatal(err)
	}
	put(t, path, []byte("damaged"))
	_, err = Open(t.Context(), testAsLabel, asIs, nil)
	wantError(t, err, path+" has SHA-256", only108.SHA256, "not the official one or is damaged")
	if content, err := os.ReadFile(path); err != nil || string(content) != "damaged" {
		t.Errorf("the file is now %q, %v", content, err)
	}
}

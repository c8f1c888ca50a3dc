package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// children are what this test binary does when a test starts it again as another process.
var children = map[string]func() error{
	"fetch": func() error {
		_, err := Fetch(context.Background(), File{Name: "file", URL: os.Getenv("TEST_URL")}, os.Getenv("TEST_DIR"), io.Discard)
		return err
	},
	"python": func() error {
		_, err := Python(context.Background(), io.Discard)
		return err
	},
	"write on a full disk": func() error {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		return WriteFile(filepath.Join(os.Getenv("TEST_DIR"), "file"), func(w io.Writer) error {
			_, err := w.Write(make([]byte, 1<<20))
			return err
		})
	},
}

// child returns the command that runs one of children; an error is its standard output.
func child(name string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "TEST_CHILD="+name), env...)
	return cmd
}

func TestMain(m *testing.M) {
	if name := os.Getenv("TEST_CHILD"); name != "" {
		if err := children[name](); err != nil {
			fmt.Print(err)
		}
		os.Exit(0)
	}
	cache, err := os.MkdirTemp("", "crlso-source-")
	if err != nil {
		panic(err)
	}
	os.Setenv(cacheVar, cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// wantError requires one line that contains all of parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has several lines: %q", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

// wantFile requires content at path.
func wantFile(t *testing.T, path string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Errorf("%s has %d bytes that differ from the %d wanted", path, len(got), len(content))
	}
}

// wantEntries requires that dir holds these and nothing else but lock files.
func wantEntries(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") {
			got = append(got, e.Name())
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv(cacheVar, "")
	project := t.TempDir()
	deep := filepath.Join(project, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	for _, module := range []string{project, deep} { // the second is within the first
		if err := os.WriteFile(filepath.Join(module, "go.mod"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := CacheDir(); err != nil || got != filepath.Join(project, ".cache") {
			t.Errorf("with a go.mod in %s: CacheDir() = %q, %v", module, got, err)
		}
	}
	t.Setenv(cacheVar, "elsewhere")
	if got, err := CacheDir(); err != nil || got != filepath.Join(deep, "elsewhere") {
		t.Errorf("with %s: CacheDir() = %q, %v", cacheVar, got, err)
	}
	t.Setenv(cacheVar, "")
	t.Chdir("/")
	_, err := CacheDir()
	wantError(t, err, "no go.mod", cacheVar)
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "file")
	write := func(content string, err error) error {
		return WriteFile(path, func(w io.Writer) error {
			io.WriteString(w, content)
			return err
		})
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	wantError(t, write("half of the sec", errors.New("it broke")), path, "it broke")
	wantFile(t, path, []byte("first"))
	wantEntries(t, filepath.Dir(path), "file")
	if err := write("second", nil); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, []byte("second"))
}

func TestWriteFileFullDisk(t *testing.T) {
	dir := t.TempDir()
	output, err := child("write on a full disk", "TEST_DIR="+dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, errors.New(string(output)), filepath.Join(dir, "file"), "free some space", cacheVar)
	wantEntries(t, dir)
}

func TestWriteFileUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(filepath.Join(file, "below"), func(io.Writer) error { return nil })
	wantError(t, err, file, "not a directory", cacheVar)
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = Lock(ctx, path)
	wantError(t, err, path, "deadline")
	unlock()
	unlock, err = Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

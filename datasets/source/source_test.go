package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
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
	"as an ordinary user": func() error {
		if os.Geteuid() == 0 {
			if err := syscall.Setuid(65534); err != nil {
				return err
			}
		}
		dir, err := OwnDir()
		if err != nil {
			return err
		}
		_, err = Python(context.Background(), io.Discard)
		return fmt.Errorf("%s: %w", dir, err)
	},
	"write with a umask": func() error {
		umask, err := strconv.ParseInt(os.Getenv("TEST_UMASK"), 8, 0)
		if err != nil {
			return err
		}
		syscall.Umask(int(umask))
		dir := os.Getenv("TEST_DIR")
		unlock, err := Lock(context.Background(), filepath.Join(dir, "lock"))
		if err != nil {
			return err
		}
		defer unlock()
		return errors.Join(MakeFolder(filepath.Join(dir, "folder")), WriteFile(filepath.Join(dir, "below", "file"), func(io.Writer) error { return nil }))
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
	t.Setenv("HOME", t.TempDir())
	users := filepath.Join(t.TempDir(), "cr-lso")
	t.Setenv("XDG_CACHE_HOME", filepath.Dir(users))
	above := t.TempDir()
	project := filepath.Join(above, "p")
	sweep := filepath.Join(project, "crlso", "sweep")
	for dir, gomod := range map[string]string{
		above:                           "module m\n", // somebody else's, with the project somewhere below
		project:                         "// The project.\nmodule github.com/cr-lso/cr-lso // it is\n\ngo 1.26.5\n",
		sweep:                           "module github.com/cr-lso/cr-lso/crlso/sweep\n",
		filepath.Join(above, "program"): "module program\n\nrequire github.com/cr-lso/cr-lso v0.0.0\n",
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(gomod), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{
		project:                         filepath.Join(project, ".cache"),
		sweep:                           filepath.Join(project, ".cache"),
		filepath.Dir(sweep):             filepath.Join(project, ".cache"),
		above:                           users,
		filepath.Join(above, "program"): users,
		"/":                             users,
	} {
		t.Chdir(dir)
		if got, err := CacheDir(); err != nil || got != want {
			t.Errorf("in %s: CacheDir() = %q, %v; want %q", dir, got, err, want)
		}
	}
	t.Chdir("/")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	_, err := CacheDir()
	wantError(t, err, "find the cache folder", "set "+cacheVar)
	t.Chdir(project)
	t.Setenv(cacheVar, "elsewhere")
	if got, err := CacheDir(); err != nil || got != filepath.Join(project, "elsewhere") {
		t.Errorf("with %s: CacheDir() = %q, %v", cacheVar, got, err)
	}
}

// TestCacheOfSomebodyElse has one installation for a whole class: each user writes to a folder of
// their own, and an environment that does not start there stays as it is.
func TestCacheOfSomebodyElse(t *testing.T) {
	above, err := os.MkdirTemp("", "crlso-")
	if err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(above, "cache")
	t.Cleanup(func() {
		os.Chmod(cache, 0o755)
		os.RemoveAll(above)
	})
	venv := filepath.Join(cache, "venv")
	if err := errors.Join(os.Chmod(above, 0o755), MakeFolder(venv), os.Chmod(cache, 0o555)); err != nil {
		t.Fatal(err)
	}
	output, err := child("as an ordinary user", cacheVar+"="+cache, "HOME="+above, "XDG_CACHE_HOME=").Output()
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, errors.New(string(output)), filepath.Join(above, ".cache", "cr-lso")+": ", venv, "reading only", "have its owner make it", cacheVar)
	wantEntries(t, venv, markFile)
	wantEntries(t, above, "cache")
}

// TestFolders makes folders anew that have the mark, and leaves all others.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	ours, users, link := filepath.Join(dir, "ours"), filepath.Join(dir, "users"), filepath.Join(dir, "link")
	for range 2 {
		if err := MakeFolder(ours); err != nil {
			t.Fatal(err)
		}
		wantEntries(t, ours, markFile)
		if err := os.WriteFile(filepath.Join(ours, "file"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveFolder(ours); err != nil {
		t.Fatal(err)
	}
	if err := RemoveFolder(ours); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	wantEntries(t, dir)

	if err := os.Mkdir(users, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(users, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(users, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{users, link} {
		wantError(t, RemoveFolder(path), path, "move it away", cacheVar)
		wantError(t, MakeFolder(path), path, "move it away", cacheVar)
	}
	wantError(t, RemoveFolder(filepath.Join(users, "file")), "not a directory")
	wantEntries(t, users, "file")
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

// What is made is as open, or as closed, as the user's umask says.
func TestUmask(t *testing.T) {
	for _, umask := range []fs.FileMode{0o077, 0o002, 0o022} {
		dir := t.TempDir()
		if output, err := child("write with a umask", "TEST_DIR="+dir, fmt.Sprintf("TEST_UMASK=%o", umask)).Output(); err != nil || len(output) > 0 {
			t.Fatalf("%s, %v", output, err)
		}
		for name, mode := range map[string]fs.FileMode{"lock": 0o666, "folder": 0o777, "below": 0o777, "below/file": 0o666, "folder/" + markFile: 0o666} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := info.Mode().Perm(), mode&^umask; got != want {
				t.Errorf("with the umask %03o %s has the mode %03o, want %03o", umask, name, got, want)
			}
		}
	}
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

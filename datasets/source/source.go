// Package source gets the files that this project needs and does not carry: benchmark tables over
// HTTP, Python wheels through pip, and a Python environment to run pip and Jupyter in.
//
// Everything lands below one folder, [CacheDir]. A file is there completely or not at all: it is
// made under a temporary name, checked, and renamed. Several processes may ask for the same thing
// at once: one makes it, the others wait and find it made.
//
// Errors are one line that says what went wrong, where, and what to do about it.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// cacheVar names the environment variable that places the cache.
const cacheVar = "CRLSO_CACHE"

// module is the path of the module that this package belongs to.
var module = strings.TrimSuffix(reflect.TypeFor[File]().PkgPath(), "/datasets/source")

var moduleLine = regexp.MustCompile(`(?m)^module\s+(\S+)`)

// CacheDir returns the absolute path of the folder for everything that is fetched or made once:
// $CRLSO_CACHE if set, else .cache in the project that the working directory is in, else, for a
// program that is started elsewhere, [UserCache]. The folder need not exist yet.
func CacheDir() (string, error) {
	if dir := os.Getenv(cacheVar); dir != "" {
		return filepath.Abs(dir)
	}
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w; set %s", err, cacheVar)
	}
	if project := Project(start); project != "" {
		return filepath.Join(project, ".cache"), nil
	}
	return UserCache()
}

// Project returns the folder of the project that the folder dir is in, "" if it is in none. A
// go.mod of another module, above it or within, is not the project's.
func Project(dir string) string {
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if found := moduleLine.FindSubmatch(content); err == nil && found != nil && string(found[1]) == module {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// UserCache returns the folder of the user's own for what cannot be, or is not, in a project's
// .cache.
func UserCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w; set %s", err, cacheVar)
	}
	return filepath.Join(dir, "cr-lso"), nil
}

// OwnDir returns a folder for what this user makes: CacheDir, or, if that belongs to somebody else
// and cannot be written, UserCache.
func OwnDir() (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	for dir := cache; ; dir = filepath.Dir(dir) {
		err := mayWrite(dir)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return UserCache()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return cache, nil
		}
	}
}

// markFile is in every folder that this project may delete.
const markFile = "made-by-cr-lso"

// MakeFolder makes the folder dir anew, empty but for a mark. A folder that is there is deleted if
// it has the mark, and else stays as it is.
func MakeFolder(dir string) error {
	if err := RemoveFolder(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return explain(err)
	}
	return MarkFolder(dir)
}

// MarkFolder puts the mark of [MakeFolder] into a folder.
func MarkFolder(dir string) error {
	text := "CR-LSO made this folder, and may delete it and all that is in it.\n"
	return explain(os.WriteFile(filepath.Join(dir, markFile), []byte(text), 0o666))
}

// RemoveFolder deletes a folder of [MakeFolder]. If the folder is somebody else's it stays, with an
// error.
func RemoveFolder(dir string) error {
	if err := Foreign(dir); err != nil || !marked(dir) {
		return err
	}
	return explain(os.RemoveAll(dir))
}

// Foreign returns an error that says what to do if the folder dir is there and somebody else's, not
// one of [MakeFolder].
func Foreign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(err)
	}
	if len(entries) > 0 && !marked(dir) {
		return fmt.Errorf("%s is not of this project, and stays as it is; move it away, or set %s to another folder", dir, cacheVar)
	}
	return nil
}

// marked reports whether a folder is of MakeFolder, or a virtual environment from before there was
// a mark.
func marked(dir string) bool {
	for _, name := range []string{markFile, venvComplete} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// WriteFile makes the file path out of what write writes. The file appears under its name only when
// write has returned nil and all is on the disk; an older file of that name stays until then. After
// an error nothing is left behind. Missing folders are made. The writer is not buffered.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = explain(fmt.Errorf("write %s: %w", path, err))
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%x", filepath.Base(path), rand.Uint64()))
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // os.CreateTemp's are 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp) // of no effect once renamed
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// Lock takes the lock file path for this process, waiting until no other process or goroutine holds
// it or ctx ends. Missing folders are made. The lock ends with unlock or with the process; the file
// stays.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	return lock(ctx, path, io.Discard)
}

// lock is Lock that says on progress when it has to wait.
func lock(ctx context.Context, path string, progress io.Writer) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, explain(fmt.Errorf("lock %s: %w", path, err))
	}
	l := flock.New(path, flock.SetPermissions(0o666))
	locked, err := l.TryLock()
	if err == nil && !locked {
		fmt.Fprintf(progress, "waiting for another process that holds %s\n", path)
		_, err = l.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, explain(fmt.Errorf("lock %s: %w", path, err))
	}
	return func() { l.Close() }, nil
}

// explain adds to an error of the file system what the user can do about it.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%w; free some space, or set %s to a folder on another disk", err, cacheVar)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; make that folder writable, or set %s to one that is", err, cacheVar)
	}
	return err
}

// checksum returns the SHA-256 of a file, in hexadecimal.
func checksum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// CheckFile returns an error wrapping fs.ErrNotExist if path does not exist, and another if it is
// not the file that sum and size describe; an empty sum or zero size is not checked.
func CheckFile(path, sum string, size int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if size != 0 && info.Size() != size {
		return fmt.Errorf("%s has %d bytes, want %d", path, info.Size(), size)
	}
	if sum == "" {
		return nil
	}
	got, err := checksum(path)
	if err != nil {
		return err
	}
	if got != sum {
		return fmt.Errorf("%s has SHA-256 %s, want %s", path, got, sum)
	}
	return nil
}

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
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// cacheVar names the environment variable that places the cache.
const cacheVar = "CRLSO_CACHE"

// CacheDir returns the absolute path of the folder for everything that is fetched or made once:
// $CRLSO_CACHE if set, else .cache beside the outermost go.mod at or above the working directory, so that
// a module inside of another one shares its cache. The folder need not exist yet.
func CacheDir() (string, error) {
	if dir := os.Getenv(cacheVar); dir != "" {
		return filepath.Abs(dir)
	}
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w; set %s", err, cacheVar)
	}
	cache := ""
	for dir := start; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && info.Mode().IsRegular() {
			cache = filepath.Join(dir, ".cache")
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if cache == "" {
		return "", fmt.Errorf("no cache folder: there is no go.mod at or above %s; set %s to a folder", start, cacheVar)
	}
	return cache, nil
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
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // of no effect once renamed
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// Lock takes the lock file path for this process, waiting until no other process or goroutine holds
// it or ctx ends. Missing folders are made. The lock ends with unlock or with the process; the file
// stays.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	return lock(ctx, path, io.Discard)
}

// lock is Lock that says on progress when it has to wait.
func lock(ctx context.Context, path string, progress io.Writer) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, explain(fmt.Errorf("lock %s: %w", path, err))
	}
	l := flock.New(path)
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

// check returns an error wrapping fs.ErrNotExist if path does not exist, and another if it is not
// the file that sum and size describe; an empty sum or zero size is not checked.
func check(path, sum string, size int64) error {
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

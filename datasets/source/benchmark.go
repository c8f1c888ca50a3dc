package source

import (
	"fmt"
	"os"
	"path/filepath"
)

// Info is what a user may want to know of a source of accuracies.
type Info struct {
	Name    string
	Holds   string // which accuracies
	Path    string // where its file is or would be
	Present bool   // whether the file is there
	Get     string // how to get it
}

// There returns the path of the file, or whatever kind it is, or an error that says how to get it.
func (i Info) There(kind string) (string, error) {
	if !i.Present {
		return "", fmt.Errorf("there is no %s %s: %s", kind, i.Path, i.Get)
	}
	return i.Path, nil
}

// Official returns the path of the file if it has this SHA-256 and this size, as CheckFile says.
// The error says how to get one that has.
func (i Info) Official(sum string, size int64) (string, error) {
	path, err := i.There("file")
	if err != nil {
		return "", err
	}
	if err := CheckFile(path, sum, size); err != nil {
		return "", i.Damaged(err)
	}
	return path, nil
}

// Damaged adds to what is wrong with the file how to get the right one.
func (i Info) Damaged(err error) error {
	return fmt.Errorf("%w; the file is not the official one or is damaged: %s", err, i.Get)
}

// ReferenceTable describes a table at a path that an embedded one is made from.
func ReferenceTable(path, name, holds string) Info {
	return Info{
		Name:    "reference table " + name,
		Holds:   holds,
		Path:    path,
		Present: IsFile(path),
		Get:     "only needed to make the embedded table anew",
	}
}

// AuthorsJSON describes a file at a path that the code of CR-LSO's authors reads; usual is where it
// is looked for if nobody says where.
func AuthorsJSON(path, usual, holds string) Info {
	name := filepath.Base(usual)
	return Info{
		Name:    "JSON of CR-LSO's authors, " + name,
		Holds:   holds,
		Path:    path,
		Present: IsFile(path),
		Get:     fmt.Sprintf("download %s from where the README of AlbertiPot/nar on GitHub says, to %s", name, usual),
	}
}

// Folder returns the folder below CacheDir for the fetched and converted files of a benchmark.
func Folder(benchmark string) (string, error) {
	dir, err := CacheDir()
	return filepath.Join(dir, benchmark), err
}

// Place returns the path of a file in the Folder of a benchmark, or just its name if there is no
// cache.
func Place(benchmark, name string) string {
	dir, err := Folder(benchmark)
	if err != nil {
		return name
	}
	return filepath.Join(dir, name)
}

// Stamp returns path, size and time of change of a file, "" if there is none.
func Stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return fmt.Sprintf("%s %d bytes %v", path, info.Size(), info.ModTime().UTC())
}

// IsFile reports whether there is a file.
func IsFile(path string) bool { return Stamp(path) != "" }

// Exists reports whether there is a file or a folder.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

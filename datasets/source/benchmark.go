package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
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

// Folder returns the folder below CacheDir for the fetched and converted files of a benchmark.
func Folder(benchmark string) (string, error) {
	dir, err := CacheDir()
	return filepath.Join(dir, benchmark), err
}

// Place returns the path of a file in the Folder of a benchmark, or just its name if there is no cache.
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

// WriteConverted keeps a value in a file: the SHA-256 of the rest, then the value as a gob.
func WriteConverted(path string, value any) error {
	content := bytes.NewBuffer(make([]byte, sha256.Size))
	if err := gob.NewEncoder(content).Encode(value); err != nil {
		return err
	}
	sum := sha256.Sum256(content.Bytes()[sha256.Size:])
	copy(content.Bytes(), sum[:])
	return WriteFile(path, func(w io.Writer) error {
		_, err := content.WriteTo(w)
		return err
	})
}

// ReadConverted reads what WriteConverted wrote into the value that a pointer points to. The error is fs.ErrNotExist if
// there is no file.
func ReadConverted(path string, value any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(content) < sha256.Size || sha256.Sum256(content[sha256.Size:]) != [sha256.Size]byte(content[:sha256.Size]) {
		return errors.New("it is truncated or altered")
	}
	return gob.NewDecoder(bytes.NewReader(content[sha256.Size:])).Decode(value)
}

package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

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

// ReadConverted reads what WriteConverted wrote into the value that a pointer points to. The error
// is fs.ErrNotExist if there is no file.
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

// Origin is what a value was made of, and how.
type Origin struct {
	Version int    // changes whenever an older file would be misread
	Stamp   string // of the source; "" if that is not there
}

// Check returns an error unless what was kept is of the same origin.
func (o Origin) Check(kept Origin) error {
	switch {
	case kept.Version != o.Version:
		return fmt.Errorf("it has version %d, want %d", kept.Version, o.Version)
	case kept.Stamp != o.Stamp:
		return errors.New("its source has changed")
	}
	return nil
}

// LoadConverted reads a value as ReadConverted does, and reports whether it can be used, as check
// says. It says on progress why a file that is there cannot be.
func LoadConverted(path string, value any, progress io.Writer, check func() error) bool {
	err := ReadConverted(path, value)
	if err == nil {
		err = check()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(progress, "%s cannot be used and is made anew: %v\n", path, err)
	}
	return err == nil
}

// SaveConverted keeps a value as WriteConverted does. It says on progress if that fails, since the
// value is good nevertheless.
func SaveConverted(path string, value any, progress io.Writer) {
	if err := WriteConverted(path, value); err != nil {
		fmt.Fprintf(progress, "the table will be converted again next time: %v\n", err)
	}
}

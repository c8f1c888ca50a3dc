package nasbench101

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// converted is what a source holds as it is kept in the cache: the SHA-256 of the rest, then this as a gob.
type converted struct {
	Version    int
	Stamp      string // of the source
	Accuracies *accuracies
}

// convertedVersion changes whenever an older file would be misread.
const convertedVersion = 1

func convertedPath(s Source) string { return cached(s.id() + ".table") }

// loadConverted returns the accuracies in the cache, or nil if there are none that can be used. It says
// on progress why a file that is there cannot be used.
func loadConverted(s Source, progress io.Writer) *accuracies {
	path, stamp := convertedPath(s), s.stamp()
	if stamp == "" {
		return nil
	}
	a, err := loadFrom(path, stamp)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(progress, "%s cannot be used and is made anew: %v\n", path, err)
		}
		return nil
	}
	return a
}

func loadFrom(path, stamp string) (*accuracies, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(content) < sha256.Size || sha256.Sum256(content[sha256.Size:]) != [sha256.Size]byte(content[:sha256.Size]) {
		return nil, errors.New("it is truncated or altered")
	}
	var c converted
	if err := gob.NewDecoder(bytes.NewReader(content[sha256.Size:])).Decode(&c); err != nil {
		return nil, err
	}
	switch {
	case c.Version != convertedVersion:
		return nil, fmt.Errorf("it has version %d, want %d", c.Version, convertedVersion)
	case c.Stamp != stamp:
		return nil, errors.New("its source has changed")
	}
	return c.Accuracies, nil
}

// saveConverted keeps the accuracies in the cache. It says on progress if that fails, since they are good
// nevertheless.
func (a *accuracies) saveConverted(s Source, progress io.Writer) {
	c := converted{convertedVersion, s.stamp(), a}
	if err := c.write(convertedPath(s)); err != nil {
		fmt.Fprintf(progress, "the table will be converted again next time: %v\n", err)
	}
}

func (c converted) write(path string) error {
	content := bytes.NewBuffer(make([]byte, sha256.Size))
	if err := gob.NewEncoder(content).Encode(c); err != nil {
		return err
	}
	sum := sha256.Sum256(content.Bytes()[sha256.Size:])
	copy(content.Bytes(), sum[:])
	return source.WriteFile(path, func(w io.Writer) error {
		_, err := content.WriteTo(w)
		return err
	})
}

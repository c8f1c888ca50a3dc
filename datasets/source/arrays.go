package source

import (
	"bytes"
	"fmt"

	"github.com/sbinet/npyio/npz"
)

// Array is one array of an .npz file, NumPy's format for several of them: numpy.load reads it too.
type Array struct {
	Name   string
	Values any // a slice of numbers
}

// PackArrays returns an .npz file with these arrays. Equal arrays give equal bytes.
func PackArrays(arrays []Array) ([]byte, error) {
	var content bytes.Buffer
	file := npz.NewWriter(&content)
	for _, a := range arrays {
		if err := file.Write(a.Name+".npy", a.Values); err != nil {
			return nil, err
		}
	}
	err := file.Close()
	return content.Bytes(), err
}

// Arrays are the arrays of an .npz file in memory.
type Arrays struct{ file *npz.Reader }

// OpenArrays opens the content of an .npz file.
func OpenArrays(content []byte) (Arrays, error) {
	file, err := npz.NewReader(bytes.NewReader(content), int64(len(content)))
	return Arrays{file}, err
}

// ReadArray returns an array by its name. It is an error if its numbers are of another type, or not
// n.
func ReadArray[T any](arrays Arrays, name string, n int) ([]T, error) {
	var values []T
	if err := arrays.file.Read(name+".npy", &values); err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	if len(values) != n {
		return nil, fmt.Errorf("array %s has %d numbers, want %d", name, len(values), n)
	}
	return values, nil
}

package nasbenchgraph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

var wheel = source.Wheel{
	Name:    "nas-bench-graph",
	Version: "1.4.0",
	SHA256:  "f6ea43836262f1ee8d60c35bbbd20aa2536ee1f8492025e3b0b90096f5afc6ad",
	Size:    5_868_117,
}

const folder = "nasbenchgraph" // of the cache

// Wheel describes the benchmark's own Python package at its usual place. The embedded table is
// made from it.
func Wheel() source.Info {
	return wheel.Info(folder, "mean validation and test accuracy of three training runs, latency, parameters; nine data sets")
}

func fetchWheel(ctx context.Context, progress io.Writer) (path string, err error) {
	dir, err := source.Folder(folder)
	if err != nil {
		return "", err
	}
	return source.FetchWheel(ctx, wheel, dir, progress)
}

// WheelDifferences counts the architectures for which the package that [Wheel] describes, which
// must be there, differs from the embedded table of a data set by more than that was rounded, and
// describes the first few.
func WheelDifferences(dataSet string) (n int, first []string, err error) {
	here, err := Open(dataSet)
	if err != nil {
		return 0, nil, err
	}
	path, err := Wheel().Official(wheel.SHA256, wheel.Size)
	if err != nil {
		return 0, nil, err
	}
	there, err := readWheel(path, here.data)
	if err != nil {
		return 0, nil, err
	}
	return here.differences(there)
}

func (t *Table) differences(other *Table) (n int, first []string, err error) {
	own, others := t.columns(), other.columns()
	return datasets.CountDifferences(len(t.val), func(i int) (string, error) {
		for k, c := range own {
			x, y := (*c.values)[i], (*others[k].values)[i]
			if !(math.Abs(x-y) <= 1.0001*c.slack/c.perUnit) { // so if one is NaN
				return fmt.Sprintf("architecture %d, %v: %s %v and %v", i, t.data.space.At(i), c.name, x, y), nil
			}
		}
		return "", nil
	})
}

// maxPickle is far above the size of the wheel's files, 2 MB.
const maxPickle = 64 << 20

// readWheel returns the table of a data set from the file of the package.
func readWheel(path string, d dataSet) (*Table, error) {
	var t *Table
	err := source.ReadZipped(path, "nas_bench_graph/light/"+d.name+".bench", func(file io.Reader) (err error) {
		t, err = readPickle(file, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// readPickle reads a pickled dict. Its keys are those of architectures, its values dicts with
// numbers of Python or NumPy: fractions under "valid_perf" and "perf", seconds under "latency",
// millions under "para".
func readPickle(file io.Reader, d dataSet) (*Table, error) {
	value, err := pydata.Unpickle(file, maxPickle, findClass)
	if err != nil {
		return nil, err
	}
	entries, ok := pydata.Entries(value)
	if !ok {
		return nil, fmt.Errorf("it holds a %T, want a dict", value)
	}
	n := d.space.Len()
	if len(entries) != n {
		return nil, fmt.Errorf("it has %d architectures, want %d", len(entries), n)
	}
	t := &Table{data: d, source: Wheel().Name}
	parts := []struct {
		key    string
		factor float64
		values *[]float64
	}{{"valid_perf", 100, &t.val}, {"perf", 100, &t.test}, {"latency", 1000, &t.latency}, {"para", 1, &t.parameters}}
	for _, part := range parts {
		*part.values = make([]float64, n)
	}
	seen := make([]bool, n)
	for _, entry := range entries {
		i, err := d.indexOf(entry.Key)
		if err == nil && seen[i] {
			err = fmt.Errorf("the key %v occurs twice", entry.Key)
		}
		if err != nil {
			return nil, err
		}
		seen[i] = true
		for _, part := range parts {
			x, err := number(entry.Value, part.key)
			if err != nil {
				return nil, fmt.Errorf("key %v: %w", entry.Key, err)
			}
			(*part.values)[i] = part.factor * x
		}
	}
	return t, nil
}

// indexOf returns the index of the architecture whose canonical form has a key.
func (d dataSet) indexOf(key any) (int, error) {
	number, ok := key.(int)
	if !ok {
		return 0, fmt.Errorf("a key is a %T, want an int", key)
	}
	a, err := fromKey(number)
	if err == nil {
		err = d.space.check(a)
	}
	if err == nil && a.canonical() != a {
		err = fmt.Errorf("the key %d is of an architecture that is not canonical", number)
	}
	if err != nil {
		return 0, err
	}
	return d.space.Index(a), nil
}

func number(record any, key string) (float64, error) {
	value, err := pydata.Get(record, key)
	if err != nil {
		return 0, err
	}
	x, err := pydata.Float(value)
	if err == nil && !(x >= 0 && x < math.MaxInt32) { // so if it is NaN
		err = fmt.Errorf("the number is %v", x)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", key, err)
	}
	return x, nil
}

// findClass knows what makes NumPy's scalars.
func findClass(module, name string) (any, error) {
	switch module + "." + name {
	case "numpy.dtype":
		return dtype{}, nil
	case "numpy.core.multiarray.scalar":
		return scalar{}, nil
	}
	return nil, nil
}

// dtype is the class numpy.dtype; its objects stand for the type f8 alone.
type dtype struct{}

func (dtype) Call(args ...any) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("a type of NumPy has no name")
	}
	if name, _ := args[0].(string); name != "f8" {
		return nil, errors.New("there is a type of NumPy other than f8")
	}
	return float64Type{}, nil
}

type float64Type struct{}

// PySetState gets a tuple whose second element is the order of bytes.
func (float64Type) PySetState(state any) error {
	parts, ok := state.(*types.Tuple)
	if !ok || parts.Len() < 2 {
		return errors.New("a type of NumPy has no order of bytes")
	}
	if order, _ := parts.Get(1).(string); order != "<" {
		return errors.New("a number of NumPy is not little-endian")
	}
	return nil
}

// scalar is NumPy's function that makes a number from its type and its bytes.
type scalar struct{}

func (scalar) Call(args ...any) (any, error) {
	if len(args) == 2 {
		_, isFloat := args[0].(float64Type)
		content, _ := args[1].([]byte)
		if isFloat && len(content) == 8 {
			return math.Float64frombits(binary.LittleEndian.Uint64(content)), nil
		}
	}
	return nil, errors.New("a number of NumPy is not made of the type f8 and 8 bytes")
}

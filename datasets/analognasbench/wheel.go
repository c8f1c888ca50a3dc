package analognasbench

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/source"
)

var wheel = source.Wheel{
	Name:    "analog-nasbench",
	Version: "0.1.3",
	SHA256:  "f7d4e56e416d249d25555b867a6d7c72886fa9d85a49bd1870708acbf5ee6fe2",
	Size:    2_882_438,
}

const folder = "analognasbench" // of the cache

// Wheel describes the benchmark's own Python package at its usual place. The embedded table is
// made from it.
func Wheel() source.Info {
	return wheel.Info(folder, "13 accuracies of all cells of NAS-Bench-201 on digital and analogue hardware, standard deviations of eight")
}

func fetchWheel(ctx context.Context, progress io.Writer) (path string, err error) {
	dir, err := source.Folder(folder)
	if err != nil {
		return "", err
	}
	return source.FetchWheel(ctx, wheel, dir, progress)
}

// WheelDifferences counts the cells for which the package that [Wheel] describes, which must be
// there, differs from the embedded tables, and describes the first few.
func WheelDifferences() (n int, first []string, err error) {
	path, err := Wheel().Official(wheel.SHA256, wheel.Size)
	if err != nil {
		return 0, nil, err
	}
	there, err := readWheel(path)
	if err != nil {
		return 0, nil, err
	}
	return differences(there)
}

// differences compares tables of all data sets with the embedded ones.
func differences(there []*Table) (n int, first []string, err error) {
	here := make([]*Table, len(dataSets))
	for i, d := range dataSets {
		if here[i], err = embedded(d); err != nil {
			return 0, nil, err
		}
	}
	differ := func(x, y float64) bool { return !(math.Abs(x-y) < 0.1/perPoint) } // so if one is NaN
	return datasets.CountDifferences(nasbench201.NumCells, func(cell int) (string, error) {
		for i, t := range here {
			if x, y := t.accuracy[cell], there[i].accuracy[cell]; differ(x, y) {
				return fmt.Sprintf("cell %d, %v: %s %v and %v", cell, nasbench201.Space{}.At(cell), t.data.name, x, y), nil
			}
			if t.deviation == nil {
				continue
			}
			if x, y := t.deviation[cell], there[i].deviation[cell]; differ(x, y) {
				return fmt.Sprintf("cell %d, %v: deviation of %s %v and %v", cell, nasbench201.Space{}.At(cell), t.data.name, x, y), nil
			}
		}
		return "", nil
	})
}

// maxPickle is far above the size of the wheel's file, 6 MB.
const maxPickle = 128 << 20

// readWheel returns the tables of all data sets from the file of the package.
func readWheel(path string) ([]*Table, error) {
	var tables []*Table
	err := source.ReadZipped(path, "analognasbench/data.anb", func(file io.Reader) (err error) {
		tables, err = readPickle(file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tables, nil
}

// readPickle reads a pickled dict. Its keys are tuples of six numbers, by edge, its values objects
// with a number for each accuracy; those with a standard deviation are objects of two numbers.
//
// Edges are in the order of their source and then their target, 0-1 0-2 0-3 1-2 1-3 2-3, and
// operations are skip_connect 0, none 1, nor_conv_3x3 2, nor_conv_1x1 3, avg_pool_3x3 4: the
// notation of NASLib, and not that of NAS-Bench-201, whose edges go by target. The package does
// not say so. In this order baseline agrees with NAS-Bench-201's test accuracies (Pearson .999),
// in the other it does not (.377).
func readPickle(file io.Reader) ([]*Table, error) {
	value, err := pydata.Unpickle(file, maxPickle, findClass)
	if err != nil {
		return nil, err
	}
	entries, ok := pydata.Entries(value)
	if !ok {
		return nil, fmt.Errorf("it holds a %T, want a dict", value)
	}
	if len(entries) != nasbench201.NumCells {
		return nil, fmt.Errorf("it has %d cells, want %d", len(entries), nasbench201.NumCells)
	}
	tables := make([]*Table, len(dataSets))
	for i, d := range dataSets {
		tables[i] = &Table{data: d, source: Wheel().Name, accuracy: make([]float64, nasbench201.NumCells)}
		if d.drift {
			tables[i].deviation = make([]float64, nasbench201.NumCells)
		}
	}
	seen := make([]bool, nasbench201.NumCells)
	for _, entry := range entries {
		cell, err := parseKey(entry.Key)
		if err != nil {
			return nil, err
		}
		i := nasbench201.Space{}.Index(cell)
		if seen[i] {
			return nil, fmt.Errorf("cell %v occurs twice", cell)
		}
		seen[i] = true
		for _, t := range tables {
			if err := t.read(i, entry.Value); err != nil {
				return nil, fmt.Errorf("cell %v: %s: %w", cell, t.data.attribute, err)
			}
		}
	}
	return tables, nil
}

// parseKey returns the cell that six numbers name.
func parseKey(key any) (nasbench201.Cell, error) {
	numbers, ok := key.(*types.Tuple)
	if !ok || numbers.Len() != nasbench201.NumEdges {
		return nasbench201.Cell{}, fmt.Errorf("a key is a %T, want a tuple of %d numbers", key, nasbench201.NumEdges)
	}
	var operations [nasbench201.NumEdges]int
	for i := range operations {
		if operations[i], ok = numbers.Get(i).(int); !ok {
			return nasbench201.Cell{}, fmt.Errorf("a key has a %T, want numbers", numbers.Get(i))
		}
	}
	return nasbench201.FromNASLib(operations)
}

// read takes the accuracy of cell i out of an object of the file.
func (t *Table) read(i int, record any) (err error) {
	if !t.data.drift {
		t.accuracy[i], err = number(record, t.data.attribute)
		return err
	}
	measured, err := attribute(record, t.data.attribute)
	if err != nil {
		return err
	}
	if t.accuracy[i], err = number(measured, "value"); err != nil {
		return err
	}
	t.deviation[i], err = number(measured, "uncertainty")
	return err
}

// number returns an attribute of an object, a number of percent.
func number(of any, name string) (float64, error) {
	value, err := attribute(of, name)
	if err != nil {
		return 0, err
	}
	x, err := pydata.Float(value)
	if err == nil && !(x >= 0 && x <= 100) { // so if it is NaN
		err = fmt.Errorf("it is %v, want 0 to 100", x)
	}
	return x, err
}

func attribute(of any, name string) (any, error) {
	attributes, ok := of.(object)
	if !ok {
		return nil, fmt.Errorf("there is a %T, want an object with %q", of, name)
	}
	value, ok := attributes[name]
	if !ok {
		return nil, fmt.Errorf("there is no %q", name)
	}
	return value, nil
}

// object is one of the package's classes Architecture and DriftMeasurement: its attributes.
type object map[string]any

func (object) PyNew(...any) (any, error) { return object{}, nil }

func (o object) PyDictSet(key, value any) error {
	name, ok := key.(string)
	if !ok {
		return fmt.Errorf("an attribute is named by a %T", key)
	}
	o[name] = value
	return nil
}

func findClass(module, name string) (any, error) {
	switch module + "." + name {
	case "analognasbench.data.Architecture", "analognasbench.data.DriftMeasurement":
		return object{}, nil
	}
	return nil, nil
}

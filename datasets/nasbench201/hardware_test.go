package nasbench201

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestHardwareIsTheOfficial compares cell 0 with what the README of HW-NAS-Bench prints for it, and what is missing with the
// number of cells that the edge TPU's compiler could not translate.
func TestHardwareIsTheOfficial(t *testing.T) {
	dir := referenceDir(t)
	if dir == "" {
		return // the table of latencies has no other source
	}
	t.Setenv(dataVar, dir)
	h, err := OpenHardware("cifar10")
	if err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string]float64{
		"edgegpu": 5.807418537139893, "raspi4": 10.481976820010459, "edgetpu": 0.9571811309997429,
		"pixel3": 3.60585, "eyeriss": 3.64562, "fpga": 2.57296,
	} {
		if got, err := h.Latency(device, Space{}.At(0)); err != nil || math.Abs(got-want) > 1e-5 {
			t.Errorf("cell 0 on %s: %v, %v, want %v", device, got, err, want)
		}
	}
	none := 0
	for i := range NumCells {
		if _, err := h.Latency("edgetpu", Space{}.At(i)); err != nil {
			none++
		}
	}
	if none != 4699 {
		t.Errorf("%d cells have no latency on the edge TPU, want 4699", none)
	}
	_, err = h.Latencies("edgetpu")
	wantError(t, err, "no latency", "edgetpu")
	if all, err := h.Latencies("pixel3"); err != nil || len(all) != NumCells {
		t.Errorf("%d latencies, %v", len(all), err)
	}
	_, err = h.Latency("abacus", Space{}.At(0))
	wantError(t, err, `"abacus"`, "pixel3")
}

func TestBrokenHardware(t *testing.T) {
	write := func(rows int, row func(i int) string) string {
		return writeFile(t, "nb201_hwnasbench.csv.gz", func(w io.Writer) error {
			zipped := gzip.NewWriter(w)
			header := "index"
			for _, device := range Devices() {
				header += ",cifar10_" + device + "_latency"
			}
			fmt.Fprintln(zipped, header)
			for i := range rows {
				fmt.Fprintln(zipped, row(i))
			}
			return zipped.Close()
		})
	}
	good := func(i int) string { return fmt.Sprintf("%d,1,2,-1,4,5,6", i) }
	swap := func(from, to string) func(int) string {
		return func(i int) string {
			if good(i) == from {
				return to
			}
			return good(i)
		}
	}
	for name, c := range map[string]struct{ path, dataSet, want string }{
		"row count":   {write(12, good), "cifar10", "12 cells, want 15625"},
		"other order": {write(NumCells, swap(good(7), good(8))), "cifar10", "cell 7 is that of cell 8"},
		"zero":        {write(NumCells, swap(good(7), "7,0,2,3,4,5,6")), "cifar10", `cell 7: latency on edgegpu is "0"`},
		"not finite":  {write(NumCells, swap(good(7), "7,nan,2,3,4,5,6")), "cifar10", `cell 7: latency on edgegpu is "nan"`},
		"column":      {write(1, good), "cifar100", "no column cifar100_edgegpu_latency"},
		"data set":    {write(1, good), "mnist", `unknown data set "mnist"`},
		"no file":     {filepath.Join(t.TempDir(), "nb201_hwnasbench.csv.gz"), "cifar10", "there is neither"},
		"no gzip":     {writeFile(t, "nb201_hwnasbench.csv.gz", func(w io.Writer) error { _, err := io.WriteString(w, "index,cifar10_edgegpu_latency"); return err }), "cifar10", "gzip"},
	} {
		t.Setenv(dataVar, filepath.Dir(c.path))
		if _, err := OpenHardware(c.dataSet); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
	t.Setenv(dataVar, "")
	os.Unsetenv(dataVar)
	_, err := OpenHardware("cifar10")
	wantError(t, err, "set CRLSO_DATA")
}

// pickled runs a Python script that writes the benchmark's own file to the path that it is given, in a cache of its own,
// where OpenHardware then finds it.
func pickled(t *testing.T, script string, arguments ...string) {
	t.Helper()
	t.Setenv("CRLSO_CACHE", t.TempDir())
	t.Setenv(dataVar, t.TempDir())
	path := HardwareSources()[1].Path
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	script = "import csv, gzip, pickle, sys\n" + script + "\npickle.dump({'nasbench201': space, 'fbnet': {}}, open(sys.argv[1], 'wb'))\n"
	if out, err := exec.Command("python3", append([]string{"-c", script, path}, arguments...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestHardwarePickle reads the benchmark's own file, in the layout that its code reads, written by Python.
func TestHardwarePickle(t *testing.T) {
	dir := referenceDir(t)
	if dir == "" {
		return // the table of latencies has no other source
	}
	t.Setenv(dataVar, dir)
	table := HardwareSources()[0].Path
	want := make(map[string]*Hardware)
	for _, dataSet := range DataSets() {
		var err error
		if want[dataSet], err = OpenHardware(dataSet); err != nil {
			t.Fatal(err)
		}
	}
	pickled(t, `
rows = list(csv.DictReader(gzip.open(sys.argv[2], "rt")))
space = {}
for name, key in [("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet16", "ImageNet16-120")]:
    space[key] = {}
    for device in ["edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"]:
        values = [float(row[f"{name}_{device}_latency"]) for row in rows]
        space[key][device + "_latency"] = [-1 if v == -1 else v for v in values]
`, table)
	for _, dataSet := range DataSets() {
		got, err := OpenHardware(dataSet)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want[dataSet]) {
			t.Errorf("%s: the pickle has other latencies than the table it was made of", dataSet)
		}
	}
}

func TestBrokenHardwarePickle(t *testing.T) {
	for change, want := range map[string]string{
		`cells["pixel3_latency"] = [1.5]`:                   "cifar10/pixel3_latency is not a list of 15625 latencies",
		`cells["pixel3_latency"] = [1.5] * 7 + [0] * 15618`: `cell 7: latency on pixel3 is "0"`,
		`cells["pixel3_latency"] = ["a"] * 15625`:           `cell 0: latency on pixel3 is "a string"`,
		`cells["pixel3_latency"] = [1e999] * 15625`:         `cell 0: latency on pixel3 is "+Inf"`,
		`del cells["raspi4_latency"]`:                       `nasbench201/cifar10 has no key "raspi4_latency"`,
		`space = 5`:                                         "nasbench201 is a int, want a dict",
		`open(sys.argv[1], "w").write("cut"); sys.exit()`:   "HW-NAS-Bench-v1_0.pickle: ",
		// Without a guard these 12 bytes end the process, out of memory.
		`open(sys.argv[1], "wb").write(b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f."); sys.exit()`: "not a well-formed pickle",
	} {
		pickled(t, `
cells = {d + "_latency": [1.5] * 15625 for d in ["edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"]}
space = {"cifar10": cells}
`+change)
		_, err := OpenHardware("cifar10")
		wantError(t, err, want, "GATECH-EIC/HW-NAS-Bench")
	}
}

// Each edge of a child has the operation of one parent, and each of the two about equally often.
func TestCrossover(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := Space{}.At(11).(Cell), Space{}.At(3000).(Cell)
	first, differ := 0, 0
	for range 200 {
		child := Crossover(a, b, rng).(Cell)
		for i, op := range child {
			if op != a[i] && op != b[i] {
				t.Fatalf("edge %d of %v is from neither %v nor %v", i, child, a, b)
			}
			if a[i] != b[i] {
				differ++
				if op == a[i] {
					first++
				}
			}
		}
	}
	if share := float64(first) / float64(differ); math.Abs(share-0.5) > 0.1 {
		t.Errorf("a share of %.2f is from the first parent, want about a half", share)
	}
}

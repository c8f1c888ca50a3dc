package nasbench201

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestHardwareIsTheOfficial compares cell 0 with what the README of HW-NAS-Bench prints for it, and
// what is missing with the number of cells that the edge TPU's compiler could not translate.
func TestHardwareIsTheOfficial(t *testing.T) {
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
	for device, want := range map[string]float64{"edgegpu": 24.226614330768584, "eyeriss": 0.6872827644910395, "fpga": 18.01072} {
		if got, err := h.Energy(device, Space{}.At(0)); err != nil || math.Abs(got-want) > 1e-5 {
			t.Errorf("energy of cell 0 on %s: %v, %v, want %v", device, got, err, want)
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
	_, err = h.Energy("pixel3", Space{}.At(0))
	wantError(t, err, `"pixel3"`, "edgegpu, eyeriss, fpga")
	if all, err := h.Energies("fpga"); err != nil || len(all) != NumCells {
		t.Errorf("%d energies, %v", len(all), err)
	}
}

// The digest is of the table that the embedded one was made from, made by another program: a line
// with six latencies and three energies for each cell in the official order.
func TestEmbeddedHardware(t *testing.T) {
	for name, want := range map[string]string{
		"cifar10":    "66a98aeb1243e4354d10f3036bfade09378b4d2aa329d70b7e32eee7d39dbca9",
		"cifar100":   "58372230374d43d8b8a43fed4af4e245329af70311b65b339f2c423784a29c71",
		"imagenet16": "2cef48d0761af0672d00ac69ea9e78908246f912316655075a0ea7db7cdb6a76",
	} {
		h, err := OpenHardware(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		for cell := range NumCells {
			for i, measure := range measures() {
				separator := ","
				if i == 0 {
					separator = ""
				}
				fmt.Fprintf(sum, "%s%v", separator, h.values[measure][cell])
			}
			fmt.Fprintln(sum)
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
			t.Errorf("%s: SHA-256 %s, want %s", name, got, want)
		}
	}
}

func TestBrokenHardware(t *testing.T) {
	write := func(rows int, row func(i int) string) string {
		return writeFile(t, "nb201_hwnasbench.csv.gz", func(w io.Writer) error {
			zipped := gzip.NewWriter(w)
			header := "index"
			for _, measure := range measures() {
				header += ",cifar10_" + measure
			}
			fmt.Fprintln(zipped, header)
			for i := range rows {
				fmt.Fprintln(zipped, row(i))
			}
			return zipped.Close()
		})
	}
	good := func(i int) string { return fmt.Sprintf("%d,1,2,-1,4,5,6,7,8,9", i) }
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
		"zero":        {write(NumCells, swap(good(7), "7,0,2,3,4,5,6,7,8,9")), "cifar10", `cell 7: edgegpu_latency is "0"`},
		"not finite":  {write(NumCells, swap(good(7), "7,nan,2,3,4,5,6,7,8,9")), "cifar10", `cell 7: edgegpu_latency is "nan"`},
		"column":      {write(1, good), "cifar100", "no column cifar100_edgegpu_latency"},
		"data set":    {write(1, good), "mnist", `unknown data set "mnist"`},
		"no file":     {filepath.Join(t.TempDir(), "nb201_hwnasbench.csv.gz"), "cifar10", "no such file"},
		"no gzip":     {writeFile(t, "nb201_hwnasbench.csv.gz", func(w io.Writer) error { _, err := io.WriteString(w, "index,cifar10_edgegpu_latency"); return err }), "cifar10", "gzip"},
	} {
		if _, err := ReadHardware(c.dataSet, c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
}

// pickled returns the path of what a Python script writes in the layout of the benchmark's own
// file.
func pickled(t *testing.T, script string, arguments ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "HW-NAS-Bench-v1_0.pickle")
	script = "import json, pickle, sys\n" + script + "\npickle.dump({'nasbench201': space, 'fbnet': {}}, open(sys.argv[1], 'wb'))\n"
	if out, err := exec.Command("python3", append([]string{"-c", script, path}, arguments...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestHardwarePickle reads the benchmark's own file, in the layout that its code reads, written by
// Python, and compares it with the embedded table: it agrees, or the cell that differs is named.
func TestHardwarePickle(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	all := make(map[string]map[string][]float64)
	for _, dataSet := range DataSets() {
		h, err := OpenHardware(dataSet)
		if err != nil {
			t.Fatal(err)
		}
		all[dataSet] = h.values
	}
	content, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	values := filepath.Join(t.TempDir(), "values.json")
	put(t, values, string(content))
	const script = `
values = json.load(open(sys.argv[2]))
values["ImageNet16-120"] = values.pop("imagenet16")
space = {name: {m: [-1 if v == -1 else v for v in list] for m, list in measures.items()} for name, measures in values.items()}
`
	path := pickled(t, script, values)
	for _, dataSet := range DataSets() {
		got, err := ReadHardware(dataSet, path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.values, all[dataSet]) {
			t.Errorf("%s: the pickle has other values than the table it was made of", dataSet)
		}
	}
	path = pickled(t, script+`space["cifar100"]["fpga_energy"][12] += 1e-4`, values)
	for dataSet, want := range map[string]int{"cifar10": 0, "cifar100": 1} {
		if n, first, err := HardwareDifferences(dataSet, path); n != want || err != nil || want == 1 && !strings.Contains(first[0], "cell 12, ") {
			t.Errorf("%s: %d cells differ, %q, %v; want %d", dataSet, n, first, err, want)
		}
	}
}

func TestBrokenHardwarePickle(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for change, want := range map[string]string{
		`cells["pixel3_latency"] = [1.5]`:                   "cifar10/pixel3_latency is not a list of 15625 numbers",
		`cells["pixel3_latency"] = [1.5] * 7 + [0] * 15618`: `cell 7: pixel3_latency is "0"`,
		`cells["pixel3_latency"] = ["a"] * 15625`:           `cell 0: pixel3_latency is "a string"`,
		`cells["pixel3_latency"] = [1e999] * 15625`:         `cell 0: pixel3_latency is "+Inf"`,
		`del cells["raspi4_latency"]`:                       `nasbench201/cifar10 has no key "raspi4_latency"`,
		`space = 5`:                                         "nasbench201 is a int, want a dict",
		`open(sys.argv[1], "w").write("cut"); sys.exit()`:   "HW-NAS-Bench-v1_0.pickle: ",
		// Without a guard these 12 bytes end the process, out of memory.
		`open(sys.argv[1], "wb").write(b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f."); sys.exit()`: "not a well-formed pickle",
	} {
		path := pickled(t, `
cells = {d + "_latency": [1.5] * 15625 for d in ["edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"]}
cells.update({d + "_energy": [1.5] * 15625 for d in ["edgegpu", "eyeriss", "fpga"]})
space = {"cifar10": cells}
`+change)
		_, err := ReadHardware("cifar10", path)
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

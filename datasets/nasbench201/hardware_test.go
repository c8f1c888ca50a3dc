package nasbench201

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
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
		"no file":     {filepath.Join(t.TempDir(), "nb201_hwnasbench.csv.gz"), "cifar10", "no such file"},
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

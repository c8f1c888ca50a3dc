package nasbench201

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// natsFiles has Python write the benchmark's own files of three cells, once for each change, and
// returns the folders. A change is Python that changes the files before.
func natsFiles(t testing.TB, changes ...string) []string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("python3", append([]string{filepath.Join("testdata", "natsbench.py"), dir}, changes...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	folders := make([]string, len(changes))
	for i := range folders {
		folders[i] = filepath.Join(dir, strconv.Itoa(i), natsName)
	}
	return folders
}

// The benchmark's own files, packed or not, give validation of each run and mean test as the
// authors have them: on CIFAR-10 of two trainings.
func TestNATSBenchOwnFiles(t *testing.T) {
	folder := natsFiles(t, "")[0]
	for _, path := range []string{folder, folder + ".tar"} {
		for _, d := range dataSets {
			table := newTable(d, "NATSBench")
			if err := (NATSBench{}).read(t.Context(), path, table, t.Output()); err != nil {
				t.Fatal(err)
			}
			if !table.HasTest() {
				t.Errorf("%s has no test accuracy", d.name)
			}
			read := 0
			for _, r := range table.records {
				if r.Val != missing {
					read++
				}
			}
			if read != 3 {
				t.Errorf("%d cells, want 3", read)
			}
			for _, official := range officialRecords(t) {
				got, test := table.records[official.Index], 0.0
				for i, seed := range seeds {
					if want := official.Accuracies[d.hpobench+"|"+seed][xValid]; got.Runs[i] != want {
						t.Errorf("%s: run %d of cell %d is %v, want %v", d.name, i, official.Index, got.Runs[i], want)
					}
					name, split := d.hpobench, xTest
					if d.name == "cifar10" {
						name, split = "cifar10", "ori-test@199"
					}
					test += official.Accuracies[name+"|"+seed][split] / 3
				}
				if math.Abs(got.Test-test) > 1e-9 {
					t.Errorf("%s: test of cell %d is %v, want %v", d.name, official.Index, got.Test, test)
				}
			}
		}
	}
}

// Files of some cells, or of something else, end in one line that names the file, what is wrong and
// the remedy.
func TestBrokenNATSBench(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	accuracies := `first["all_results"]["cifar10-valid", 777]["eval_acc1es"]`
	wants := map[string]string{
		"":                                     "3 cells, want 15625",
		accuracies + `["x-valid@199"] = 101.0`: "000000.pickle.pbz2: cifar10-valid, seed 777: x-valid@199 is 101, want 0 to 100",
		accuracies + `["x-valid@199"] = float("nan")`:                 "x-valid@199 is NaN",
		accuracies + `["x-valid@199"] = "82"`:                         "a string where a number is wanted",
		`del ` + accuracies + `["x-valid@199"]`:                       `cifar10-valid, seed 777: there is no "x-valid@199"`,
		`first["all_results"]["cifar10-valid", 777] = 5`:              `a int where a dict with "eval_acc1es"`,
		`first["all_results"] = 5`:                                    "all_results is a int",
		`first["all_results"] = {}`:                                   "no training run on cifar10-valid",
		`first["all_results"]["cifar10-valid", "777"] = 5`:            "a seed of cifar10-valid is a string",
		`first["arch_index"] = 1`:                                     "its arch_index is that of another cell",
		`first["arch_str"] = "|none~0|"`:                              "its arch_str is not that of cell 0",
		`del cells["000000.pickle.pbz2"]["200"]`:                      `000000.pickle.pbz2: there is no "200"`,
		`cells["000000.pickle.pbz2"] = [5]`:                           `a *types.List where a dict with "200"`,
		`cells["000000.pickle.pbz2"] = b"cut"`:                        "000000.pickle.pbz2: bzip2 data invalid",
		`cells["000000.pickle.pbz2"] = bz2.compress(b"cut")`:          "000000.pickle.pbz2: not a well-formed pickle",
		`cells["000000.pickle.pbz2"] = b"x" * 5000000`:                "000000.pickle.pbz2 has more than 4194304 bytes",
		`cells["000000.pickle.pbz2"] = bz2.compress(b"N" * 20000000)`: "the pickle has more than 16777216 bytes",
		`cells = {"meta.pickle.pbz2": 1}`:                             "no file such as 000000.pickle.pbz2",
	}
	changes := slices.Collect(maps.Keys(wants))
	for i, folder := range natsFiles(t, changes...) {
		for _, path := range []string{folder, folder + ".tar"} {
			_, err := Open(t.Context(), "cifar10", NATSBench{Path: path}, nil)
			wantError(t, err, wants[changes[i]], path, "D-X-Y/NATS-Bench")
		}
	}
	other := filepath.Join(t.TempDir(), "x.tar")
	put(t, other, "no tar")
	_, err := Open(t.Context(), "cifar10", NATSBench{Path: other}, nil)
	wantError(t, err, "neither a folder nor a sound .tar")
	_, err = Open(t.Context(), "cifar10", NATSBench{}, nil)
	wantError(t, err, "no file or folder", natsName+".tar", "D-X-Y/NATS-Bench")
}

// The usual place is the cache, unpacked or packed.
func TestNATSBenchInItsPlace(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("CRLSO_CACHE", cache)
	folder := natsFiles(t, "")[0]
	if err := os.MkdirAll(filepath.Join(cache, "nasbench201"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{folder + ".tar", folder} {
		if info := (NATSBench{}).Info(); info.Present && from != folder {
			t.Errorf("without files: %+v", info)
		}
		to := filepath.Join(cache, "nasbench201", filepath.Base(from))
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
		if info := (NATSBench{}).Info(); !info.Present || info.Path != to {
			t.Errorf("with %s: %+v", to, info)
		}
	}
}

func TestCancelNATSBench(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "cifar10", NATSBench{Path: natsFiles(t, "")[0]}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// No change of a cell's file makes the reader panic, hang or use much memory: packed, or after
// unpacking.
func FuzzNATSCell(f *testing.F) {
	packed, err := os.ReadFile(filepath.Join(natsFiles(f, `
for c in cells["000000.pickle.pbz2"].values():
    for r in c["all_results"].values():
        r["train_acc1es"] = r["train_losses"] = {}
`)[0], "000000.pickle.pbz2"))
	if err != nil {
		f.Fatal(err)
	}
	unpacked, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(packed)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, true)
	f.Add(packed[:len(packed)/2], true)
	f.Add(append(bytes.Clone(packed), packed...), true)
	f.Add(unpacked, false)
	f.Fuzz(func(t *testing.T, content []byte, isPacked bool) {
		var file io.Reader = bytes.NewReader(content)
		if isPacked {
			file = bzip2.NewReader(file)
		}
		if records, err := readNATSCell(file, 0); err == nil && len(records) != len(dataSets) {
			t.Fatalf("%d records", len(records))
		}
	})
}

// Nor does any change of a .tar.
func FuzzNATSTar(f *testing.F) {
	content, err := os.ReadFile(natsFiles(f, `cells = {"000000.pickle.pbz2": b"x", "meta.pickle.pbz2": b"y"}`)[0] + ".tar")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content[:4096])
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		eachInTar(bytes.NewReader(content), func(file natsFile) error {
			if file.index < 0 || file.index >= NumCells || len(file.content) > maxNATSFile || !strings.HasSuffix(file.name, ".pbz2") {
				t.Fatalf("%s with index %d and %d bytes", file.name, file.index, len(file.content))
			}
			return nil
		})
	})
}

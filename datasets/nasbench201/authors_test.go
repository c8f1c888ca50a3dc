package nasbench201

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// authorsContent returns the JSON of the three official cells as the code of AlbertiPot/nar writes
// it, with some of what else it has. edit may change a cell.
func authorsContent(t testing.TB, edit func(index int, cell map[string]any)) string {
	t.Helper()
	cells := map[string]any{}
	for _, official := range officialRecords(t) {
		mean := func(key, split string) (sum float64) {
			for _, seed := range seeds {
				sum += official.Accuracies[key+"|"+seed][split] / 3
			}
			return sum
		}
		cell := map[string]any{
			"arch_str": Space{}.At(official.Index).String(), "cell_adjacency": [][]int{{0, 1}}, "cifar10_latency": 0.01, "cifar10_rank": 3,
			"cifar10_val_acc": mean("cifar10-valid", xValid), "cifar10_test_acc": mean("cifar10", "ori-test@199"),
			"cifar100_val_acc": mean("cifar100", xValid), "cifar100_test_acc": mean("cifar100", xTest),
			"imagenet16_val_acc": mean("ImageNet16-120", xValid), "imagenet16_test_acc": mean("ImageNet16-120", xTest),
			"ImageNet16-120_opt_flops": map[string]any{"cells0": []int{1, 2, 3}},
		}
		if edit != nil {
			edit(official.Index, cell)
		}
		cells[fmt.Sprint(official.Index)] = cell
	}
	content, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The JSON of CR-LSO's authors gives what the official records hold.
func TestAuthorsJSON(t *testing.T) {
	for _, d := range dataSets {
		table := newTable(d, "AuthorsJSON")
		path := filepath.Join(t.TempDir(), authorsName)
		put(t, path, authorsContent(t, nil))
		if err := (AuthorsJSON{}).read(t.Context(), path, table, t.Output()); err != nil {
			t.Fatal(err)
		}
		for _, official := range officialRecords(t) {
			name, split := d.hpobench, xTest
			if d.name == "cifar10" {
				name, split = "cifar10", "ori-test@199"
			}
			val, test := 0.0, 0.0
			for _, seed := range seeds {
				val += official.Accuracies[d.hpobench+"|"+seed][xValid] / 3
				test += official.Accuracies[name+"|"+seed][split] / 3
			}
			if got := table.records[official.Index]; math.Abs(got.Val-val) > 1e-9 || math.Abs(got.Test-test) > 1e-9 || len(got.Runs) > 0 {
				t.Errorf("%s: cell %d has %+v, want %v and %v", d.name, official.Index, got, val, test)
			}
		}
	}
}

func TestBrokenAuthorsJSON(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	edit := func(key string, value any) string {
		return authorsContent(t, func(index int, cell map[string]any) {
			if index == 11 {
				cell[key] = value
			}
		})
	}
	for name, c := range map[string]struct{ content, want string }{
		"few cells":   {authorsContent(t, nil), "3 cells, want 15625"},
		"no accuracy": {edit("cifar10_val_acc", nil), "cell 11: cifar10_val_acc or cifar10_test_acc is missing"},
		"a string":    {edit("cifar10_val_acc", "82"), "cell 11: json: cannot unmarshal string"},
		"above 100":   {edit("cifar10_test_acc", 101), "cell 11, "},
		"other cell":  {edit("arch_str", Space{}.At(12).String()), "cell 11: its arch_str is"},
		"other keys":  {`{"777": {}, "seed": {}}`, "cell 777: its arch_str is"},
		"no index":    {`{"15625": {}}`, `the key "15625" is not the index of a cell, 0 to 15624; want ` + authorsName},
		"cut":         {authorsContent(t, nil)[:1000], "unexpected EOF"},
		"a list":      {"[]", "want an object"},
		"empty":       {"", "unexpected EOF"},
		"a tail":      {authorsContent(t, nil) + "{}", "after the data"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), authorsName)
			put(t, path, c.content)
			_, err := Open(t.Context(), "cifar10", AuthorsJSON{Path: path}, nil)
			wantError(t, err, c.want, path, "AlbertiPot/nar")
		})
	}
	_, err := Open(t.Context(), "cifar10", AuthorsJSON{}, nil)
	wantError(t, err, "no file", AuthorsJSON{}.Info().Path, authorsName)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), authorsName)
	put(t, path, authorsContent(t, nil))
	if _, err := Open(ctx, "cifar10", AuthorsJSON{Path: path}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// hpobenchContent returns the JSON of the three official cells as HPOBench has it.
func hpobenchContent(t testing.TB, d dataSet) string {
	t.Helper()
	var b strings.Builder
	for i, seed := range seeds {
		fmt.Fprintf(&b, "%s%q: {", []string{"{", "}, ", "}, "}[i], seed)
		for k, official := range officialRecords(t) {
			accuracies := official.Accuracies[d.hpobench+"|"+seed]
			fmt.Fprintf(&b, `%s%q: {"eval_acc1es": {"x-valid@199": %v, "x-test@199": %v, "ori-test@0": NaN}, "eval_losses": {"x-valid@199": %d}}`,
				[]string{"", ", ", ", "}[k], Space{}.At(official.Index), accuracies[xValid], accuracies[xTest], i)
		}
	}
	return b.String() + "}}"
}

// The archive of HPOBench is read as well where it is unpacked: the folder, the folder above, or
// the JSON itself.
func TestUnpackedHPOBench(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("CRLSO_CACHE", cache)
	folder := filepath.Join(cache, "nasbench201", "nasbench_201")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	d := dataSets[1]
	file := filepath.Join(folder, "NAS-Bench-201-v1_1-096897_cifar100.json")
	put(t, file, hpobenchContent(t, d))
	for _, path := range []string{"", folder, filepath.Dir(folder), file} {
		source := HPOBench{Path: path}
		if info := source.Info(); !info.Present {
			t.Errorf("%q: %+v", path, info)
		}
		place, err := source.fetch(t.Context(), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		table := newTable(d, source.Info().Name)
		if err := source.read(t.Context(), place, table, t.Output()); err != nil {
			t.Fatal(err)
		}
		for _, official := range officialRecords(t) {
			for i, seed := range seeds {
				if got, want := table.records[official.Index].Runs[i], official.Accuracies["cifar100|"+seed][xValid]; got != want {
					t.Errorf("%q: run %d of cell %d is %v, want %v", path, i, official.Index, got, want)
				}
			}
		}
		_, err = Open(t.Context(), "cifar10", source, nil)
		wantError(t, err, "NAS-Bench-201-v1_1-096897_cifar10-valid.json", archive.URL)
		_, err = Open(t.Context(), "cifar100", source, nil)
		wantError(t, err, "has 3 cells, want 15625")
	}
	_, err := Open(t.Context(), "cifar100", HPOBench{Path: filepath.Join(cache, "none")}, nil)
	wantError(t, err, "no file or folder", archive.URL)
}

// No JSON makes the reader of HPOBench or of the authors' file panic or hang.
func FuzzHPOBench(f *testing.F) {
	f.Add(hpobenchContent(f, dataSets[0]), uint8(0))
	f.Add(hpobenchContent(f, dataSets[2]), uint8(2))
	f.Add(`{"777": {"421211": {"eval_acc1es": {"x-valid@199": 1e3}}}}`, uint8(0))
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		table := newTable(dataSets[int(n)%len(dataSets)], "HPOBench")
		table.hasTest = n%2 == 0
		if err := table.readRuns(t.Context(), strings.NewReader(text), io.Discard); err == nil {
			table.check()
		}
	})
}

func FuzzAuthorsJSON(f *testing.F) {
	f.Add(authorsContent(f, nil), uint8(0))
	f.Add(`{"0": {"arch_str": null}}`, uint8(1))
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		table := newTable(dataSets[int(n)%len(dataSets)], "AuthorsJSON")
		if err := table.readAuthors(t.Context(), strings.NewReader(text)); err == nil {
			table.check()
		}
	})
}

// No archive makes it panic, hang or use much memory.
func FuzzHPOBenchArchive(f *testing.F) {
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	member, err := archive.Create("nasbench_201/NAS-Bench-201-v1_1-096897_cifar100.json")
	if err != nil {
		f.Fatal(err)
	}
	if _, err := io.WriteString(member, hpobenchContent(f, dataSets[1])); err != nil {
		f.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(content.Bytes())
	path := filepath.Join(f.TempDir(), "archive.zip")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		HPOBench{}.read(t.Context(), path, newTable(dataSets[1], "HPOBench"), io.Discard)
	})
}

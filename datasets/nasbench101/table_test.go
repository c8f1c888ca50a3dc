package nasbench101

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// synthetic returns accuracies that no cell has, but which agree with what is known of all: those
// of three runs, or of one as in the reference table.
func synthetic(t *testing.T, runs int) *accuracies {
	t.Helper()
	// spread returns n values with a best one and a mean, which come in pairs around the rest's
	// mean.
	spread := func(n, best int, f facts) []float64 {
		values := make([]float64, n)
		rest := (f.mean*float64(n) - f.best) / float64(n-1)
		sign := 1.0
		distance := 0.0
		for i := range values {
			if i == best {
				continue
			}
			if sign > 0 {
				distance = float64(i%1000) / 1000
			}
			values[i] = rest + sign*distance
			sign = -sign
		}
		for i := n - 1; sign < 0; i-- { // an odd one is left over
			if i != best {
				values[i], sign = rest, 1
			}
		}
		values[best] = f.best
		return values
	}
	test := spread(NumCells, positionOf(t, testFacts.hash), testFacts)
	if runs == 1 {
		a := newAccuracies(1, 0)
		copy(a.Test, test)
		best := positionOf(t, singleRunFacts.hash)
		numbers := []int{best} // the best comes first, then others at equal distances
		for i := 0; len(numbers) < singleRunFacts.cells; i += 14 {
			if i != best {
				numbers = append(numbers, i)
			}
		}
		for i, v := range spread(len(numbers), 0, singleRunFacts) {
			a.Val[numbers[i]] = v
		}
		return a
	}
	a := newAccuracies(numRuns, numRuns)
	for i, v := range test {
		val := v + 0.5
		if i == 7 {
			val = validationFacts.best
		}
		for run, d := range []float64{0.01, -0.03, 0.02} {
			a.Test[i*numRuns+run], a.Val[i*numRuns+run] = v+d, val-d
		}
	}
	return a
}

// inMemory is a source without a file of its own: its content is what path leads to.
type inMemory struct {
	path  string
	holds *accuracies
}

func (s inMemory) Info() Info { return Info{Name: "memory", Path: s.path, Get: "remember"} }
func (inMemory) id() string   { return "memory" }
func (s inMemory) stamp() string {
	return source.Stamp(s.path)
}
func (s inMemory) valRuns() int { return s.holds.ValRuns }
func (s inMemory) fetch(context.Context, io.Writer) (string, error) {
	return s.path, nil
}
func (s inMemory) read(context.Context, string, io.Writer) (*accuracies, error) {
	return s.holds, nil
}

func newInMemory(t *testing.T, holds *accuracies) inMemory {
	t.Helper()
	t.Setenv("CRLSO_CACHE", t.TempDir())
	allCells() // in memory from here on
	s := inMemory{filepath.Join(t.TempDir(), "file"), holds}
	put(t, s.path, nil)
	return s
}

// Each protocol shows a search what it says, and a report the mean of the test accuracies.
func TestProtocols(t *testing.T) {
	official, single := synthetic(t, numRuns), synthetic(t, 1)
	third := func(values []float64, i int) float64 { return (values[3*i] + values[3*i+1] + values[3*i+2]) / 3 }
	for _, test := range []struct {
		protocol string
		source   *accuracies
		name     string
		best     float64
		want     func(i int) datasets.Record
	}{
		{"validation", official, "NAS-Bench-101, validation mean of three runs", 95.055423, func(i int) datasets.Record {
			return datasets.Record{Val: third(official.Val, i), Test: third(official.Test, i), Runs: official.Val[3*i : 3*i+3]}
		}},
		{"test-as-label", official, "NAS-Bench-101, test as label, all cells", 94.317576, func(i int) datasets.Record {
			return datasets.Record{Val: third(official.Test, i), Test: third(official.Test, i), Runs: official.Test[3*i : 3*i+3]}
		}},
		{"test-as-label", single, "NAS-Bench-101, test as label, all cells", 94.317576, func(i int) datasets.Record {
			return datasets.Record{Val: single.Test[i], Test: single.Test[i]}
		}},
		{"single-run", single, "NAS-Bench-101, single-run validation, 30,001 cells", 94.91186, func(i int) datasets.Record {
			return datasets.Record{Val: single.Val[i], Test: single.Test[i], Runs: single.Val[i : i+1]}
		}},
	} {
		table, err := Open(t.Context(), test.protocol, newInMemory(t, test.source), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if table.Name() != test.name || table.Source() != "memory" || !table.HasTest() || math.Abs(table.Best()-test.best) > 1e-9 {
			t.Errorf("%s: %q from %q, best %v, want %q, best %v", test.protocol, table.Name(), table.Source(), table.Best(), test.name, test.best)
		}
		space := table.Space().(datasets.FiniteSpace)
		if want := map[bool]int{true: 30_001, false: 423_624}[test.protocol == "single-run"]; space.Len() != want {
			t.Errorf("%s: %d cells, want %d", test.protocol, space.Len(), want)
		}
		for i := 0; i < space.Len(); i += 100 {
			a := space.At(i)
			got, err := table.Lookup(a)
			position, _ := allCells().position(a.(Cell))
			want := test.want(position)
			if err != nil || math.Abs(got.Val-want.Val) > 1e-9 || math.Abs(got.Test-want.Test) > 1e-9 || fmt.Sprint(got.Runs) != fmt.Sprint(want.Runs) {
				t.Fatalf("%s: cell %d has %+v, %v, want %+v", test.protocol, i, got, err, want)
			}
		}
		for _, a := range []datasets.Arch{nil, foreign("x"), Cell{}} {
			_, err := table.Lookup(a)
			wantError(t, err, "not a cell")
		}
		if _, ok := table.Space().(datasets.Benchmark); ok {
			t.Error("a search could turn the space into the benchmark")
		}
	}
	table := newTable(protocols[2], "", single)
	_, err := table.Lookup(Cell{allCodes()[1]})
	if !errors.Is(err, ErrNotInSpace) {
		t.Errorf("error %v, want ErrNotInSpace", err)
	}
}

// A network is one query, whatever its numbering and whatever lies on no path.
func TestANetworkIsOneQuery(t *testing.T) {
	table := newTable(protocols[0], "", synthetic(t, numRuns))
	oracle, err := datasets.NewOracle(table, 3, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	a, b := mustParse(t, inception), mustParse(t, inceptionInFile)
	first, err := oracle.Query(a)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := oracle.Query(b); err != nil || second != first || !oracle.Seen(b) || oracle.Remaining() != 2 {
		t.Errorf("the same network has %v and %v, %v; %d queries remain", first, second, err, oracle.Remaining())
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		t.Fatal(err)
	}
	if final := report.Final(); final.Val != first || final.Incumbent != a {
		t.Errorf("final state is %+v, want %v of %v", final, first, a)
	}
}

// An altered or missing value is found in complete accuracies.
func TestCheck(t *testing.T) {
	for _, runs := range []int{1, numRuns} {
		if err := synthetic(t, runs).check(); err != nil {
			t.Errorf("%d runs: %v", runs, err)
		}
	}
	best := positionOf(t, testFacts.hash)
	for name, test := range map[string]struct {
		runs   int
		change func(a *accuracies)
		want   []string
	}{
		"a test accuracy missing":    {1, func(a *accuracies) { a.Test[12] = math.NaN() }, []string{"test accuracy of 423623 cells, want 423624", "the first without is cell 0100001000010000 input,conv1x1-bn-relu,maxpool3x3,output, hash 6adf09ef60d9568b0c5ce41d788a41bc"}},
		"a run missing":              {3, func(a *accuracies) { a.Val[3*12+1] = math.NaN() }, []string{"validation accuracy of 423623 cells", "hash "}},
		"a label missing":            {1, func(a *accuracies) { a.Val[0] = math.NaN() }, []string{"validation accuracy of 30000 cells, want 30001"}},
		"a label too many":           {1, func(a *accuracies) { a.Val[1] = 90 }, []string{"validation accuracy of 30002 cells, want 30001"}},
		"the optimum altered":        {1, func(a *accuracies) { a.Test[best] = 94 }, []string{"best test accuracy is 94.0000", "want 94.3176", testFacts.hash}},
		"another optimum":            {1, func(a *accuracies) { a.Test[12] = 95 }, []string{"best test accuracy is 95.0000, of cell", testFacts.hash}},
		"another validation optimum": {3, func(a *accuracies) { a.Val[3*12], a.Val[3*12+1], a.Val[3*12+2] = 96, 96, 96 }, []string{"best validation accuracy is 96.0000, of cell", "want 95.0554"}},
		"a value altered":            {1, func(a *accuracies) { a.Test[12]++ }, []string{"mean test accuracy", "altered"}},
		"a label altered":            {1, func(a *accuracies) { a.Val[0]++ }, []string{"mean validation accuracy", "altered"}},
	} {
		a := synthetic(t, test.runs)
		test.change(a)
		if err := a.check(); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			wantError(t, err, test.want...)
		}
	}
}

// positionOf returns where a cell stands in the order of Enumerate.
func positionOf(t *testing.T, hash string) int {
	t.Helper()
	c, err := find(hash)
	if err != nil {
		t.Fatal(err)
	}
	position, _ := allCells().position(c)
	return position
}

// Nobody needs a file: the embedded table has every accuracy of the two protocols, to the last
// digit. The digest is of the table that the results beside the notebooks were computed with, made
// by another program: a line "hash,test,validation" for each cell in the order of hashes,
// accuracies as fractions.
func TestEmbedded(t *testing.T) {
	all, err := Open(t.Context(), testAsLabel, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	single, err := Open(t.Context(), "single-run", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	fraction := func(percent float64) string {
		return strconv.FormatFloat(math.Round(percent/100*perOne)/perOne, 'f', -1, 64)
	}
	sum, labelled := sha256.New(), 0
	for i, e := range allEntries() {
		a := Space{}.At(i)
		r, err := all.Lookup(a)
		if err != nil || r.Val != r.Test || len(r.Runs) > 0 {
			t.Fatalf("cell %d has %+v, %v", i, r, err)
		}
		s, err := single.Lookup(a)
		val := ""
		switch {
		case errors.Is(err, ErrNotInSpace):
		case err != nil || s.Test != r.Test || len(s.Runs) != 1 || s.Runs[0] != s.Val:
			t.Fatalf("cell %d has %+v, %v", i, s, err)
		case single.Space().(Space).At(labelled) != a:
			t.Fatalf("cell %d of %s is not %v", labelled, single.Name(), a)
		default:
			val = fraction(s.Val)
			labelled++
		}
		fmt.Fprintf(sum, "%x,%s,%s\n", e.Hash, fraction(r.Test), val)
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)), "1e63da62b227862a3be9bc7d3e0d0a1c79e761becb10b510387dc50252d23c7f"; got != want {
		t.Errorf("accuracies have SHA-256 %s, want %s", got, want)
	}
	if labelled != 30_001 || all.Best() != 100*0.9431758 {
		t.Errorf("%d labels, best of all %v", labelled, all.Best())
	}
}

// Random search against the figures of an independent program, which are means over 100 seeds: they
// come out only if cells are drawn as the benchmark does and every network counts once.
func TestRandomSearch(t *testing.T) {
	table, err := Open(t.Context(), testAsLabel, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		queries         int
		test, tolerance float64 // the tolerance is the figure's 95 % interval
	}{{50, 93.572, 0.032}, {100, 93.674, 0.031}, {150, 93.742, 0.028}, {192, 93.788, 0.028}, {300, 93.836, 0.027}}
	const seeds, budget = 1000, 300
	var mean [budget + 1]float64
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 0))
		oracle, err := datasets.NewOracle(table, budget, datasets.MeanLabel)
		if err != nil {
			t.Fatal(err)
		}
		for oracle.Remaining() > 0 {
			if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
				t.Fatal(err)
			}
		}
		oracle.Close()
		report, err := datasets.NewReport(oracle, table)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range report.Steps {
			mean[i+1] += step.Test / seeds
		}
	}
	for _, w := range want {
		if got := mean[w.queries]; math.Abs(got-w.test) > 1.3*w.tolerance { // ours has an interval of a third
			t.Errorf("%d queries: test accuracy %.3f, want %.3f +- %.3f", w.queries, got, w.test, w.tolerance)
		}
		t.Logf("%d queries: %.3f", w.queries, mean[w.queries])
	}
}

// rows returns the path of a file in the layout of the reference table.
func rows(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nb101.csv.gz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	fmt.Fprintln(zipped, strings.Join(lines, "\n"))
	if err := errors.Join(zipped.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBrokenCSV(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const (
		header = "hash,n,adj,ops,params,test_acc,val_acc_1run"
		first  = "00005c142e6f48ac74fdcf73e3439874,7,100110100001001010101,02001,8555530,0.9206063,0.9304888"
		second = "0000718c96730a92ea6d5242f8ce77e2,7,100000100001000111101,11010,5878154,0.8864517,"
	)
	replace := func(old, new string) string { return rows(t, header, first, strings.Replace(second, old, new, 1)) }
	truncated := rows(t, header, first, second)
	content, err := os.ReadFile(truncated)
	if err != nil {
		t.Fatal(err)
	}
	put(t, truncated, content[:len(content)-10])
	text := filepath.Join(t.TempDir(), "nb101.csv.gz")
	put(t, text, []byte(header))
	t.Setenv("CRLSO_CACHE", t.TempDir())
	for name, test := range map[string]struct {
		path string
		want []string
	}{
		"row count":         {rows(t, header, first, second), []string{"test accuracy of 2 cells, want 423624", "the first without is cell"}},
		"twice":             {rows(t, header, first, first), []string{"line 3", "00005c142e6f48ac74fdcf73e3439874 occurs twice"}},
		"unknown hash":      {replace("0000718c", "0000718d"), []string{"line 3", "0000718d96730a92ea6d5242f8ce77e2", "no cell has it"}},
		"hash of another":   {replace("11010", "11011"), []string{"line 3", "hash 0000718c96730a92ea6d5242f8ce77e2 is that of"}},
		"no hash":           {replace("0000718c", "x"), []string{"line 3", "32 hexadecimal digits"}},
		"vertices":          {replace(",7,", ",8,"), []string{"line 3", `"8" vertices, want 2 to 7`}},
		"matrix":            {replace("100000100001000111101", "10000010000100011110"), []string{"line 3", "want 21 and 5 digits"}},
		"digit":             {replace("100000100001000111101", "100000100001000111102"), []string{"line 3", "'2', want 0 or 1"}},
		"no path":           {replace("100000100001000111101", "000000000000000000000"), []string{"line 3", ErrNoPath.Error()}},
		"unknown operation": {replace("11010", "11013"), []string{"line 3", "unknown operation '3'"}},
		"not a number":      {replace("0.8864517", "nan"), []string{"line 3", "column test_acc", `"nan", want a number from 0 to 1`}},
		"percent":           {replace("0.8864517", "88.64517"), []string{"line 3", "column test_acc", `"88.64517", want`}},
		"label":             {replace("0.8864517,", "0.8864517,-1"), []string{"line 3", "column val_acc_1run", `"-1", want`}},
		"short row":         {replace("0.8864517,", "0.8864517"), []string{"line 3", "number of fields"}},
		"column":            {rows(t, strings.TrimSuffix(header, "_1run")), []string{"no column val_acc_1run"}},
		"truncated":         {truncated, []string{"unexpected EOF"}},
		"not gzip":          {text, []string{"gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			from := ReferenceCSV{Path: test.path}
			_, err := Open(t.Context(), testAsLabel, from, t.Output())
			wantError(t, err, append(test.want, test.path)...)
			if source.IsFile(convertedPath(from)) {
				t.Error("a table was made")
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
	from := newInMemory(t, synthetic(t, numRuns))
	path := convertedPath(from)
	const reads = "reading "
	open := func(says ...string) {
		t.Helper()
		var progress strings.Builder
		table, err := Open(t.Context(), "validation", from, &progress)
		if err != nil {
			t.Fatal(err)
		}
		if table.Best() != means(from.holds.Val, numRuns)[7] {
			t.Errorf("best is %v", table.Best())
		}
		for _, s := range says {
			if !strings.Contains(progress.String(), s) {
				t.Errorf("progress is %q, want %q in it", progress.String(), s)
			}
		}
		if len(says) == 0 && strings.Contains(progress.String(), reads) {
			t.Errorf("progress is %q, want the table at once", progress.String())
		}
	}
	alter := func(change func([]byte) []byte) {
		t.Helper()
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, change(content))
	}
	open(reads)
	open()
	for _, cut := range []int{0, 10, 1000} {
		alter(func(b []byte) []byte { return b[:cut] })
		open("truncated or altered", reads)
	}
	alter(func(b []byte) []byte { b[len(b)/2]++; return b })
	open("truncated or altered", reads)
	open()
	older := converted{convertedVersion - 1, from.stamp(), from.holds}
	if err := source.WriteConverted(path, older); err != nil {
		t.Fatal(err)
	}
	open(fmt.Sprintf("version %d, want %d", convertedVersion-1, convertedVersion), reads)
	if err := os.Chtimes(from.path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	open("its source has changed", reads)
	open()
}

// Where the cache cannot be written, the table is good all the same; where there is none, nothing
// is written.
func TestUnwritableCache(t *testing.T) {
	source := newInMemory(t, synthetic(t, 1))
	blocked := filepath.Join(t.TempDir(), "file")
	put(t, blocked, nil)
	t.Setenv("CRLSO_CACHE", blocked)
	var progress strings.Builder
	if _, err := Open(t.Context(), "single-run", source, &progress); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(progress.String(), "converted again next time") {
		t.Errorf("progress is %q", progress.String())
	}
	for _, variable := range []string{"CRLSO_CACHE", "HOME", "XDG_CACHE_HOME"} {
		t.Setenv(variable, "")
	}
	t.Chdir(t.TempDir())
	_, err := Open(t.Context(), "single-run", source, nil)
	wantError(t, err, "cache", "set CRLSO_CACHE")
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// The list of cells in the cache is used only if it is the right one.
func TestEntriesInTheCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells")
	content := encodeEntries(allEntries())
	put(t, path, content)
	entries, err := readEntries(path)
	if err != nil || len(entries) != NumCells || entries[12] != allEntries()[12] {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	put(t, path, content[:len(content)-1])
	_, err = readEntries(path)
	wantError(t, err, path, entriesSum)
	content[len(content)/2]++
	put(t, path, content)
	_, err = readEntries(path)
	wantError(t, err, path, entriesSum)
}

func TestSources(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	for _, s := range Sources() {
		info := s.Info()
		if info.Name == "" || info.Holds == "" || info.Path == "" || info.Get == "" || info.Present {
			t.Errorf("in an empty cache: %+v", info)
		}
	}
}

func TestOpenSaysWhatProtocolsThereAre(t *testing.T) {
	for _, name := range []string{"", "Validation", "cifar10"} {
		_, err := Open(t.Context(), name, nil, nil)
		wantError(t, err, `"`+name+`"`, "validation, test-as-label, single-run")
	}
	_, err := Open(t.Context(), "validation", ReferenceCSV{}, nil)
	wantError(t, err, "validation mean of three runs", "nb101.csv.gz does not")
	_, err = Open(t.Context(), "single-run", TFRecord{}, nil)
	wantError(t, err, "single-run validation", only108.Name+" does not")
}

// Opening a table leaves the list of all cells to the first that asks for one: see
// BenchmarkEnumerate.
func BenchmarkOpen(b *testing.B) {
	for _, protocol := range []string{testAsLabel, "single-run"} {
		b.Run(protocol, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Open(b.Context(), protocol, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

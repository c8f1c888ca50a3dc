package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The lines are the example of https://go.dev/design/14313-benchmark-format, and those that package
// testing prints on one processor and with metrics of a benchmark's own.
func TestReadMeasurements(t *testing.T) {
	const output = `commit: 7cd9055
goarch: amd64
cpu: AMD EPYC
BenchmarkDecode/text=digits/level=speed/size=1e4-8         	     100	    154125 ns/op	  64.88 MB/s	   40418 B/op	       7 allocs/op
--- FAIL: BenchmarkBroken
    bench_test.go:45: 3 cells of 4 ns/op
BenchmarkSearch/paper201 	       1	1795899353 ns/op	       470.6 peak-MB
PASS
ok  	compress	2.5s
`
	var got []measurement
	err := readMeasurements(strings.NewReader(output), "flate", func(m measurement) error {
		got = append(got, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []measurement{
		{"flate.Decode/text=digits/level=speed/size=1e4", "AMD EPYC", "8",
			[]quantity{{0.000154125, "s/op"}, {64.88, "MB/s"}, {0.040418, "MB/op"}, {7, "allocs/op"}}},
		{"flate.Search/paper201", "AMD EPYC", "1", []quantity{{1.795899353, "s/op"}, {470.6, "peak-MB"}}},
	}
	if !slices.EqualFunc(got, want, func(a, b measurement) bool {
		return a.name == b.name && a.machine == b.machine && a.cores == b.cores && slices.Equal(a.values, b.values)
	}) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	for broken, want := range map[string]string{
		"BenchmarkOpen 1 1,5 ns/op\n":                                "go test:1: parsing measurement",
		"PASS\nBenchmarkOpen-8   \t--- FAIL: BenchmarkOpen-8\n":      "go test:2: parsing iteration count",
		"BenchmarkOpen 1 " + strings.Repeat("1", 1<<17) + " ns/op\n": "token too long",
	} {
		rest := strings.NewReader(broken)
		err := readMeasurements(rest, "flate", func(measurement) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) || rest.Len() > 0 {
			t.Errorf("%.30q: error %v, %d bytes not read, want %q and 0", broken, err, rest.Len(), want)
		}
	}
}

// TestRecordOfTheUser leaves a file that is no record.
func TestRecordOfTheUser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.csv")
	if err := os.WriteFile(file, []byte("a,b\n1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, launch(t, "bench", "nasbench201.Open", "-o", file), file, "no record of speed", "-o")
	if content, err := os.ReadFile(file); err != nil || string(content) != "a,b\n1,2\n" {
		t.Errorf("the file is now %q, %v", content, err)
	}
}

// TestBench runs a benchmark twice: the record then has both under one head.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	record := filepath.Join(t.TempDir(), "speed.csv")
	for _, note := range []string{"as it was", "faster, we hope"} {
		stdout, stderr, status := result(t, launch(t, "bench", "nasbench201.Open", "-note", note, "-o", record))
		if status != 0 || stderr != "" {
			t.Fatalf("exit status %d, standard error:\n%s", status, stderr)
		}
		wantLine(t, stdout, "nasbench201.Open", " s/op", " MB/op")
		wantLine(t, stdout, record)
	}
	var notes []string
	for _, row := range readSpeed(t, record) {
		if row["benchmark"] == "nasbench201.Open" && row["unit"] == "s/op" {
			notes = append(notes, row["note"])
		}
	}
	if !slices.Equal(notes, []string{"as it was", "faster, we hope"}) {
		t.Errorf("the record has loads with the notes %q", notes)
	}
}

func TestBenchFails(t *testing.T) {
	wantFailure(t, launch(t, "bench", "nasbench201.Close"), `"nasbench201.Close"`, "nasbench201.Open", "crlso.JointEpoch")
	nowhere := filepath.Join(t.TempDir(), "nowhere", "speed.csv")
	wantFailure(t, launch(t, "bench", "nasbench201.Open", "-o", nowhere), nowhere, "-o")
}

func readSpeed(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil || !slices.Equal(all[0], speedColumns) {
		t.Fatalf("%s begins with %q: %v", path, all[:min(1, len(all))], err)
	}
	for _, values := range all[1:] {
		row := make(map[string]string)
		for i, column := range speedColumns {
			row[column] = values[i]
		}
		rows = append(rows, row)
	}
	return rows
}

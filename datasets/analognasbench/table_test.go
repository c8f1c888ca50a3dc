package analognasbench

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

func open(t testing.TB, name string) *Table {
	t.Helper()
	table, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// What is embedded is what the benchmark's file holds. The digests were made by a Python program
// from that file: a line "cell,accuracy", or "cell,accuracy,deviation", with 5 decimals for each
// cell in the order of NAS-Bench-201, which that program shuffles itself.
func TestEmbedded(t *testing.T) {
	for name, want := range map[string]string{
		"baseline":   "20c7195d43e2cd2b32c0eb381b9da4d58a45a2a40733a23fb0bd658ef26481cf",
		"ptq":        "08032deca9036a175e7631f3014f8a0762d93e89093341ae4ae8e8affe76e974",
		"qat":        "c60ebed8633a27feea1d206874ff0a866c596a38a85d1d176fc576c8202ba63c",
		"noisy":      "5ea0702ff167f2d118fc8eb0bfaca9f11e367104d9d87fb04be0b077dd1c9971",
		"noisy_60s":  "328a2f46d6c7cec3020673130cd47d007308363fc0eda1460fc4fe9b78b7fe92",
		"noisy_1h":   "d0b38a32eb9f0fd6818d494d43ac80753a5aac4f47fefd4ba2bef6bab7c62c21",
		"noisy_1d":   "0c367d069f90282e5e667e6e85baad699dee0e30666c31f4345c834a3c463893",
		"noisy_30d":  "f5c1e521054b5041df44fa429f3e08f545d4ff322769b811243c0f86e7738b95",
		"analog":     "5ef7c27ae63906c00949ae86e8945de4a06784d966d65b63210c0e600853e89f",
		"analog_60s": "b277ca94331de88799f3ab78ddfdb6d8d65fde532301f0ff8ade6f8f1ff6f4b9",
		"analog_1h":  "996d12aa55c59ee2cf95e4ca6aa091e00645887d1f7817c09cc1adcdba139ef5",
		"analog_1d":  "aca9cdd6d50912b13805eff6ea48be9e2ff6207398b8c52f8fac419aea27cb22",
		"analog_30d": "35ad9bc573701d4225cb438821770363bb5b32623f7498eee2ae3f3a2b53754b",
	} {
		table, sum := open(t, name), sha256.New()
		for i := range nasbench201.NumCells {
			a := table.Space().(nasbench201.Space).At(i)
			r, err := table.Lookup(a)
			if err != nil || len(r.Runs) > 0 || !math.IsNaN(r.Test) {
				t.Fatalf("%s: Lookup(%v) = %+v, %v", name, a, r, err)
			}
			fmt.Fprintf(sum, "%v,%.5f", a, r.Val)
			if deviation, err := table.Deviation(a); err == nil {
				fmt.Fprintf(sum, ",%.5f", deviation)
			}
			fmt.Fprintln(sum)
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
			t.Errorf("%s: SHA-256 %s, want %s", name, got, want)
		}
	}
}

// The best cells, which another program found.
func TestBest(t *testing.T) {
	for name, want := range map[string]float64{
		"baseline": 94.07, "analog": 91.33, "analog_30d": 90.00, "noisy": 88.35, "noisy_30d": 64.73,
	} {
		if got := open(t, name).Best(); math.Abs(got-want) > 0.0051 {
			t.Errorf("%s: best is %.3f, want %.2f", name, got, want)
		}
	}
}

// The file does not say in which order it has the edges. By source and then target, baseline is
// the test accuracy of NAS-Bench-201; by target, as that benchmark orders them, it is not.
func TestEdgesAreOrderedBySource(t *testing.T) {
	table := open(t, "baseline")
	published, err := nasbench201.Open(t.Context(), "cifar10", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var test, bySource, byTarget []float64
	for i := range nasbench201.NumCells {
		cell := nasbench201.Space{}.At(i).(nasbench201.Cell)
		record, err := published.Lookup(cell)
		if err != nil {
			t.Fatal(err)
		}
		test, bySource = append(test, record.Test), append(bySource, table.accuracy[i])
		// The six numbers that name a cell by target name another one by source, where edges 2 and
		// 3, 0-3 and 1-2, have changed places.
		cell[2], cell[3] = cell[3], cell[2]
		byTarget = append(byTarget, table.accuracy[nasbench201.Space{}.Index(cell)])
	}
	for _, c := range []struct {
		order string
		got   float64
		want  float64
	}{{"by source", stat.Correlation(test, bySource, nil), 0.999}, {"by target", stat.Correlation(test, byTarget, nil), 0.377}} {
		if math.Abs(c.got-c.want) > 0.0005 {
			t.Errorf("edges %s: Pearson's correlation with NAS-Bench-201's test accuracy is %.4f, want %.3f", c.order, c.got, c.want)
		}
	}
}

// Cells with the same network differ by what the comment of Table says: the standard deviation
// within the classes of NAS-Bench-201 whose mean is above the median of all cells.
func TestNoise(t *testing.T) {
	for name, want := range map[string]float64{
		"baseline": 0.20, "ptq": 0.23, "qat": 0.90, "noisy": 4.88, "noisy_30d": 5.54, "analog": 0.86, "analog_30d": 2.09,
	} {
		table := open(t, name)
		classes := map[int][]float64{}
		for i, accuracy := range table.accuracy {
			class := nasbench201.Space{}.Class(nasbench201.Space{}.At(i))
			classes[class] = append(classes[class], accuracy)
		}
		sorted := slices.Sorted(slices.Values(table.accuracy))
		squares, freedom := 0., 0.
		for _, accuracies := range classes {
			if n := float64(len(accuracies)); n > 1 && stat.Mean(accuracies, nil) >= sorted[nasbench201.NumCells/2] {
				squares += stat.Variance(accuracies, nil) * (n - 1)
				freedom += n - 1
			}
		}
		if got := math.Sqrt(squares / freedom); math.Abs(got-want) > 0.006 {
			t.Errorf("%s: standard deviation within a class is %.3f, want %.2f", name, got, want)
		}
	}
}

func TestTableIsABenchmark(t *testing.T) {
	table := open(t, "analog_30d")
	if got := table.Name(); got != "AnalogNAS-Bench trained for analogue after 30 days" || table.Source() != Embedded().Name {
		t.Errorf("Name() = %q, Source() = %q", got, table.Source())
	}
	for _, a := range []datasets.Arch{nil, foreign("x"), nasbench201.Cell{5}} {
		_, err := table.Lookup(a)
		wantError(t, err, "not a cell of NAS-Bench-201")
		_, err = table.Deviation(a)
		wantError(t, err, "not a cell of NAS-Bench-201")
	}
	_, err := open(t, "analog").Deviation(nasbench201.Cell{})
	wantError(t, err, "no standard deviations")
	_, err = Open("analogue")
	wantError(t, err, `"analogue"`, "baseline, ptq, qat")
	if _, ok := table.Space().(datasets.Benchmark); ok {
		t.Error("a search could turn the space into the benchmark")
	}
}

// There is no accuracy that a search does not see: the label is the one that is reported, and a
// report has no test accuracy.
func TestTheLabelIsTheOneReportedNumber(t *testing.T) {
	for _, name := range DataSets() {
		table := open(t, name)
		oracle, err := datasets.NewOracle(table, 2, datasets.MeanLabel)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if got, err := oracle.Query(nasbench201.Space{}.At(i)); err != nil || got != table.accuracy[i] {
				t.Errorf("%s: cell %d has %v, %v, want %v", name, i, got, err, table.accuracy[i])
			}
		}
		oracle.Close()
		report, err := datasets.NewReport(oracle, table)
		if err != nil {
			t.Fatal(err)
		}
		if table.HasTest() || !math.IsNaN(report.Final().Test) {
			t.Errorf("%s: HasTest() = %t, test accuracy %v", name, table.HasTest(), report.Final().Test)
		}
	}
}

type foreign string

func (f foreign) String() string { return string(f) }

// wantError checks that an error is one line that contains all of wants.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

package datasets_test

import (
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

func TestReport(t *testing.T) {
	b := newToy()
	o := newOracle(t, b, 4, datasets.MeanLabel)
	query(t, o, "a", "B", "c", "d")
	o.Close()
	r, err := datasets.NewReport(o, b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Benchmark != "toy" || r.Source != "made up" || r.Label != datasets.MeanLabel || !r.HasTest {
		t.Errorf("report is %+v", r)
	}
	want := []datasets.Step{
		{Query: datasets.Query{Arch: word("a"), Accuracy: 50}, Incumbent: word("a"), Val: 50, Test: 49, Regret: 30},
		{Query: datasets.Query{Arch: word("B"), Accuracy: 70}, Incumbent: word("B"), Val: 70, Test: 60, Regret: 10},
		// The earlier of two equals stays, though the later has the better test accuracy.
		{Query: datasets.Query{Arch: word("c"), Accuracy: 70}, Incumbent: word("B"), Val: 70, Test: 60, Regret: 10},
		// The best by validation is shown with its test accuracy, good or bad.
		{Query: datasets.Query{Arch: word("d"), Accuracy: 80}, Incumbent: word("d"), Val: 80, Test: 55, Regret: 0},
	}
	if len(r.Steps) != len(want) {
		t.Fatalf("%d steps, want %d", len(r.Steps), len(want))
	}
	for i, step := range r.Steps {
		if step != want[i] {
			t.Errorf("step %d is %+v, want %+v", i, step, want[i])
		}
	}
	if r.Final() != want[3] {
		t.Errorf("Final() = %+v, want %+v", r.Final(), want[3])
	}
}

// The incumbent is chosen by what the search saw, and judged by the mean of all runs.
func TestReportOnOneRun(t *testing.T) {
	b := newToy()
	o := newOracle(t, b, 2, 0)
	query(t, o, "b", "c") // saw 72 and 69
	o.Close()
	r, err := datasets.NewReport(o, b)
	if err != nil {
		t.Fatal(err)
	}
	if final := r.Final(); final.Incumbent != word("b") || final.Val != 70 || final.Regret != 10 || final.Query.Accuracy != 69 {
		t.Errorf("final state is %+v", final)
	}
	if r.Label != 0 {
		t.Errorf("label is %v", r.Label)
	}
}

func TestReportNeedsAClosedOracleAndItsOwnBenchmark(t *testing.T) {
	b := newToy()
	o := newOracle(t, b, 2, datasets.MeanLabel)
	query(t, o, "a")
	_, err := datasets.NewReport(o, b)
	wantError(t, err, "still open")
	query(t, o, "b") // looking does no harm
	o.Close()
	_, err = datasets.NewReport(o, newToy())
	wantError(t, err, "belongs to")
}

func TestReportWithoutTestAccuracies(t *testing.T) {
	b := newToy()
	b.hasTest = false
	b.records[word("a")] = datasets.Record{Val: 50, Test: math.NaN()}
	o := newOracle(t, b, 1, datasets.MeanLabel)
	query(t, o, "a")
	o.Close()
	r, err := datasets.NewReport(o, b)
	if err != nil {
		t.Fatal(err)
	}
	if r.HasTest || !math.IsNaN(r.Final().Test) || r.Final().Val != 50 {
		t.Errorf("report is %+v", r)
	}
}

func TestReportOnNothing(t *testing.T) {
	b := newToy()
	o := newOracle(t, b, 1, datasets.MeanLabel)
	o.Close()
	r, err := datasets.NewReport(o, b)
	if err != nil || len(r.Steps) != 0 {
		t.Errorf("report is %+v, %v, want no steps", r, err)
	}
}

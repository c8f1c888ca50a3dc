package datasets_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

func newDeviceOracle(t *testing.T, budget int) *datasets.Oracle {
	t.Helper()
	b := datasets.OnDevice(&toy{space: toySpace{}, records: map[datasets.Arch]datasets.Record{
		word("a"): {Val: 70}, word("b"): {Val: 80}, word("c"): {Val: 90}, word("d"): {Val: 60},
	}}, "pixel", func(a datasets.Arch) (float64, error) {
		switch a {
		case word("b"):
			return 0, errors.New("b does not run")
		case word("d"):
			return math.NaN(), nil
		}
		return float64(a.String()[0]), nil
	})
	if b.Name() != "toy on pixel" || b.CostName() != "latency (ms)" {
		t.Errorf("it is %q with %q", b.Name(), b.CostName())
	}
	oracle, err := datasets.NewOracle(b, budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

// An architecture is charged once, with accuracy and latency; one without a latency is not charged.
func TestOracleOnADevice(t *testing.T) {
	o := newDeviceOracle(t, 2)
	for _, a := range []word{"A", "a", "A"} {
		if accuracy, err := o.Query(a); err != nil || accuracy != 70 {
			t.Errorf("Query(%s) = %v, %v", a, accuracy, err)
		}
	}
	_, err := o.Query(word("b"))
	wantError(t, err, "query toy on pixel: b does not run")
	_, err = o.Query(word("d"))
	wantError(t, err, "query toy on pixel: the cost of d is NaN")
	if o.Remaining() != 1 || o.Seen(word("b")) || !o.Seen(word("a")) {
		t.Errorf("%d queries remain, b is seen: %t", o.Remaining(), o.Seen(word("b")))
	}
	if _, err := o.Query(word("c")); err != nil {
		t.Fatal(err)
	}
	want := []datasets.Query{{Arch: word("A"), Accuracy: 70, Cost: 'a'}, {Arch: word("c"), Accuracy: 90, Cost: 'c'}}
	if log := o.Log(); len(log) != 2 || log[0] != want[0] || log[1] != want[1] {
		t.Errorf("log %v, want %v", log, want)
	}
	if !o.HasCost() || newOracle(t, newToy(), 1, datasets.MeanLabel).HasCost() {
		t.Error("HasCost is wrong")
	}
}

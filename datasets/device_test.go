package datasets_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

func newDeviceOracle(t *testing.T, budget int) *datasets.DeviceOracle {
	t.Helper()
	oracle, err := datasets.NewOracle(&toy{space: toySpace{}, records: map[datasets.Arch]datasets.Record{
		word("a"): {Val: 70}, word("b"): {Val: 80}, word("c"): {Val: 90},
	}}, budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return datasets.NewDeviceOracle(oracle, func(a datasets.Arch) (float64, error) {
		if a == word("b") {
			return 0, errors.New("b does not run")
		}
		return float64(a.String()[0]), nil
	})
}

// An architecture is charged once, with accuracy and latency; one without a latency is not charged.
func TestDeviceOracle(t *testing.T) {
	o := newDeviceOracle(t, 2)
	for _, a := range []word{"A", "a", "A"} {
		if m, err := o.Query(a); err != nil || m != (datasets.Measurement{Arch: word("A"), Accuracy: 70, Latency: 'a'}) {
			t.Errorf("Query(%s) = %v, %v", a, m, err)
		}
	}
	if _, err := o.Query(word("b")); err == nil || err.Error() != "query toy: b does not run" {
		t.Errorf("without a latency: %v", err)
	}
	if o.Remaining() != 1 || o.Seen(word("b")) || !o.Seen(word("a")) {
		t.Errorf("%d queries remain, b is seen: %t", o.Remaining(), o.Seen(word("b")))
	}
	if _, err := o.Query(word("c")); err != nil {
		t.Fatal(err)
	}
	if len(o.Log()) != 2 || o.Log()[1].Latency != 'c' || o.Budget() != 2 {
		t.Errorf("log %v", o.Log())
	}
	if _, err := o.Query(word("d")); err == nil {
		t.Error("a query beyond the budget is answered")
	}
	if len(o.Log()) != 2 {
		t.Errorf("log %v", o.Log())
	}
}

// A DeviceOracle shows no more than an Oracle and latencies: it does not even lead to the Oracle.
func TestDeviceOracleHidesTheRest(t *testing.T) {
	typ := reflect.TypeFor[*datasets.DeviceOracle]()
	for i := range typ.NumMethod() {
		for j := range typ.Method(i).Type.NumOut() {
			switch out := typ.Method(i).Type.Out(j); out {
			case reflect.TypeFor[datasets.Measurement](), reflect.TypeFor[[]datasets.Measurement](), reflect.TypeFor[datasets.Space](),
				reflect.TypeFor[int](), reflect.TypeFor[bool](), reflect.TypeFor[error]():
			default:
				t.Errorf("%s returns a %v", typ.Method(i).Name, out)
			}
		}
	}
	for i := range typ.Elem().NumField() {
		if typ.Elem().Field(i).IsExported() {
			t.Errorf("field %s is exported", typ.Elem().Field(i).Name)
		}
	}
	if n := reflect.TypeFor[datasets.Measurement]().NumField(); n != 3 {
		t.Errorf("a measurement has %d fields, want architecture, accuracy and latency", n)
	}
}

package datasets_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

func newOracle(t *testing.T, b datasets.Benchmark, budget int, label datasets.Label) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(b, budget, label)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

func query(t *testing.T, o *datasets.Oracle, names ...word) {
	t.Helper()
	for _, name := range names {
		if _, err := o.Query(name); err != nil {
			t.Fatal(err)
		}
	}
}

func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	for _, want := range append(wants, "toy") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

func TestOracleCountsDistinctArchitectures(t *testing.T) {
	b := newToy()
	o := newOracle(t, b, 2, datasets.MeanLabel)
	for _, name := range []word{"b", "b", "B"} { // one architecture
		if got, err := o.Query(name); err != nil || got != 70 {
			t.Errorf("Query(%s) = %v, %v, want 70", name, got, err)
		}
	}
	if o.Remaining() != 1 || len(o.Log()) != 1 || b.lookups != 1 {
		t.Errorf("after one architecture: %d remain, %d in the log, %d look-ups", o.Remaining(), len(o.Log()), b.lookups)
	}
	if !o.Seen(word("B")) || o.Seen(word("a")) {
		t.Errorf("Seen(B) = %v, Seen(a) = %v", o.Seen(word("B")), o.Seen(word("a")))
	}
	if o.Budget() != 2 {
		t.Errorf("Budget() = %d, want 2", o.Budget())
	}
}

func TestOracleRefusesPastTheBudget(t *testing.T) {
	o := newOracle(t, newToy(), 2, datasets.MeanLabel)
	query(t, o, "b", "A")
	if _, err := o.Query(word("c")); !errors.Is(err, datasets.ErrBudget) {
		t.Errorf("third architecture: error %v, want ErrBudget", err)
	}
	if got, err := o.Query(word("a")); err != nil || got != 50 {
		t.Errorf("a known architecture: %v, %v, want 50", got, err)
	}
	want := []datasets.Query{{Arch: word("b"), Accuracy: 70}, {Arch: word("A"), Accuracy: 50}}
	if log := o.Log(); len(log) != 2 || log[0] != want[0] || log[1] != want[1] {
		t.Errorf("Log() = %v, want %v", log, want)
	}
}

func TestOracleClosed(t *testing.T) {
	o := newOracle(t, newToy(), 2, datasets.MeanLabel)
	query(t, o, "b")
	o.Close()
	for _, name := range []word{"a", "b"} { // new and known
		if _, err := o.Query(name); !errors.Is(err, datasets.ErrClosed) {
			t.Errorf("Query(%s) after Close: error %v, want ErrClosed", name, err)
		}
	}
}

func TestOracleBudgetMustFitTheSpace(t *testing.T) {
	b := newToy()
	for _, budget := range []int{0, -1} {
		_, err := datasets.NewOracle(b, budget, datasets.MeanLabel)
		wantError(t, err, "budget")
	}
	b.space = toyFiniteSpace{size: 6}
	_, err := datasets.NewOracle(b, 7, datasets.MeanLabel)
	wantError(t, err, "7", "only 6")
	newOracle(t, b, 6, datasets.MeanLabel)
}

// What cannot be answered is not charged.
func TestOracleSaysWhyItCannotAnswer(t *testing.T) {
	for _, c := range []struct {
		arch  word
		label datasets.Label
		want  string
	}{
		{"x", datasets.MeanLabel, "x is not in the toy"},
		{"n", datasets.MeanLabel, "no validation accuracy for n, but NaN"},
		{"i", datasets.MeanLabel, "no validation accuracy for i, but -Inf"},
		{"j", 1, "no validation accuracy for j, but NaN"},
		{"m", 0, "only means"},
		{"a", -2, "-2"},
	} {
		o := newOracle(t, newToy(), 2, c.label)
		_, err := o.Query(c.arch)
		wantError(t, err, c.want)
		if o.Remaining() != 2 || o.Seen(c.arch) {
			t.Errorf("%s was charged", c.arch)
		}
	}
}

// letters is an architecture that cannot be compared, in a space that cannot.
type letters []string

func (l letters) String() string { return strings.Join(l, "") }

type lettersSpace struct {
	toySpace
	_ []string // a slice cannot be compared
}

func (lettersSpace) Canonical(a datasets.Arch) datasets.Arch { return a }

// byValue is a benchmark that can be compared if what it holds can.
type byValue struct {
	*toy
	more any
}

// What cannot be compared is an error, and is not charged.
func TestOracleRefusesWhatCannotBeCompared(t *testing.T) {
	_, err := datasets.NewOracle(byValue{newToy(), []int{1}}, 1, datasets.MeanLabel)
	wantError(t, err, "datasets_test.byValue cannot be compared", "pointer")
	newOracle(t, byValue{newToy(), 1}, 1, datasets.MeanLabel)
	b := newToy()
	b.space = lettersSpace{}
	_, err = datasets.NewOracle(b, 1, datasets.MeanLabel)
	wantError(t, err, "datasets_test.lettersSpace cannot be compared")

	b.space = &lettersSpace{}
	o := newOracle(t, b, 1, datasets.MeanLabel)
	_, err = o.Query(letters{"a", "b"})
	wantError(t, err, "ab is a datasets_test.letters", "without slices")
	if o.Seen(letters{"a", "b"}) || o.Remaining() != 1 {
		t.Error("it was charged")
	}
}

// A search that goes in circles ends, and one that finds something new at last goes on.
func TestOracleEndsASearchThatFindsNothingNew(t *testing.T) {
	o := newOracle(t, newToy(), 4, datasets.MeanLabel)
	for range 2 {
		query(t, o, []word{"a", "b"}[len(o.Log())])
		var err error
		repeats := 0
		for ; err == nil && repeats < 2_000_000; repeats++ {
			_, err = o.Query(word("A"))
		}
		wantError(t, err, "toy space", "nothing new in 1000000 proposals", fmt.Sprint("after ", len(o.Log()), " of 4 queries"), "smaller budget")
		if repeats != 1_000_001 {
			t.Errorf("the error came after %d repeats, want it after a million", repeats)
		}
	}
}

func TestLabel(t *testing.T) {
	for _, c := range []struct {
		label datasets.Label
		name  string
		want  float64 // for c, with runs 69, 70, 71
	}{
		{datasets.MeanLabel, "mean of runs", 70},
		{0, "run 0", 69},
		{2, "run 2", 71},
		{3, "run 3", 69},
	} {
		if got := c.label.String(); got != c.name {
			t.Errorf("Label(%d) prints as %q, want %q", c.label, got, c.name)
		}
		if got, err := newOracle(t, newToy(), 1, c.label).Query(word("c")); err != nil || got != c.want {
			t.Errorf("%v of c is %v, %v, want %v", c.label, got, err, c.want)
		}
	}
}

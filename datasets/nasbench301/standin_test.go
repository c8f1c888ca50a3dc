package nasbench301

import (
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// newFit returns networks with random weights. crlso/standin tests that networks compute what GoMLX does.
func newFit(seed uint64) Fit {
	rng := rand.New(rand.NewPCG(seed, 0))
	fit := Fit{Fitted: 9000, HeldOut: 1000, Tau: 0.875, RSquared: 0.95, Mean: 93, Deviation: 0.5}
	for range 2 {
		weights := map[string][]float32{}
		for name, dims := range NetworkWeights() {
			size := 1
			for _, dim := range dims {
				size *= dim
			}
			for range size {
				weights[name] = append(weights[name], float32(0.1*rng.NormFloat64()))
			}
		}
		fit.Networks = append(fit.Networks, weights)
	}
	return fit
}

func newStandIn(t testing.TB, fit Fit) *StandIn {
	t.Helper()
	s, err := NewStandIn(fit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStandInIsABenchmark(t *testing.T) {
	s := newStandIn(t, newFit(1))
	if !strings.Contains(s.Name(), "stand-in") || !strings.Contains(s.Source(), "stand-in") || !strings.Contains(s.Source(), "Kendall tau 0.875") {
		t.Errorf("name %q, source %q", s.Name(), s.Source())
	}
	g := parse(t, mixed)
	record := wantPrediction(t, s, g)
	if again, _ := s.Lookup((Space{}).Canonical(g)); again.Val != record.Val {
		t.Errorf("with its edges in another order: %v, not %v", again.Val, record.Val)
	}
	for _, n := range (Space{}).Neighbours(g) {
		if other, err := s.Lookup(n); err != nil || other.Val == record.Val {
			t.Errorf("%v: %v, %v, as before the change", n, other.Val, err)
		}
	}
	_, err := s.Lookup(nil)
	wantError(t, err, "not a genotype")
	oracle, err := datasets.NewOracle(s, 1, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := oracle.Query(g); err != nil || got != record.Val {
		t.Errorf("Query = %v, %v, want %v", got, err, record.Val)
	}

	far := newFit(1)
	far.Mean, far.Deviation = 0, 1e6
	_, err = newStandIn(t, far).Lookup(g)
	wantError(t, err, "stand-in predicts", "want 0 to 100")
}

// What is saved is opened again, at the usual place or another.
func TestStandInFile(t *testing.T) {
	t.Setenv("CRLSO_CACHE", t.TempDir())
	t.Setenv(dataVar, "") // no reference table to compare with
	if info := standInInfo(); info.Present || !strings.Contains(info.Get, "go run") {
		t.Errorf("without a file: %+v", info)
	}
	_, err := OpenStandIn("")
	wantError(t, err, StandInPath(), "go run ./notebooks stand-in")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v is not %v", err, fs.ErrNotExist)
	}
	s := newStandIn(t, newFit(1))
	if err := s.Save(StandInPath()); err != nil {
		t.Fatal(err)
	}
	opened, err := OpenStandIn("")
	if err != nil {
		t.Fatal(err)
	}
	if g := parse(t, mixed); opened.Predict(g) != s.Predict(g) || opened.Source() != s.Source() {
		t.Errorf("%v by %q, want %v by %q", opened.Predict(g), opened.Source(), s.Predict(g), s.Source())
	}
	if info := standInInfo(); !info.Present {
		t.Errorf("with a file: %+v", info)
	}
}

func TestBrokenStandIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stand-in")
	write := func(version int, change func(*Fit)) []byte {
		fit := newFit(1)
		change(&fit)
		if err := source.WriteConverted(path, standInFile{version, fit}); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	t.Setenv(dataVar, filepath.Dir(writeReference(t, nil)))
	sum, err := ReferenceSum("")
	if err != nil {
		t.Fatal(err)
	}
	good := func(fit *Fit) { fit.Reference = sum }
	content := write(standInVersion, good)
	if _, err := OpenStandIn(path); err != nil {
		t.Fatal(err)
	}
	altered := append([]byte(nil), content...)
	altered[len(altered)/2]++
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"altered":       {altered, "truncated or altered"},
		"truncated":     {content[:len(content)/2], "truncated or altered"},
		"empty":         {nil, "truncated or altered"},
		"other version": {write(standInVersion+1, good), "has version"},
		"other table":   {write(standInVersion, func(fit *Fit) {}), "fitted to another table"},
		"no networks":   {write(standInVersion, func(fit *Fit) { good(fit); fit.Networks = nil }), "0 networks"},
		"no deviation":  {write(standInVersion, func(fit *Fit) { good(fit); fit.Deviation = math.NaN() }), "deviation NaN"},
		"no weights":    {write(standInVersion, func(fit *Fit) { good(fit); delete(fit.Networks[1], "edge") }), "network 1 of 2"},
		"a weight less": {write(standInVersion, func(fit *Fit) { good(fit); fit.Networks[0]["output"] = fit.Networks[0]["output"][1:] }), `127 weights "output", want 128`},
		"a weight of NaN": {write(standInVersion, func(fit *Fit) {
			good(fit)
			fit.Networks[0]["output"][3] = float32(math.NaN())
		}), `a weight of "output" is NaN`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := OpenStandIn(path)
			wantError(t, err, path, c.want, "go run ./notebooks stand-in")
		})
	}
}

func BenchmarkStandIn(b *testing.B) {
	s, g := newStandIn(b, newFit(1)), parse(b, mixed)
	for b.Loop() {
		s.Predict(g)
	}
}

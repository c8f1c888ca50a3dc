package nasbench301

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
)

// newFit returns networks with random weights. crlso/standin tests that networks compute what GoMLX
// does.
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

// Nobody has to fit anything: the stand-in is there, and predicts the predictions that it was not
// fitted to as well as its source says. Ridge regression on one-hot edges comes to 0.894 and 0.811
// there (sklearn.linear_model.Ridge(1)).
func TestOpenStandIn(t *testing.T) {
	s, err := OpenStandIn()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	held := rows[s.Fit().Fitted:]
	var predicted, accuracies []float64
	for _, row := range held {
		predicted = append(predicted, s.Predict(row.Arch.(Genotype)).Mean)
		accuracies = append(accuracies, row.Accuracy)
	}
	r := stat.RSquaredFrom(predicted, accuracies, nil)
	if len(held) != 1000 || math.Abs(r-s.Fit().RSquared) > 1e-6 || r < 0.965 {
		t.Errorf("R^2 %.6f on %d predictions, want %.6f", r, len(held), s.Fit().RSquared)
	}
	if !strings.Contains(s.Source(), "mean of 3 networks, fitted to 9000 noisy predictions of xgb v0.9; Kendall tau 0.890 and R^2 0.969 on 1000 others") {
		t.Errorf("source %q", s.Source())
	}
}

func TestBrokenStandIn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(fit *Fit)
		want   string
	}{
		"no networks":   {func(fit *Fit) { fit.Networks = nil }, "0 networks"},
		"no deviation":  {func(fit *Fit) { fit.Deviation = math.NaN() }, "deviation NaN"},
		"no weights":    {func(fit *Fit) { delete(fit.Networks[1], "edge") }, "network 1 of 2"},
		"a weight less": {func(fit *Fit) { fit.Networks[0]["output"] = fit.Networks[0]["output"][1:] }, `127 weights "output", want 128`},
		"a weight of NaN": {func(fit *Fit) {
			fit.Networks[0]["output"][3] = float32(math.NaN())
		}, `a weight of "output" is NaN`},
	} {
		t.Run(name, func(t *testing.T) {
			fit := newFit(1)
			c.change(&fit)
			_, err := NewStandIn(fit)
			wantError(t, err, c.want)
		})
	}
}

func BenchmarkStandIn(b *testing.B) {
	s, g := newStandIn(b, newFit(1)), parse(b, mixed)
	for b.Loop() {
		s.Predict(g)
	}
}

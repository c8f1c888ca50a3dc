package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// TestKendallTauReference compares with scipy.stats.kendalltau (1.16.3).
func TestKendallTauReference(t *testing.T) {
	for _, test := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 5}, 0.9999999999999999},
		{[]float64{1, 2, 3, 4, 5}, []float64{5, 4, 3, 2, 1}, -0.9999999999999999},
		{[]float64{12, 2, 1, 12, 2}, []float64{1, 4, 7, 1, 0}, -0.4714045207910316},
		{[]float64{1, 1, 2, 2, 3, 3, 4}, []float64{2, 2, 1, 3, 3, 5, 4}, 0.5948118774794626},
		{[]float64{0.5, 0.1, 0.9, 0.9, 0.2, 0.5}, []float64{3, 1, 4, 1, 5, 9}, 0},
	} {
		if got := KendallTau(test.x, test.y); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("KendallTau(%v, %v) = %v, want %v", test.x, test.y, got, test.want)
		}
	}
}

// TestKendallTauWithoutTies compares with gonum's tau-a, which is the same where nothing is tied.
func TestKendallTauWithoutTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float64, 500), make([]float64, 500)
	for i := range x {
		x[i] = rng.NormFloat64()
		y[i] = x[i] + rng.NormFloat64()
	}
	if got, want := KendallTau(x, y), stat.Kendall(x, y, nil); math.Abs(got-want) > 1e-12 {
		t.Errorf("KendallTau = %v, gonum has %v", got, want)
	}
}

func TestKendallTauOfConstant(t *testing.T) {
	if got := KendallTau([]float64{1, 1, 1}, []float64{1, 2, 3}); !math.IsNaN(got) {
		t.Errorf("KendallTau with a constant = %v, want NaN", got)
	}
}

func TestTopKendallTau(t *testing.T) {
	truth := []float64{10, 20, 30, 40, 50, 40}
	predicted := []float64{0, 9, 1, 3, 2, 5}
	// The best three are 50, 40 and 40, predicted as 2, 3 and 5: all comparable pairs are in the
	// wrong order.
	if got, want := TopKendallTau(predicted, truth, 3), KendallTau([]float64{3, 2, 5}, []float64{40, 50, 40}); got != want {
		t.Errorf("TopKendallTau = %v, want %v", got, want)
	}
	if got, want := TopKendallTau(predicted, truth, 2), KendallTau([]float64{3, 2, 5}, []float64{40, 50, 40}); got != want {
		t.Errorf("TopKendallTau with a tie at its end = %v, want %v", got, want)
	}
	if got, want := TopKendallTau(predicted, truth, 100), KendallTau(predicted, truth); got != want {
		t.Errorf("TopKendallTau of everything = %v, want %v", got, want)
	}
}

func BenchmarkKendallTau(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float64, 15625), make([]float64, 15625)
	for i := range x {
		x[i], y[i] = rng.NormFloat64(), rng.NormFloat64()
	}
	for b.Loop() {
		KendallTau(x, y)
	}
}

// TestKendallTauInterval compares with the interval of normal pairs whose tau is known, 2/pi
// asin(r) (Kruskal 1958): it covers it in about 95 % of samples.
func TestKendallTauInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const r, samples = 0.6, 200
	truth, covered := 2/math.Pi*math.Asin(r), 0
	for range samples {
		x, y := make([]float64, 60), make([]float64, 60)
		for i := range x {
			x[i] = rng.NormFloat64()
			y[i] = r*x[i] + math.Sqrt(1-r*r)*rng.NormFloat64()
		}
		if low, high := KendallTauInterval(x, y, 0.95); low <= truth && truth <= high {
			covered++
		}
	}
	if covered < samples*88/100 || covered > samples*99/100 {
		t.Errorf("%d of %d intervals hold the tau that is known, want about 95 %%", covered, samples)
	}
	x := []float64{1, 2, 3, 4, 5}
	if low, high := KendallTauInterval(x, x, 0.95); low < 1-1e-9 || high > 1+1e-9 {
		t.Errorf("the interval of perfect order is %v to %v", low, high)
	}
}

package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestPairedReference compares with scipy.stats.ttest_rel, its confidence_interval(0.95), and
// scipy.stats.wilcoxon(zero_method="wilcox", correction=False, method="asymptotic") (1.16.3). The
// first samples have equal pairs and ties of either sign.
func TestPairedReference(t *testing.T) {
	for _, test := range []struct {
		a, b []float64
		want Comparison
	}{
		{[]float64{8, 7.5, 6, 9.25, 5, 7, 8, 6.5, 7.75, 9, 4, 8.5}, []float64{7, 7.5, 6.5, 8.25, 5.5, 6, 8.5, 5, 7.25, 7, 4, 9.5},
			Comparison{12, 0.375, 0.5924011226234077, 0.19105429809656907, 0.16323487775657797}},
		{[]float64{3, 1, 4, 1, 5.5, 9, 2, 6}, []float64{2.7, 1.8, 2.8, 1.2, 8.1, 2.8, 4.6, 0.9},
			Comparison{8, 0.825, 2.7316820274884197, 0.4982530230025668, 0.6740473527050261}},
		{[]float64{91.2, 91.5, 91.6, 91.1, 91.4, 91.6, 90.9, 91.3, 91.55, 91.6},
			[]float64{91, 91.5, 91.3, 91.15, 91.1, 91.5, 90.2, 91.35, 91.25, 91.6},
			Comparison{10, 0.18, 0.16708684765916837, 0.037549824271924756, 0.03546586462402558}},
	} {
		got := Paired(test.a, test.b, 0.95)
		if got.Pairs != test.want.Pairs {
			t.Errorf("%d pairs, want %d", got.Pairs, test.want.Pairs)
		}
		for what, values := range map[string][2]float64{
			"difference": {got.Difference, test.want.Difference},
			"half-width": {got.HalfWidth, test.want.HalfWidth},
			"t-test":     {got.TTest, test.want.TTest},
			"Wilcoxon":   {got.Wilcoxon, test.want.Wilcoxon},
		} {
			if math.Abs(values[0]-values[1]) > 1e-9 {
				t.Errorf("%s of %v and %v is %v, scipy has %v", what, test.a, test.b, values[0], values[1])
			}
		}
		back := Paired(test.b, test.a, 0.95)
		if back.Difference != -got.Difference || math.Abs(back.TTest-got.TTest) > 1e-12 || math.Abs(back.Wilcoxon-got.Wilcoxon) > 1e-12 {
			t.Errorf("exchanged samples give %+v, want %+v with the other sign", back, got)
		}
	}
}

func TestPairedOfEqualSamples(t *testing.T) {
	got := Paired([]float64{1, 2, 3}, []float64{1, 2, 3}, 0.95)
	if want := (Comparison{3, 0, 0, 1, 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestPairedByAConstant(t *testing.T) {
	got := Paired([]float64{2, 3, 4}, []float64{1, 2, 3}, 0.95)
	if got.Difference != 1 || got.HalfWidth != 0 || got.TTest != 0 || got.Wilcoxon > 0.11 {
		t.Errorf("%+v, want a difference of 1 without doubt", got)
	}
}

func TestPairedOfOnePair(t *testing.T) {
	got := Paired([]float64{2}, []float64{1}, 0.95)
	if got.Pairs != 1 || got.Difference != 1 || !math.IsNaN(got.HalfWidth) || !math.IsNaN(got.TTest) {
		t.Errorf("%+v, want neither interval nor t-test", got)
	}
}

// Where there is no difference, both tests find one at level 0.05 in a twentieth of all
// experiments.
func TestPairedIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const experiments, pairs, level = 4000, 30, 0.05
	tTest, wilcoxon, covered := 0.0, 0.0, 0.0
	a, b := make([]float64, pairs), make([]float64, pairs)
	for range experiments {
		for i := range a {
			a[i], b[i] = rng.NormFloat64(), rng.NormFloat64()
		}
		c := Paired(a, b, 1-level)
		if c.TTest < level {
			tTest++
		}
		if c.Wilcoxon < level {
			wilcoxon++
		}
		if math.Abs(c.Difference) < c.HalfWidth {
			covered++
		}
		if (c.TTest < level) != (math.Abs(c.Difference) > c.HalfWidth) {
			t.Errorf("t-test and interval disagree: %+v", c)
		}
	}
	const tolerance = 0.014 // four standard errors
	for what, rate := range map[string]float64{"t-test": tTest, "Wilcoxon": wilcoxon, "interval": experiments - covered} {
		if rate /= experiments; math.Abs(rate-level) > tolerance {
			t.Errorf("%s finds a difference in %.3f of the experiments, want %.2f", what, rate, level)
		}
	}
}

func TestHolm(t *testing.T) {
	// Sorted, they are .005 x 4, .01 x 3, .03 x 2 and .04 x 1, which is raised to the one before.
	p := []float64{0.01, 0.04, 0.03, 0.005}
	want := []float64{0.03, 0.06, 0.06, 0.02}
	for i, got := range Holm(p) {
		if math.Abs(got-want[i]) > 1e-15 {
			t.Errorf("corrected p-value of %v is %v, want %v", p[i], got, want[i])
		}
	}
	if got := Holm([]float64{0.9, 0.8}); got[0] != 1 || got[1] != 1 {
		t.Errorf("large p-values become %v, want 1", got)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Errorf("no p-values become %v", got)
	}
}

func TestMisusePanics(t *testing.T) {
	for what, misuse := range map[string]func(){
		"lengths":  func() { Paired([]float64{1}, []float64{1, 2}, 0.95) },
		"nothing":  func() { WilcoxonSignedRank(nil, nil) },
		"p of NaN": func() { Holm([]float64{math.NaN()}) },
		"p of 2":   func() { Holm([]float64{0.5, 2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			misuse()
		}()
	}
}

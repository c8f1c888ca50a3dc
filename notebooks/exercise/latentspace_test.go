package exercise

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

func TestExplained(t *testing.T) {
	with := func(f func(predicted, measured []float64) float64) func() { return func() { Explained(f) } }
	wantAnswers(t, "explained",
		answer{"right", with(func(p, m []float64) float64 { return stat.RSquaredFrom(p, m, nil) }), ""},
		answer{"stub", with(func(p, m []float64) float64 { return 0 }), "all right have R² = 1"},
		answer{"squared correlation", with(func(p, m []float64) float64 { return math.Pow(stat.Correlation(p, m, nil), 2) }), "a correlation"},
		answer{"not squared distances", with(func(p, m []float64) float64 { return 1 - floats.Distance(p, m, 1)/14 }), "divide by the squares"},
		answer{"without the mean", with(func(p, m []float64) float64 {
			return 1 - math.Pow(floats.Distance(p, m, 2), 2)/floats.Dot(m, m)
		}), "Who always says"},
		answer{"absolute", with(func(p, m []float64) float64 {
			mean := make([]float64, len(m))
			floats.AddConst(stat.Mean(m, nil), mean)
			return 1 - floats.Distance(p, m, 1)/floats.Distance(mean, m, 1)
		}), "Of predictions"})
}

func TestViolations(t *testing.T) {
	share := func(violates func(s []float64) bool) func() {
		return func() {
			Violations(func(segments [][]float64) (x float64) {
				for _, s := range segments {
					if violates(s) {
						x++
					}
				}
				return x / float64(len(segments))
			})
		}
	}
	wantAnswers(t, "violations",
		answer{"right", share(func(s []float64) bool { return s[1] < (s[0]+s[2])/2 }), ""},
		answer{"stub", share(func(s []float64) bool { return false }), "it makes 0.000"},
		answer{"the others", share(func(s []float64) bool { return s[1] >= (s[0]+s[2])/2 }), "for the others"},
		answer{"equal", share(func(s []float64) bool { return s[1] <= (s[0]+s[2])/2 }), "exactly the mean"},
		answer{"below both", share(func(s []float64) bool { return s[1] < min(s[0], s[2]) }), "below both ends"},
		answer{"below one", share(func(s []float64) bool { return s[1] < max(s[0], s[2]) }), "below the better end"},
		answer{"number", func() { Violations(func([][]float64) float64 { return 3 }) }, "for the share"})
}

func TestCosine(t *testing.T) {
	with := func(f func(a, b []float64) float64) func() { return func() { Cosine(f) } }
	wantAnswers(t, "cosine",
		answer{"right", with(func(a, b []float64) float64 { return floats.Dot(a, b) / floats.Norm(a, 2) / floats.Norm(b, 2) }), ""},
		answer{"stub", with(func(a, b []float64) float64 { return 0 }), "not orthogonal"},
		answer{"dot", with(floats.Dot), "dot product"},
		answer{"sine", with(func(a, b []float64) float64 { return 0.8 }), "the sine"},
		answer{"one length", with(func(a, b []float64) float64 { return floats.Dot(a, b) / floats.Norm(a, 2) }), "by both lengths."},
		answer{"sum", with(func(a, b []float64) float64 { return floats.Dot(a, b) / floats.Sum(a) }), "not 3/5"})
}

package standin

import (
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// BenchmarkNoiseCeiling estimates what a perfect model of the surrogate's mean would reach on the
// held-out labels, which hold noise. Two networks a and b that were fitted to different halves of
// the other rows err independently, but for what both cannot know, so the mean of (y - a)(y - b) is
// the variance of the noise and of their common error: no less than that of the noise. Kendall's
// tau is that of predictions with themselves after such noise.
func BenchmarkNoiseCeiling(b *testing.B) {
	rows, err := nasbench301.Reference()
	if err != nil {
		b.Fatal(err)
	}
	const half = (nasbench301.NumReference - HeldOut) / 2
	held := rows[2*half:]
	c := Default()
	c.Networks, c.Epochs = 1, 2*c.Epochs // as many steps as with all rows
	for b.Loop() {
		backend := fastest(b)
		var predicted [2][]float64
		var y []float64
		for i := range predicted {
			c.Seed = int64(10 + i)
			fit, err := Fit(b.Context(), backend, rows[i*half:][:half], c, io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			predicted[i], y = predictionsOf(b, fit, held)
		}
		residuals := func(p []float64) []float64 { return floats.SubTo(make([]float64, len(y)), y, p) }
		noise := floats.Dot(residuals(predicted[0]), residuals(predicted[1])) / float64(len(y))
		b.ReportMetric(math.Sqrt(noise), "noise-std-at-most")
		b.ReportMetric(1-noise/stat.PopVariance(y, nil), "R2-ceiling-at-least")

		mean := floats.ScaleTo(make([]float64, len(y)), 0.5, floats.AddTo(make([]float64, len(y)), predicted[0], predicted[1]))
		rng, tau := rand.New(rand.NewPCG(1, 1)), 0.0
		const draws = 20
		for range draws {
			noisy := make([]float64, len(mean))
			for i, p := range mean {
				noisy[i] = p + math.Sqrt(noise)*rng.NormFloat64()
			}
			tau += stats.KendallTau(mean, noisy) / draws
		}
		b.ReportMetric(tau, "tau-ceiling-at-least")
	}
}

func predictionsOf(b *testing.B, fit nasbench301.Fit, rows []datasets.Query) (predicted, accuracies []float64) {
	b.Helper()
	s, err := nasbench301.NewStandIn(fit)
	if err != nil {
		b.Fatal(err)
	}
	return predictions(s, rows)
}

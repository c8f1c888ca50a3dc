package inspect

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
)

// BenchmarkDirected101 trains the graph VAE of [crlso.Directed101] on all cells of NAS-Bench-101,
// without labels, and reports how many have a latent of their own, to four decimals; the share that
// decodes to itself; and those of 20,000 random latents that decode to a cell, and to different
// ones.
func BenchmarkDirected101(b *testing.B) {
	config := crlso.Directed101()
	config.PerformanceWeight = 0
	for b.Loop() {
		m, err := crlso.NewModel(testbed.Fastest(b), nasbench101.Space{}, config)
		if err != nil {
			b.Fatal(err)
		}
		if err := m.TrainJoint(b.Context(), nil, 0, nil); err != nil {
			b.Fatal(err)
		}
		cells := m.TrainingSet()
		reconstruction, err := Reconstruct(m, cells)
		if err != nil {
			b.Fatal(err)
		}
		generation, err := Generate(m, testbed.Latents(rand.New(rand.NewPCG(7, 7)), 20_000, config.LatentDim, 1))
		if err != nil {
			b.Fatal(err)
		}
		latents, err := m.Encode(cells...)
		if err != nil {
			b.Fatal(err)
		}
		different := map[string]bool{}
		for _, z := range latents {
			different[fmt.Sprintf("%.4f", z)] = true
		}
		b.ReportMetric(float64(len(different)), "latents")
		b.ReportMetric(100*reconstruction.Exact, "%-decode-to-themselves")
		b.ReportMetric(100*generation.Valid, "%-of-random-valid")
		b.ReportMetric(100*generation.Unique, "%-of-these-different")
	}
}

package experiment_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/ensemble"
	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// BenchmarkSearches makes searches as an experiment does, as many at once as there are processors,
// each with all its trainings. It reports the time that one of them adds: a hundred seeds take a
// hundred times that. What all searches of an experiment share, compiling and pretraining, comes
// before.
func BenchmarkSearches(b *testing.B) {
	const searches = 8
	for _, method := range []struct {
		name     string
		searcher search.Searcher
		budget   int
	}{
		{"short201_200_queries", &crlso.Searcher{Backend: testbed.Fastest(b), Config: crlso.Short201()}, 200},
		{"ensemble201_100_queries", &ensemble.Ensemble{Backend: testbed.Fastest(b), Config: ensemble.Ensemble201()}, 100},
	} {
		b.Run(method.name, func(b *testing.B) {
			plan := experiment.Plan{
				Methods:    []experiment.Method{{Name: method.name, Searcher: method.searcher}},
				Benchmarks: []datasets.Benchmark{testbed.Table(b)},
				Budget:     method.budget,
				Label:      datasets.MeanLabel,
			}
			run := func(seeds int) {
				plan.Seeds = seeds
				if _, err := experiment.Run(b.Context(), filepath.Join(b.TempDir(), "experiment"), plan, nil); err != nil {
					b.Fatal(err)
				}
			}
			testbed.ResetPeakMemory()
			run(runtime.GOMAXPROCS(0))
			for b.Loop() {
				run(searches)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*searches), "s/search")
			b.ReportMetric(testbed.PeakMemory(b), "peak-MB")
		})
	}
}

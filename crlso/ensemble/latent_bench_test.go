package ensemble

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"gonum.org/v1/gonum/stat"
)

// BenchmarkSources compares two sources of candidates for the same concave networks, on the latents
// of a graph VAE that decodes: mutation, and ascent from many starts. In one kind of search both
// take turns; reported is which share of the queries of each has improved on the best so far, and
// the difference by seed, in percent. Of searches with one source alone, it reports the difference
// of what they have found after 50 and 100 queries, ascent minus mutation, in points.
//
// With 50 seeds it takes an hour or more on two cores; -short makes three.
func BenchmarkSources(b *testing.B) {
	table101, err := nasbench101.Open(b.Context(), "test-as-label", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	table301, err := nasbench301.OpenStandIn()
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name   string
		table  datasets.Benchmark
		config crlso.Config
	}{{"101", table101, crlso.Directed101()}, {"301", table301, crlso.Short301()}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkSources(b, bench.table, bench.config)
			}
		})
	}
}

func benchmarkSources(b *testing.B, table datasets.Benchmark, config crlso.Config) {
	config.PerformanceWeight = 0
	config.ICNNWidth, config.ICNNLayers = Ensemble201().Networks.ICNNWidth, Ensemble201().Networks.ICNNLayers // as of the ensemble
	vae, err := crlso.NewModel(testbed.Fastest(b), table.Space(), config)
	if err != nil {
		b.Fatal(err)
	}
	if err := vae.TrainJoint(b.Context(), nil, 0, nil); err != nil {
		b.Fatal(err)
	}
	newSearch := func(ascent, mutation bool) *LatentSearch {
		l := &LatentSearch{GraphVAE: vae, Config: Latent()}
		l.Config.Ascent, l.Config.Mutation = ascent, mutation
		return l
	}
	both, sources := newSearch(true, true), map[bool]*LatentSearch{false: newSearch(false, true), true: newSearch(true, false)}
	seeds := 50
	if testing.Short() {
		seeds = 3
	}
	shares, found := map[bool][]float64{}, map[bool][2][]float64{}
	for seed := range seeds {
		queries, improving := both.turns(b, table, seed)
		for ascent, l := range sources {
			shares[ascent] = append(shares[ascent], 100*improving[ascent]/queries[ascent])
			oracle := newOracle(b, table)
			if err := l.Search(oracle, experiment.NewRand(seed, table.Name())); err != nil {
				b.Fatal(err)
			}
			after := found[ascent]
			for i, n := range []int{50, 100} {
				after[i] = append(after[i], mostAccurate(oracle.Log()[:n], 1)[0].Accuracy)
			}
			found[ascent] = after
		}
		b.Logf("seed %d: improving %.1f %% by mutation, %.1f %% by ascent; alone %.3f and %.3f after 100", seed,
			shares[false][seed], shares[true][seed], found[false][1][seed], found[true][1][seed])
	}
	report := func(name string, ascent, mutation []float64) {
		c := stats.Paired(ascent, mutation, .95)
		b.ReportMetric(c.Difference, name)
		b.ReportMetric(c.HalfWidth, "±"+name)
	}
	b.ReportMetric(stat.Mean(shares[false], nil), "%-by-mutation")
	b.ReportMetric(stat.Mean(shares[true], nil), "%-by-ascent")
	report("%-more-by-ascent", shares[true], shares[false])
	report("points-after-50", found[true][0], found[false][0])
	report("points-after-100", found[true][1], found[false][1])
}

func newOracle(b *testing.B, table datasets.Benchmark) *datasets.Oracle {
	oracle, err := datasets.NewOracle(table, 100, datasets.MeanLabel)
	if err != nil {
		b.Fatal(err)
	}
	return oracle
}

// turns makes a search in which both sources take turns, and counts the queries of each, and those
// that were better than all before.
func (l *LatentSearch) turns(b *testing.B, table datasets.Benchmark, seed int) (queries, improving map[bool]float64) {
	oracle, rng := newOracle(b, table), experiment.NewRand(seed, table.Name())
	if err := search.DrawInitialSet(oracle, rng, l.Config.Initial); err != nil {
		b.Fatal(err)
	}
	queries, improving = map[bool]float64{}, map[bool]float64{}
	for oracle.Remaining() > 0 {
		n := min(max(l.Config.Batch, int(l.Config.Growth*float64(len(oracle.Log())))), oracle.Remaining())
		proposals, err := l.round(oracle, n, rng)
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range proposals {
			best := mostAccurate(oracle.Log(), 1)[0].Accuracy
			accuracy, err := oracle.Query(p.arch)
			if err != nil {
				b.Fatal(err)
			}
			if queries[p.ascent]++; accuracy > best {
				improving[p.ascent]++
			}
		}
	}
	return queries, improving
}

package ensemble

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"gonum.org/v1/gonum/stat"
)

// One round of the ensemble with 100 labels: training of all members, and what they believe.
func BenchmarkRound(b *testing.B) {
	for _, space := range []datasets.Space{nasbench201.Space{}, nasbenchgraph.Space{}, nasbench101.Space{}, nasbench301.Space{}} {
		b.Run(space.Name(), func(b *testing.B) {
			e := &Ensemble{Backend: testbed.Fastest(b), Config: Ensemble201()}
			rng := rand.New(rand.NewPCG(1, 2))
			labelled := make([]datasets.Query, 100)
			for i := range labelled {
				labelled[i] = datasets.Query{Arch: space.Sample(rng), Accuracy: 90 + rng.NormFloat64()}
			}
			if _, err := e.fit(space, labelled, e.Config.scoresAll(space), rng); err != nil { // compiles
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := e.fit(space, labelled, e.Config.scoresAll(space), rng); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDirections says what it does to the ensemble as a predictor that its encoders know the
// directions of edges: Kendall tau of what it believes of 5,000 architectures with their
// accuracies, from 50 and 200 random labels, with the released encoder and with a directed one, and
// the difference over twenty draws of labels with its 95 % interval.
func BenchmarkDirections(b *testing.B) {
	cifar10 := testbed.Table(b)
	table101, err := nasbench101.Open(b.Context(), "test-as-label", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, table := range []datasets.Benchmark{cifar10, table101} {
		for _, labels := range []int{50, 200} {
			b.Run(fmt.Sprintf("%s, %d labels", table.Name(), labels), func(b *testing.B) {
				for b.Loop() {
					taus := map[bool][]float64{}
					for _, directed := range []bool{false, true} {
						config := Ensemble201()
						config.Networks.Directed, config.Enumerated = directed, 1
						e := &Ensemble{Backend: testbed.Fastest(b), Config: config}
						for draw := range uint64(20) {
							taus[directed] = append(taus[directed], tauFrom(b, e, table, labels, draw))
						}
					}
					c := stats.Paired(taus[true], taus[false], .95)
					b.ReportMetric(stat.Mean(taus[false], nil), "tau")
					b.ReportMetric(stat.Mean(taus[true], nil), "tau-directed")
					b.ReportMetric(c.Difference, "difference")
					b.ReportMetric(c.HalfWidth, "±difference")
				}
			})
		}
	}
}

// tauFrom fits an ensemble to random labels, and compares what it believes of random architectures.
func tauFrom(b *testing.B, e *Ensemble, table datasets.Benchmark, labels int, draw uint64) float64 {
	rng := rand.New(rand.NewPCG(draw, 10))
	accuracy := func(a datasets.Arch) float64 {
		record, err := table.Lookup(a)
		if err != nil {
			b.Fatal(err)
		}
		return record.Val
	}
	var log []datasets.Query
	for range labels {
		a := table.Space().Sample(rng)
		log = append(log, datasets.Query{Arch: a, Accuracy: accuracy(a)})
	}
	beliefs, err := e.fit(table.Space(), log, false, rng)
	if err != nil {
		b.Fatal(err)
	}
	var mean, truth []float64
	for i, a := range beliefs.Archs {
		if i >= labels { // labelled ones are the first
			mean, truth = append(mean, beliefs.Mean[i]), append(truth, accuracy(a))
		}
	}
	return stats.KendallTau(mean, truth)
}

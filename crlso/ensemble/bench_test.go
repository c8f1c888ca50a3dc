package ensemble

import (
	"math/rand/v2"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
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

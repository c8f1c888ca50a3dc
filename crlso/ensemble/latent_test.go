package ensemble

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"
)

func tinyVAE(t testing.TB, backend compute.Backend) *crlso.Model {
	t.Helper()
	config := crlso.Tiny201()
	config.TrainingSet = 1000
	m, err := crlso.NewModel(backend, nasbench201.Space{}, config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Ascents of a mean of concave networks go up, and none leaves the box. From everywhere they come
// to the same height, the maximum.
func TestAscentsGoUp(t *testing.T) {
	config := Latent()
	config.Ascent, config.Training.Epochs, config.Members, config.Steps = true, 30, 3, 64
	m, err := newLatentNetworks(tinyVAE(t, testbed.Fastest(t)), config)
	if err != nil {
		t.Fatal(err)
	}
	oracle, rng := testbed.MadeUpOracle(t, nasbench201.Space{}, 40), rand.New(rand.NewPCG(1, 2))
	if err := search.DrawInitialSet(oracle, rng, 40); err != nil {
		t.Fatal(err)
	}
	if _, err := m.fit(oracle.Log(), rng); err != nil {
		t.Fatal(err)
	}
	starts, err := m.scores(datasets.Archs(oracle.Log())[:8])
	if err != nil {
		t.Fatal(err)
	}
	points, err := m.climb(starts)
	if err != nil {
		t.Fatal(err)
	}
	height := func(z []float64) float64 {
		result, err := m.apply.Call1(nn.TensorOf(z))
		if err != nil {
			t.Fatal(err)
		}
		return stat.Mean(nn.Float64s(nn.AppendRows(nil, result, config.Members)), nil)
	}
	var ends []float64
	for i, z := range starts {
		end := points[len(points)-8+i]
		if before, after := height(z), height(end); after <= before {
			t.Errorf("start %d is at %v, and its end at %v", i, before, after)
		}
		ends = append(ends, height(end))
		for j, x := range end {
			if x < m.low[j]-1e-5 || x > m.high[j]+1e-5 {
				t.Errorf("start %d leaves the box in dimension %d: %v, want %v to %v", i, j, x, m.low[j], m.high[j])
			}
		}
	}
	var before []float64
	for _, z := range starts {
		before = append(before, height(z))
	}
	if from, to := stat.StdDev(before, nil), stat.StdDev(ends, nil); to > from/100 {
		t.Errorf("heights of starts deviate by %v, and those of ends by %v", from, to)
	}
}

// Of two sources of candidates, each has every second query; what both have counts once.
func TestSourcesTakeTurns(t *testing.T) {
	space := nasbench201.Space{}
	at := func(numbers ...int) (archs []datasets.Arch) {
		for _, i := range numbers {
			archs = append(archs, space.At(i))
		}
		return archs
	}
	oracle := testbed.MadeUpOracle(t, space, 10)
	chosen := takeTurns(oracle, [2][]datasets.Arch{at(1, 2, 3), at(1, 4)}, 4)
	want := []proposal{{space.At(1), false}, {space.At(4), true}, {space.At(2), false}, {space.At(3), false}}
	if !reflect.DeepEqual(chosen, want) {
		t.Errorf("%v, want %v", chosen, want)
	}
}

// A configuration without candidates, or without networks, says so.
func TestLatentSearchThatCannotBe(t *testing.T) {
	for _, change := range []func(*LatentConfig){
		func(c *LatentConfig) { c.Ascent = false },
		func(c *LatentConfig) { c.Members = 0 },
		func(c *LatentConfig) { c.Candidates = 0 },
	} {
		config := Latent()
		config.Ascent = true
		change(&config)
		l := &LatentSearch{GraphVAE: tinyVAE(t, testbed.Go(t)), Config: config}
		if err := l.Search(testbed.MadeUpOracle(t, nasbench201.Space{}, 20), rand.New(rand.NewPCG(1, 1))); err == nil {
			t.Errorf("no error from %+v", config)
		}
	}
}

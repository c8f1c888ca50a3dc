package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/analognasbench"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// figures are results of an independent script: accuracy by label and by test of the best by label
// after so many queries, means over searches from several seeds; NaN is not known.
type figures struct {
	benchmark datasets.Benchmark
	seeds     int
	// Random search, evolution with a population of 10 and a sample of 5, hill climbing.
	random, evolution, climbing []result
}

// graphFigures are those on NAS-Bench-Graph: of each search after 100 queries, then of evolution
// and of hill climbing after 400.
func graphFigures(t *testing.T) (all []figures) {
	nan := math.NaN()
	for name, f := range map[string]struct {
		random, evolution, climbing result
		later                       [2]float64
	}{
		"cora":      {result{100, 80.79, 80.20}, result{100, 81.02, 80.18}, result{100, 80.85, 79.91}, [2]float64{81.36, 81.30}},
		"citeseer":  {result{100, 71.27, 69.07}, result{100, 71.75, 69.24}, result{100, 71.42, 69.03}, [2]float64{72.29, 72.03}},
		"pubmed":    {result{100, 79.95, 76.22}, result{100, 80.15, 76.54}, result{100, 80.00, 75.98}, [2]float64{80.58, 80.43}},
		"cs":        {result{100, 91.33, 90.11}, result{100, 91.63, 90.40}, result{100, 91.41, 90.11}, [2]float64{91.95, 91.77}},
		"physics":   {result{100, 92.40, 91.32}, result{100, 92.84, 91.60}, result{100, 92.59, 91.27}, [2]float64{93.36, 93.08}},
		"photo":     {result{100, 93.16, 91.42}, result{100, 93.55, 91.68}, result{100, 93.32, 91.53}, [2]float64{93.85, 93.80}},
		"computers": {result{100, 90.54, 82.86}, result{100, 91.09, 83.12}, result{100, 90.64, 82.20}, [2]float64{91.44, 91.22}},
		"arxiv":     {result{100, 73.05, 71.79}, result{100, 73.33, 72.00}, result{100, 73.14, 71.93}, [2]float64{73.52, 73.45}},
		"proteins":  {result{100, 84.68, 77.55}, result{100, 85.07, 77.19}, result{100, 84.98, 77.27}, [2]float64{85.28, 85.28}},
	} {
		table, err := nasbenchgraph.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, figures{
			linkByLink{table}, 100, []result{f.random},
			[]result{f.evolution, {400, f.later[0], nan}}, []result{f.climbing, {400, f.later[1], nan}},
		})
	}
	return all
}

// analogFigures are those on AnalogNAS-Bench after 50, 100, 192 and 500 queries. Those of
// evolution after 500 are left out: in the script a child that is known joins the population at no
// charge, where RegularizedEvolution drops it, and that is ahead by up to 0.1 points when so many
// are known.
func analogFigures(t *testing.T) (all []figures) {
	results := func(values ...float64) (all []result) {
		for i, value := range values {
			all = append(all, result{[]int{50, 100, 192, 500}[i], value, math.NaN()})
		}
		return all
	}
	for name, f := range map[string]struct{ random, evolution, climbing []result }{
		"analog":     {results(89.84, 90.15, 90.36, 90.56), results(90.19, 90.49, 90.71), results(89.88, 90.29, 90.57, 90.81)},
		"analog_30d": {results(87.95, 88.38, 88.73, 89.12), results(88.59, 89.09, 89.48), results(88.07, 88.82, 89.28, 89.63)},
		"noisy":      {results(84.35, 84.93, 85.42, 86.03), results(85.16, 85.84, 86.33), results(84.42, 85.30, 85.86, 86.64)},
		"noisy_30d":  {results(50.01, 53.06, 55.19, 57.76), results(53.30, 56.83, 58.95), results(50.95, 56.11, 58.32, 60.48)},
	} {
		table, err := analognasbench.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, figures{table, 200, f.random, f.evolution, f.climbing})
	}
	return all
}

// linkByLink is a table of NAS-Bench-Graph with links that are drawn one by one, as the
// benchmark's script for NNI does, and, by its results, the independent script: each of the 24
// lists is as probable as the others, and not each of the nine that differ.
type linkByLink struct{ *nasbenchgraph.Table }

func (l linkByLink) Space() datasets.Space {
	return linkByLinkSpace{l.Table.Space().(nasbenchgraph.Space)}
}

type linkByLinkSpace struct{ nasbenchgraph.Space }

func (s linkByLinkSpace) Sample(rng *rand.Rand) datasets.Arch {
	a := s.Space.Sample(rng).(nasbenchgraph.Arch)
	for i := range a.Links {
		a.Links[i] = uint8(rng.IntN(i + 1))
	}
	return a
}

// climbing is hill climbing that visits all neighbours before it moves to the best of them, and
// from a position without a better one starts again.
//
// Source: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search",
// UAI 2021, Algorithm 1. LocalSearch moves to the first that is better.
type climbing struct{}

func (climbing) Kind() string { return "hill climbing" }

func (climbing) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	for oracle.Remaining() > 0 {
		position := oracle.Space().Sample(rng)
		if oracle.Seen(position) {
			continue
		}
		accuracy, err := oracle.Query(position)
		for better := true; better && err == nil; {
			better = false
			neighbours := oracle.Space().Neighbours(position)
			for _, i := range rng.Perm(len(neighbours)) {
				if oracle.Remaining() == 0 {
					return nil
				}
				var got float64
				if got, err = oracle.Query(neighbours[i]); err == nil && got > accuracy {
					position, accuracy, better = neighbours[i], got, true
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Searches on the benchmarks that no setting was chosen on come out as those of an independent
// script: so architectures are told apart, drawn and changed as there, and labels are what they
// should be.
func TestUnseenResults(t *testing.T) {
	checkUnseen(t, 100, 100)
}

// checkUnseen compares so many searches with all figures up to so many queries. LocalSearch is not
// below hill climbing.
func checkUnseen(t *testing.T, seeds, budget int) {
	t.Helper()
	for _, f := range append(graphFigures(t), analogFigures(t)...) {
		for _, c := range []struct {
			searcher Searcher
			results  []result
		}{{Random{}, f.random}, {SmallEvolution(), f.evolution}, {climbing{}, f.climbing}, {LocalSearch{}, f.climbing}} {
			t.Run(c.searcher.Kind()+" on "+f.benchmark.Name(), func(t *testing.T) {
				t.Parallel()
				results := slices.DeleteFunc(slices.Clone(c.results), func(r result) bool { return r.queries > budget })
				reports := searchSeeds(t, f.benchmark, c.searcher, seeds, results[len(results)-1].queries)
				for _, want := range results {
					if _, ok := c.searcher.(LocalSearch); ok {
						got, tolerance := meanOf(reports, f.seeds, func(r *datasets.Report) float64 { return r.Steps[want.queries-1].Val })
						t.Logf("%d queries: validation %.3f, hill climbing %.2f +- %.3f", want.queries, got, want.val, tolerance)
						if got < want.val-tolerance {
							t.Errorf("%d queries: validation %.3f, want at least %.2f - %.3f", want.queries, got, want.val, tolerance)
						}
						continue
					}
					compare(t, reports, want, f.seeds)
				}
			})
		}
	}
}

// compare compares searches with one result.
func compare(t *testing.T, reports []*datasets.Report, want result, seeds int) {
	t.Helper()
	for what, c := range map[string]struct {
		want     float64
		accuracy func(datasets.Step) float64
	}{
		"validation": {want.val, func(s datasets.Step) float64 { return s.Val }},
		"test":       {want.test, func(s datasets.Step) float64 { return s.Test }},
	} {
		if math.IsNaN(c.want) {
			continue
		}
		got, tolerance := meanOf(reports, seeds, func(r *datasets.Report) float64 { return c.accuracy(r.Steps[want.queries-1]) })
		t.Logf("%d queries: %s %.3f, want %.2f +- %.3f", want.queries, what, got, c.want, tolerance)
		if math.Abs(got-c.want) > tolerance {
			t.Errorf("%d queries: %s %.3f, want %.2f +- %.3f", want.queries, what, got, c.want, tolerance)
		}
	}
}

// meanOf returns a mean over searches, and how far one over searches from other seeds may be from
// it: 3.5 standard errors of the difference, which one of two thousand exceeds, and the rounding
// of the figures.
func meanOf(reports []*datasets.Report, others int, accuracy func(*datasets.Report) float64) (mean, tolerance float64) {
	values := make([]float64, len(reports))
	for i, report := range reports {
		values[i] = accuracy(report)
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	return mean, 0.005 + 3.5*deviation*math.Sqrt(1/float64(len(reports))+1/float64(others))
}

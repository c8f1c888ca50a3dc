package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// latencyByHand is a latency that needs no table: convolutions and pooling take time, more or less.
func latencyByHand(a datasets.Arch) (float64, error) {
	sum := 0.1
	for _, op := range a.(nasbench201.Cell) {
		sum += []float64{0, 0.1, 0.5, 2, 0.4}[op]
	}
	return sum, nil
}

func newDeviceOracle(t *testing.T, budget int) *datasets.Oracle {
	t.Helper()
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := datasets.NewOracle(datasets.OnDevice(table, "paper", latencyByHand), budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

// TestTwoObjectives checks that each spends its budget, repeats itself with the same source,
// and that those that learn from what they see dominate more than random search does.
func TestTwoObjectives(t *testing.T) {
	area := func(s Searcher, seed uint64) float64 {
		var logs [2][]datasets.Query
		for i := range logs {
			oracle := newDeviceOracle(t, 103)
			if err := s.Search(oracle, rand.New(rand.NewPCG(seed, 1))); err != nil {
				t.Fatal(err)
			}
			logs[i] = oracle.Log()
		}
		if len(logs[0]) != 103 || !slices.Equal(logs[0], logs[1]) {
			t.Errorf("%T: %d queries, want 103; the same again: %t", s, len(logs[0]), slices.Equal(logs[0], logs[1]))
		}
		var latencies, accuracies []float64
		for _, m := range logs[0] {
			latencies, accuracies = append(latencies, m.Cost), append(accuracies, m.Accuracy)
		}
		return stats.Hypervolume(latencies, accuracies, 10, 84)
	}
	mean := func(s Searcher) float64 {
		sum := 0.0
		for seed := range uint64(10) {
			sum += area(s, seed) / 10
		}
		return sum
	}
	random := mean(Random{})
	for _, s := range []Searcher{ParetoLocalSearch{}, ParetoLocalSearch{Initial: 10}, NSGA2{}, NSGA2{Population: 20, Crossover: nasbench201.Crossover}} {
		if got := mean(s); got < random+1 {
			t.Errorf("%T dominates %.2f, random search %.2f", s, got, random)
		}
	}
	if err := (NSGA2{Population: 104}).Search(newDeviceOracle(t, 103), rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Error("a population above the budget is no error")
	}
	for _, s := range []Searcher{ParetoLocalSearch{}, NSGA2{}} {
		oracle, err := datasets.NewOracle(toy.Benchmark{Over: toy.Space{}}, 20, datasets.MeanLabel)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Search(oracle, rand.New(rand.NewPCG(1, 1))); err == nil || !strings.Contains(err.Error(), "tells no costs") {
			t.Errorf("%s without costs: %v", s.Kind(), err)
		}
	}
}

// TestRankAndCrowdingByHand has two fronts, (1, 70) (2, 80) (4, 85) (5, 95) and (3, 75) (6, 90),
// and (7, 60) behind both.
func TestRankAndCrowdingByHand(t *testing.T) {
	var population []datasets.Query
	for _, p := range [][2]float64{{1, 70}, {2, 80}, {4, 85}, {5, 95}, {3, 75}, {6, 90}, {7, 60}} {
		population = append(population, datasets.Query{Cost: p[0], Accuracy: p[1]})
	}
	ranks, crowding := rankAndCrowding(population)
	if want := []int{0, 0, 0, 0, 1, 1, 2}; !slices.Equal(ranks, want) {
		t.Errorf("ranks %v, want %v", ranks, want)
	}
	inf := math.Inf(1)
	// In the middle, (4-1)/4 + (85-70)/25 and (5-2)/4 + (95-80)/25.
	want := []float64{inf, 1.35, 1.35, inf, inf, inf, inf}
	for i, x := range crowding {
		if x != want[i] && math.Abs(x-want[i]) > 1e-12 {
			t.Errorf("crowding %v, want %v", crowding, want)
			break
		}
	}
	population = append(population, datasets.Query{Cost: 4.5, Accuracy: 86}) // the most crowded, by 0.65 to 0.865
	kept := survivors(population, 4)
	for _, gone := range []float64{4.5, 3, 6, 7} {
		if slices.ContainsFunc(kept, func(m datasets.Query) bool { return m.Cost == gone }) {
			t.Errorf("%v lives on in %v", gone, kept)
		}
	}
}

func TestFrontByHand(t *testing.T) {
	log := []datasets.Query{{Cost: 3, Accuracy: 92}, {Cost: 1, Accuracy: 90}, {Cost: 2, Accuracy: 89}}
	if got := Front(log); !slices.Equal(got, []datasets.Query{log[1], log[0]}) {
		t.Errorf("front %v", got)
	}
}

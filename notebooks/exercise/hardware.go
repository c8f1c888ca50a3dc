package exercise

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Front checks f, the Pareto front: which cells no other is better than, from the fastest to the
// slowest. A cell is better than another if it is as fast and as accurate, and more so in one.
func Front(f func(latencies, accuracies []float64) []int) {
	Check("front", func() error {
		latencies, accuracies := []float64{5, 2, 3, 4, 6, 2}, []float64{70, 60, 68, 66, 75, 55}
		got := f(slices.Clone(latencies), slices.Clone(accuracies))
		const of = "Of latencies 5 2 3 4 6 2 and accuracies 70 60 68 66 75 55 "
		switch fmt.Sprint(got) {
		case "[1 2 0 4]":
		case "[]":
			return errors.New(of + "it returns none. Of which cell is there no other that is as fast and as accurate?")
		case "[0 1 2 3 4 5]", "[1 5 2 3 0 4]", "[5 1 2 3 0 4]":
			return errors.New(of + "it returns all. Cell 3 is slower than cell 2 and less accurate: nobody wants it.")
		case "[0 1 2 4]":
			return errors.New("These are the right cells. Return them from the fastest to the slowest.")
		case "[4 0 2 1]":
			return errors.New("These are the right cells, from the slowest to the fastest; return them the other way round.")
		case "[4]":
			return errors.New("It returns the slowest alone: of latencies, lower is better.")
		case "[1 5 2 0 4]", "[5 1 2 0 4]", "[0 1 2 4 5]":
			return errors.New("Cell 5 is as fast as cell 1, and less accurate: being worse in one and no better in the other is enough.")
		case "[1 4]":
			return errors.New("These are the ends. Cells between them, which no other beats in both, belong to it.")
		default:
			return fmt.Errorf("%sit makes %v, not [1 2 0 4].", of, got)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 100 {
			latencies, accuracies := make([]float64, 7), make([]float64, 7)
			for i := range latencies {
				latencies[i], accuracies[i] = float64(rng.IntN(6)), float64(rng.IntN(6))
			}
			want := points(stats.ParetoFront(latencies, accuracies), latencies, accuracies)
			if got := points(f(latencies, accuracies), latencies, accuracies); !slices.Equal(slices.Compact(got), want) {
				return fmt.Errorf("Of latencies %v and accuracies %v it makes the front %v, not %v.", latencies, accuracies, got, want)
			}
		}
		return nil
	})
}

// points are the latencies and accuracies of some cells.
func points(cells []int, latencies, accuracies []float64) (all [][2]float64) {
	for _, i := range cells {
		all = append(all, [2]float64{latencies[i], accuracies[i]})
	}
	return all
}

// Hypervolume checks f, the area that cells dominate, up to a latency and down to an accuracy.
func Hypervolume(f func(latencies, accuracies []float64, slowest, lowest float64) float64) {
	Check("hypervolume", func() error {
		latencies, accuracies := []float64{2, 3, 5}, []float64{60, 68, 70}
		err := compare("Of latencies 2 3 5 and accuracies 60 68 70, up to 6 and down to 50,", f(slices.Clone(latencies), slices.Clone(accuracies), 6, 50), 66,
			mistake{0, "It returns 0. What area is right of and below the cell of latency 2 and accuracy 60?"},
			mistake{114, "That is the sum of three rectangles. They overlap, and the area counts once."},
			mistake{78, "Between 2 and 3 the best so far has 60, not yet 68: a cell dominates what is slower, not what is faster."},
			mistake{46, "The last step, from latency 5 to 6, is missing."},
			mistake{54, "That is what one cell dominates; the others add something."},
			mistake{266, "That is the area down to an accuracy of 0; count from 50."},
			mistake{66. / 80, "That is a share; asked is for the area."})
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 100 {
			latencies, accuracies := make([]float64, 6), make([]float64, 6)
			for i := range latencies {
				latencies[i], accuracies[i] = float64(rng.IntN(9)), float64(rng.IntN(9))
			}
			got, want := f(slices.Clone(latencies), slices.Clone(accuracies), 6, 3), stats.Hypervolume(latencies, accuracies, 6, 3)
			of := fmt.Sprintf("Of latencies %v and accuracies %v, up to 6 and down to 3 (cells in any order, what is dominated, slower or less accurate adds nothing),", latencies, accuracies)
			if err := compare(of, got, want); err != nil {
				return err
			}
		}
		return nil
	})
}

// Within checks f, what to maximise for the most accurate cell within a limit on latency: the
// expected improvement times the probability to be within it. Both models say normal distributions.
func Within(f func(accuracy, latency distuv.Normal, best, limit float64) float64) {
	Check("within", func() error {
		accuracy, latency := distuv.Normal{Mu: 70, Sigma: 2}, distuv.Normal{Mu: 5, Sigma: 1}
		improvement := stats.ExpectedImprovement(70, 2, 71)
		for _, limit := range []float64{5.5, 4} {
			within := latency.CDF(limit)
			of := fmt.Sprintf("Of an accuracy of 70 +- 2 where the best has 71, a latency of 5 +- 1 and a limit of %v", limit)
			err := compare(of, f(accuracy, latency, 71, limit), improvement*within,
				mistake{0, of + " it returns 0, and neither the improvement nor the limit is out of reach."},
				mistake{improvement, of + " it is the expected improvement. The cell may be beyond the limit."},
				mistake{within, of + " it is the probability to be within the limit. That the cell is accurate counts, too."},
				mistake{improvement * (1 - within), of + " it has the probability to be beyond the limit."},
				mistake{improvement + within, of + " it adds. Points of accuracy and probabilities are multiplied."},
				mistake{improvement * latency.Prob(limit), of + " it has the density at the limit; wanted is the probability below it."})
			if err != nil {
				return err
			}
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			accuracy := distuv.Normal{Mu: rng.NormFloat64(), Sigma: 0.1 + rng.Float64()}
			latency := distuv.Normal{Mu: rng.NormFloat64(), Sigma: 0.1 + rng.Float64()}
			want := stats.ExpectedImprovement(accuracy.Mu, accuracy.Sigma, 0.5) * latency.CDF(0.2)
			of := fmt.Sprintf("Of an accuracy %.2f, a latency %.2f, a best of 0.5 and a limit of 0.2", accuracy, latency)
			if err := compare(of, f(accuracy, latency, 0.5, 0.2), want); err != nil {
				return err
			}
		}
		return nil
	})
}

package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
)

// Size checks f, the number of architectures of a space of choices. A choice may exist only under
// some options of another, which then always exists.
func Size(f func(choices []datasets.Choice) int) {
	Check("size", func() error {
		options := func(n int) (names []string) {
			for i := range n {
				names = append(names, fmt.Sprint(i))
			}
			return names
		}
		depth, method := datasets.Choice{Name: "depth", Options: options(4)}, datasets.Choice{Name: "method", Options: options(3)}
		// under is a choice of n options that exists under these of the method.
		under := func(name string, n int, when ...string) datasets.Choice {
			return datasets.Choice{Name: name, Options: options(n), When: "method", Equals: when}
		}
		choices := []datasets.Choice{depth, method, under("rate", 2, "1"), under("decay", 5, "1")}
		err := compare("Of depth (4 options), method (3) and, under method 1 alone, rate (2) and decay (5),", float64(f(choices)), 48,
			mistake{0, "It returns 0. How many architectures of depth 0 are there under each method?"},
			mistake{120, "That is the product of all. Under two of the three methods there is no rate and no decay to choose."},
			mistake{14, "That is the number of options. Choices are independent, so numbers are multiplied."},
			mistake{12, "Those are depths and methods. Under method 1, rate and decay are to be chosen, too."},
			mistake{40, "Those are the architectures of method 1. The other two methods have some as well."},
			mistake{4 * (2 + 2) * (2 + 5), "Rate and decay exist under the same method: there are 2 times 5 of both together, or none."},
			mistake{4 * 3 * (2 + 1) * (5 + 1), "A choice that does not exist is one more case under the methods that lack it, not under each."},
			mistake{36, "Rate and decay are chosen independently: under method 1 there are 2 times 5, not 2 plus 5."})
		if err != nil {
			return err
		}
		for _, choices := range [][]datasets.Choice{
			{depth},
			{method, under("rate", 2, "0", "2"), depth},
			{method, under("rate", 2, "0"), under("decay", 3, "1", "0"), under("seed", 7, "2")},
			{depth, method, {Name: "width", Options: options(3), When: "depth", Equals: options(2)}, under("rate", 2, "1")},
		} {
			space, err := datasets.NewChoices("exercise", choices...)
			if err != nil {
				return err
			}
			if got, want := f(choices), space.(datasets.FiniteSpace).Len(); got != want {
				return fmt.Errorf("Of %+v it makes %d, not %d.", choices, got, want)
			}
		}
		return nil
	})
}

// Waiting checks f, after how long evaluations are all done that take these times, begun in this
// order by so many workers: in batches, where all wait for the slowest of as many as there are
// workers, and asynchronously, where a worker that is free takes the next.
func Waiting(f func(durations []float64, workers int) (batches, asynchronous float64)) {
	Check("waiting", func() error {
		const of = "Of 1, 1, 3, 1, 1, 6 and two workers, in batches,"
		batches, asynchronous := f([]float64{1, 1, 3, 1, 1, 6}, 2)
		err := compare(of, batches, 10,
			mistake{0, of + " it returns 0. How long does the first batch take, of 1 and 1?"},
			mistake{13, "That is one after the other, by a single worker."},
			mistake{6.5, "That is the sum divided by the workers. In a batch both wait for the slower."},
			mistake{6, "That is the slowest of all: a batch takes as long as its slowest, and batches follow each other."},
			mistake{3, "A batch ends with its slowest evaluation, not with its fastest."})
		if err != nil {
			return err
		}
		const then = "Batches are right. Asynchronously"
		err = compare(then, asynchronous, 9,
			mistake{0, then + " it returns 0. When is a worker free, and what does it begin?"},
			mistake{10, then + " no worker waits for the other: who is done begins the next."},
			mistake{6.5, then + " it divides the sum by the workers. One of them is done earlier: there is nothing left to begin."},
			mistake{7, then + " they begin in the order given; nobody knows beforehand which takes long."},
			mistake{8, then + " the worker who is free first takes the next, not each in turn."})
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			durations, workers := make([]float64, 1+rng.IntN(9)), 1+rng.IntN(4)
			for i := range durations {
				durations[i] = float64(1 + rng.IntN(9))
			}
			batches, asynchronous := f(slices.Clone(durations), workers)
			inBatches, free := 0.0, make([]float64, workers)
			for batch := range slices.Chunk(durations, workers) {
				inBatches += slices.Max(batch)
			}
			for _, d := range durations {
				slices.Sort(free)
				free[0] += d
			}
			of := fmt.Sprintf("Of %v and %d workers, ", durations, workers)
			if err := errors.Join(compare(of+"in batches,", batches, inBatches), compare(of+"asynchronously,", asynchronous, slices.Max(free))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Trainings checks f, how often two architectures have to be trained each, that the standard error
// of the difference of their means is at most so large. One training has that standard deviation.
func Trainings(f func(deviation, most float64) int) {
	Check("trainings", func() error {
		for _, c := range [][2]float64{{0.5, 0.22}, {0.7, 0.25}, {0.5, 0.5}} {
			ratio := c[0] / c[1]
			up := func(x float64) float64 { return math.Ceil(x - 1e-9) }
			want := up(2 * ratio * ratio)
			of := fmt.Sprintf("For a deviation of %v and an error of at most %v", c[0], c[1])
			err := compare(of, float64(f(c[0], c[1])), want,
				mistake{0, of + " it says 0. What is the variance of the mean of n trainings, and of a difference of two such means?"},
				mistake{up(ratio * ratio), of + " it is right for one architecture. Both means are uncertain, and their variances add."},
				mistake{up(4 * ratio * ratio), of + " it adds deviations. Of independent means the variances add."},
				mistake{want - 1, of + " it is one too few: round up."},
				mistake{up(math.Sqrt2 * ratio), of + " it divides by n. The error falls with the root of n only."},
				mistake{2 * want, of + " it counts both architectures; asked is how often each is trained."})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

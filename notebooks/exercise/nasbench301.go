package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/combin"
)

// Genotypes checks f, the number of genotypes of two cells with so many nodes and operations. Each
// node has two inputs, from different ones of the cell's two inputs and the nodes before.
func Genotypes(f func(nodes, operations int) float64) {
	Check("genotypes", func() error {
		// number is what comes out if a node that can choose among n sources has sources(n) ways.
		number := func(nodes, operations int, sources func(n int) int) float64 {
			cell := 1.0
			for node := range nodes {
				cell *= float64(sources(2+node) * operations * operations)
			}
			return cell * cell
		}
		two := func(n int) int { return combin.Binomial(n, 2) }
		want := number(4, nasbench301.NumOps, two)
		err := compare("Of four nodes and seven operations", f(4, nasbench301.NumOps), want,
			mistake{0, "It returns 0. In how many ways can one node choose two sources, and an operation for each?"},
			mistake{math.Sqrt(want), "That is the number of cells. A genotype has two, chosen independently."},
			mistake{2 * math.Sqrt(want), "Two cells are chosen together: their numbers are multiplied, not added."},
			mistake{number(4, 7, func(n int) int { return n * (n - 1) }), "The order of a node's two inputs does not matter: each pair of sources is counted twice."},
			mistake{number(4, 7, func(n int) int { return n * n }), "A node's two inputs are from different sources."},
			mistake{number(4, 7, func(n int) int { return n * (n + 1) / 2 }), "A node cannot take both inputs from one source."},
			mistake{want / math.Pow(7, 8), "Each of a node's two edges has an operation of its own, so there are two per node."},
			mistake{number(4, 1, two), "These are the graphs; each edge has an operation, too."},
			mistake{number(4, 7, func(int) int { return 1 }), "These are the operations; each node chooses two sources, too."})
		if err != nil {
			return err
		}
		for _, size := range [][2]int{{1, 2}, {2, 3}, {3, 5}, {5, 4}} {
			of := fmt.Sprintf("Of %d nodes and %d operations", size[0], size[1])
			if err := compare(of, f(size[0], size[1]), number(size[0], size[1], two)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Changes checks f, the fewest changes that lead from one genotype to another: a change gives one
// edge another operation or another source.
func Changes(f func(a, b nasbench301.Genotype) int) {
	Check("changes", func() error {
		rng, space := rand.New(rand.NewPCG(1, 1)), nasbench301.Space{}
		a := space.Sample(rng).(nasbench301.Genotype)
		both, swapped, reduce := a, a, a
		both.Normal[7].Op = (a.Normal[7].Op + 1) % nasbench301.NumOps
		for both.Normal[7].From == a.Normal[6].From || both.Normal[7].From == a.Normal[7].From {
			both.Normal[7].From = (both.Normal[7].From + 1) % 5
		}
		swapped.Normal[0], swapped.Normal[1] = a.Normal[1], a.Normal[0]
		reduce.Reduce[3].Op = (a.Reduce[3].Op + 1) % nasbench301.NumOps
		switch {
		case f(a, a) != 0:
			return fmt.Errorf("From a genotype to itself no change leads, and it says %d.", f(a, a))
		case f(a, both) == 0:
			return errors.New("It returns 0 for an edge that has another operation and another source.")
		case f(a, both) == 1:
			return errors.New("Another operation and another source of the same edge are two changes.")
		case f(a, reduce) == 0:
			return errors.New("A genotype has two cells, and they differ in the second.")
		case f(a, swapped) != 0:
			return fmt.Errorf("With the two edges of a node the other way round it is the same genotype, and it says %d.", f(a, swapped))
		}
		for _, b := range space.Neighbours(a) {
			if got := f(a, b.(nasbench301.Genotype)); got != 1 {
				return fmt.Errorf("One change leads from %v to %v, and it says %d: of the two ways to pair the edges of a node, take the nearer.", a, b, got)
			}
		}
		for range 200 {
			b := space.Sample(rng).(nasbench301.Genotype)
			if got, want := f(a, b), changes(a.Normal, b.Normal)+changes(a.Reduce, b.Reduce); got != want {
				return fmt.Errorf("From %v to %v lead %d changes, and it says %d.", a, b, want, got)
			}
		}
		return nil
	})
}

// changes is how many changes lead from one cell to another.
func changes(a, b nasbench301.Cell) (sum int) {
	for i := 0; i < len(a); i += 2 {
		sum += min(apart(a[i], b[i])+apart(a[i+1], b[i+1]), apart(a[i], b[i+1])+apart(a[i+1], b[i]))
	}
	return sum
}

func apart(a, b nasbench301.Edge) (changes int) {
	if a.Op != b.Op {
		changes++
	}
	if a.From != b.From {
		changes++
	}
	return changes
}

// Mixture checks f, the mean and the standard deviation of what an ensemble says: each member says
// a normal distribution, and all members are as likely to be right.
func Mixture(f func(means, deviations []float64) (mean, deviation float64)) {
	Check("mixture", func() error {
		means, deviations := []float64{93, 95, 94}, []float64{0.3, 0.4, 0.5}
		n, squares := float64(len(means)), floats.Dot(deviations, deviations)
		own, between := squares/n, stat.PopVariance(means, nil)
		mean, deviation := f(slices.Clone(means), slices.Clone(deviations))
		err := compare("As the mean of 93, 95 and 94", mean, 94,
			mistake{0, "It returns a mean of 0. What do the members say on average?"},
			mistake{282, "That is the sum of the members' means."})
		if err != nil {
			return err
		}
		return compare("The mean is right. Of means 93, 95, 94 and deviations 0.3, 0.4, 0.5, as the deviation", deviation, math.Sqrt(own+between),
			mistake{0, "The mean is right, and it is as sure as if members agreed and were each sure."},
			mistake{math.Sqrt(own), "The mean is right. The deviation is as if all members said the same: where they disagree, the ensemble is unsure."},
			mistake{stat.Mean(deviations, nil), "The mean is right. The mean of the deviations forgets that members disagree; and variances are added, not deviations."},
			mistake{math.Sqrt(between), "The mean is right. The deviation is as if each member was sure: each has a deviation of its own."},
			mistake{stat.StdDev(means, nil), "The mean is right. Each member has a deviation of its own as well; and of a mixture the variance divides by n."},
			mistake{math.Sqrt(own + stat.Variance(means, nil)), "The mean is right. The members are the whole mixture, and no sample of it: divide by n, not by n - 1."},
			mistake{stat.Mean(deviations, nil) + math.Sqrt(between), "The mean is right. Add variances, not deviations."},
			mistake{own + between, "The mean is right. That is the variance; the deviation is its root."},
			mistake{math.Sqrt(squares) / n, "The mean is right. That is the error of a mean of independent measurements. Members guess the same thing: more of them make none surer."})
	})
}

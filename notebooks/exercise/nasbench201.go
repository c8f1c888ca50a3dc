package exercise

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"gonum.org/v1/gonum/stat"
)

// Reported checks f, the test accuracy that a search reports: that of its incumbent. It gets both
// accuracies of its queries, in their order.
func Reported(f func(validation, test []float64) float64) {
	Check("reported", func() error {
		validation, test := []float64{90, 92, 91, 92, 88}, []float64{93, 94, 96, 95, 89}
		err := compare("Of validation 90, 92, 91, 92, 88 and test 93, 94, 96, 95, 89", f(validation, test), 94,
			mistake{0, "It returns 0. Which query has the best validation accuracy, and what is its test accuracy?"},
			mistake{96, "That is the best test accuracy. Who chooses by test has no test any more: choose by validation."},
			mistake{92, "That is the incumbent's validation accuracy; reported is its test accuracy."},
			mistake{95, "Two queries share the best validation accuracy: the first stays the incumbent until one is better."},
			mistake{89, "That is the last query. The incumbent is the best so far, by validation."})
		if err != nil {
			return err
		}
		return reportedOfASearch(f)
	})
}

// reportedOfASearch compares f with the project's report of a random search.
func reportedOfASearch(f func(validation, test []float64) float64) error {
	table, err := nasbench201.Open(context.Background(), "imagenet16", nil, nil)
	if err != nil {
		return err
	}
	oracle, err := datasets.NewOracle(table, 200, datasets.MeanLabel)
	if err != nil {
		return err
	}
	if err := (search.Random{}).Search(oracle, rand.New(rand.NewPCG(1, 1))); err != nil {
		return err
	}
	oracle.Close()
	var validation, test []float64
	for _, q := range oracle.Log() {
		record, err := table.Lookup(q.Arch)
		if err != nil {
			return err
		}
		validation, test = append(validation, record.Val), append(test, record.Test)
	}
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		return err
	}
	return compare("Of 200 random cells of ImageNet16-120", f(validation, test), report.Final().Test)
}

// Charged checks f, how many questions an oracle answers before it first refuses one.
func Charged(f func(asked []string, budget int) int) {
	Check("charged", func() error {
		asked := []string{"a", "b", "a", "c", "b", "d", "c", "c", "e"}
		err := compare("Of a b a c b d c c e and a budget of 3", float64(f(asked, 3)), 5,
			mistake{0, "It returns 0. Which of a b a c b d c c e are new, and when are more than 3 of them?"},
			mistake{9, "That is all of a b a c b d c c e; these are 5 distinct cells, and the budget is 3."},
			mistake{3, "That is the budget. A cell that was asked for before costs nothing, and is answered too."},
			mistake{4, "When the budget is spent, what is known is still answered: only a new cell is refused."},
			mistake{8, "With a budget of 3 it answers 4 distinct cells."},
			mistake{7, "It goes on after the first refusal, which is d."})
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 20 {
			questions := make([]int, 12)
			asked := make([]string, len(questions))
			for i := range questions {
				questions[i] = rng.IntN(8)
				asked[i] = nasbench201.Space{}.At(questions[i]).String()
			}
			budget := 1 + rng.IntN(8)
			want, err := answered(questions, budget)
			if err != nil {
				return err
			}
			if got := f(asked, budget); got != want {
				return fmt.Errorf("With a budget of %d, of the cells with the numbers %v the oracle answers %d, and it says %d.", budget, questions, want, got)
			}
		}
		return nil
	})
}

// answered asks an oracle for cells of these numbers until it refuses one.
func answered(questions []int, budget int) (n int, err error) {
	table, err := nasbench201.Open(context.Background(), "cifar10", nil, nil)
	if err != nil {
		return 0, err
	}
	oracle, err := datasets.NewOracle(table, budget, datasets.MeanLabel)
	if err != nil {
		return 0, err
	}
	for _, question := range questions {
		_, err := oracle.Query(nasbench201.Space{}.At(question))
		if errors.Is(err, datasets.ErrBudget) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// StandardError checks f, the standard error of the mean accuracy of trainings. It gets the
// accuracies of as many searches in the latent space of each training.
func StandardError(f func(trainings [][]float64) float64) {
	Check("standard-error", func() error {
		trainings := [][]float64{{91.6, 91.6, 91.5}, {91.2, 91.3, 91.2}, {91.5, 91.5, 91.6}, {91.4, 91.3, 91.5}}
		var means []float64
		within := 0.0
		for _, t := range trainings {
			means = append(means, stat.Mean(t, nil))
			within += stat.Variance(t, nil) / float64(len(trainings))
		}
		all, n := slices.Concat(trainings...), float64(len(trainings))
		deviation := stat.StdDev(means, nil)
		return compare(fmt.Sprintf("Of %v", trainings), f(trainings), stat.StdErr(deviation, n),
			mistake{0, "It returns 0, and the four trainings do not agree: how far are their means apart?"},
			mistake{stat.StdErr(stat.StdDev(all, nil), 3*n), "That takes the twelve searches as independent. Three each share a training: there are four samples of the method."},
			mistake{stat.StdErr(deviation, 3*n), "More searches in the same latent space are no more samples: divide by the root of the number of trainings."},
			mistake{deviation, "That is how far one training is from the mean. The mean of n trainings is nearer, by the square root of n."},
			mistake{stat.PopStdDev(means, nil) / math.Sqrt(n), "The deviation of a sample divides by n - 1, as in stat.StdDev."},
			mistake{stat.StdErr(math.Sqrt(within), 3), "That is how searches of one training differ. Asked is for the method, with its training."},
			mistake{stat.StdErr(stat.StdDev(all, nil), n), "Take the mean of each training first: that is the sample, and its spread counts."})
	})
}

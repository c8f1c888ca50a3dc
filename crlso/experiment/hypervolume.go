package experiment

import (
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"gonum.org/v1/gonum/stat"
)

// hypervolume is what the hypervolumes of a data set with costs are measured by. The corner is at
// 1.1 times the cost of the most accurate architecture, and at the median accuracy: what is more
// expensive or less accurate dominates nothing.
type hypervolume struct {
	Cost     float64 `json:"cost"`     // of the corner
	Accuracy float64 `json:"accuracy"` // of the corner
	All      float64 `json:"all"`      // what all architectures dominate
}

// newHypervolume returns the zero value for a space that cannot be enumerated.
func newHypervolume(b datasets.CostBenchmark) (hypervolume, error) {
	space, ok := b.Space().(datasets.FiniteSpace)
	if !ok {
		return hypervolume{}, nil
	}
	accuracies, err := datasets.Validation(b)
	if err != nil {
		return hypervolume{}, err
	}
	costs := make([]float64, space.Len())
	for i := range costs {
		if costs[i], err = b.Cost(space.At(i)); err != nil {
			return hypervolume{}, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	front := stats.ParetoFront(costs, accuracies)
	h := hypervolume{
		Cost:     1.1 * costs[front[len(front)-1]],
		Accuracy: stat.Quantile(0.5, stat.Empirical, slices.Sorted(slices.Values(accuracies)), nil),
	}
	h.All = stats.Hypervolume(costs, accuracies, h.Cost, h.Accuracy)
	return h, nil
}

// of returns what queries dominate, in percent of what all architectures do.
func (h hypervolume) of(steps []Step) float64 {
	costs, accuracies := make([]float64, len(steps)), make([]float64, len(steps))
	for i, step := range steps {
		costs[i], accuracies[i] = step.Cost, step.Accuracy
	}
	return 100 * stats.Hypervolume(costs, accuracies, h.Cost, h.Accuracy) / h.All
}

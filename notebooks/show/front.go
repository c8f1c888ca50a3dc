package show

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/plots"
)

// Front draws what methods have found on a benchmark with costs, in the plane of cost and accuracy,
// beside the front of all architectures. It takes the searches of one seed: the one from which the
// first method ends with the median hypervolume, so no lucky one.
func Front(r *experiment.Results, b datasets.CostBenchmark, methods ...string) error {
	space, ok := b.Space().(datasets.FiniteSpace)
	if !ok {
		return fmt.Errorf("show front: %s cannot be enumerated", b.Space().Name())
	}
	accuracies, err := datasets.Validation(b)
	if err != nil {
		return err
	}
	costs := make([]float64, space.Len())
	for i := range costs {
		if costs[i], err = b.Cost(space.At(i)); err != nil {
			return err
		}
	}
	front := plots.Tradeoff{Name: "front of all cells"}
	for _, i := range stats.ParetoFront(costs, accuracies) {
		front.Cost, front.Accuracy = append(front.Cost, costs[i]), append(front.Accuracy, accuracies[i])
	}
	seed, err := typicalSeed(r, methods[0], b.Name())
	if err != nil {
		return err
	}
	withSeed := func(s experiment.Search) bool { return s.Seed == seed }
	found := []plots.Tradeoff{front}
	for _, method := range methods {
		searches, err := r.Searches(method, b.Name())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(searches, withSeed)
		if i < 0 {
			return fmt.Errorf("show front: there is no search of %s from seed %d; show methods that have it", method, seed)
		}
		t := plots.Tradeoff{Name: method}
		for _, step := range searches[i].Steps {
			if step.Cost <= 1.1*front.Cost[len(front.Cost)-1] {
				t.Cost, t.Accuracy = append(t.Cost, step.Cost), append(t.Accuracy, step.Accuracy)
			}
		}
		found = append(found, t)
	}
	slices.Sort(accuracies)
	png, err := plots.ParetoFront(found, plots.ParetoFrontOptions{
		Title:  fmt.Sprintf("%s, seed %d, %d queries", b.Name(), seed, r.Budget()),
		XLabel: b.CostName(),
		Low:    accuracies[(len(accuracies)-1)/2],
	})
	if err == nil {
		PNG(png)
	}
	return err
}

// typicalSeed is the seed from which a method ends with the median hypervolume.
func typicalSeed(r *experiment.Results, method, dataSet string) (int, error) {
	values, err := r.At(method, dataSet, experiment.Hypervolume, r.Queries(method))
	if err != nil {
		return 0, err
	}
	searches, err := r.Searches(method, dataSet)
	if err != nil {
		return 0, err
	}
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	return searches[order[len(order)/2]].Seed, nil
}

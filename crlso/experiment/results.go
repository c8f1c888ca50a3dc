package experiment

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Level is the level of all confidence intervals.
const Level = 0.95

// Results are the finished searches of an experiment.
type Results struct {
	plan     description
	searches map[pair][]Search // by seed
}

// Search is the result of one search.
type Search struct {
	Seed  int
	Steps []Step // one for each query
}

// Step is what the best architecture by what the search saw was worth after one query: see
// datasets.Step.
type Step struct {
	Val     float64 // mean validation accuracy, percent
	Test    float64 // mean test accuracy, percent; NaN if the source has none
	Regret  float64 // the best mean validation accuracy of all architectures minus Val, in points; NaN if nobody knows the best
	Seconds float64 // from the start of the search to the query, which depends on what else the machine did

	// Accuracy and Cost are those of the query itself, as the search saw them: see datasets.Query.
	// Both are 0 on a data set without costs.
	Accuracy, Cost float64
}

// Quantity is what results are compared by.
type Quantity int

const (
	Val Quantity = iota
	Test
	Regret
	// Hypervolume is what the queries so far dominate in the plane of accuracy and cost, in percent
	// of what all architectures do; only what is at least as accurate as half of them counts, and
	// no more expensive than 1.1 times the most accurate one.
	Hypervolume
)

func (q Quantity) String() string {
	return [...]string{"validation accuracy (%)", "test accuracy (%)", "validation regret (points)",
		"hypervolume (% of all architectures')"}[q]
}

// after returns a quantity of a search after some queries.
func (r *Results) after(dataSet string, search Search, q Quantity, queries int) float64 {
	if q == Hypervolume {
		return r.plan.dataSet(dataSet).Hypervolume.of(search.Steps[:queries])
	}
	step := search.Steps[queries-1]
	return [...]float64{step.Val, step.Test, step.Regret}[q]
}

// pair is a method on a data set, by name.
type pair struct{ method, dataSet string }

func (p pair) String() string { return fmt.Sprintf("%q on %s", p.method, p.dataSet) }

func newResults(plan description) *Results { return &Results{plan, map[pair][]Search{}} }

// find returns where the search of a seed is or would be.
func (r *Results) find(p pair, seed int) (int, bool) {
	return slices.BinarySearchFunc(r.searches[p], seed, func(s Search, seed int) int { return cmp.Compare(s.Seed, seed) })
}

func (r *Results) has(p pair, seed int) bool {
	_, found := r.find(p, seed)
	return found
}

// add reports whether the search was not there before.
func (r *Results) add(p pair, s Search) bool {
	i, found := r.find(p, s.Seed)
	if !found {
		r.searches[p] = slices.Insert(r.searches[p], i, s)
	}
	return !found
}

// Methods returns the names of the methods, in the order of the plan.
func (r *Results) Methods() (names []string) {
	for _, method := range r.plan.Methods {
		names = append(names, method.Name)
	}
	return names
}

// Only returns the results of some of the methods, in the order given, for a table or a figure of
// these.
func (r *Results) Only(methods ...string) (*Results, error) {
	plan := r.plan
	plan.Methods = nil
	for _, name := range methods {
		i := slices.Index(r.Methods(), name)
		if i < 0 {
			return nil, fmt.Errorf("there is no method %q, only %q", name, r.Methods())
		}
		plan.Methods = append(plan.Methods, r.plan.Methods[i])
	}
	return &Results{plan, r.searches}, nil
}

// Judged returns the results with other test accuracies, of all data sets: what judge says of the
// best architecture after a query. So searches can be compared by an accuracy that none was shown,
// such as one without the luck of the label.
func (r *Results) Judged(judge func(dataSet string, step Step) float64) *Results {
	judged := newResults(r.plan)
	judged.plan.DataSets = slices.Clone(r.plan.DataSets)
	for i := range judged.plan.DataSets {
		judged.plan.DataSets[i].HasTest = true
	}
	for p, searches := range r.searches {
		for _, s := range searches {
			s.Steps = slices.Clone(s.Steps)
			for i, step := range s.Steps {
				s.Steps[i].Test = judge(p.dataSet, step)
			}
			judged.searches[p] = append(judged.searches[p], s)
		}
	}
	return judged
}

// DataSets returns the names of the benchmarks, in the order of the plan.
func (r *Results) DataSets() (names []string) {
	for _, dataSet := range r.plan.DataSets {
		names = append(names, dataSet.Name)
	}
	return names
}

// Budget is the number of queries of each search, but for methods to which the plan gave fewer.
func (r *Results) Budget() int { return r.plan.Budget }

// Queries is the number of queries of each search of a method.
func (r *Results) Queries(method string) int { return r.plan.budget(method) }

// Source says where the accuracies of a data set come from, "" if there is no such data set.
func (r *Results) Source(dataSet string) string { return r.plan.dataSet(dataSet).Source }

// HasTest reports whether there are test accuracies of a data set.
func (r *Results) HasTest(dataSet string) bool { return r.plan.dataSet(dataSet).HasTest }

// CostName names what architectures of a data set cost, such as "latency (ms)"; "" if there are no
// costs.
func (r *Results) CostName(dataSet string) string { return r.plan.dataSet(dataSet).Cost }

// HasHypervolume reports whether a data set has costs, and what all its architectures dominate is
// known.
func (r *Results) HasHypervolume(dataSet string) bool {
	return r.plan.dataSet(dataSet).Hypervolume.All > 0
}

// HasRegret reports whether the best of a data set is known, and so how far a search is from it.
func (r *Results) HasRegret(dataSet string) bool { return r.Optimum(dataSet) > 0 }

// Optimum is the best mean validation accuracy of all architectures of a data set, 0 if nobody
// knows it.
func (r *Results) Optimum(dataSet string) float64 { return r.plan.dataSet(dataSet).Best }

// reaches reports whether a method has a finished search on a data set, with so many queries.
func (r *Results) reaches(method, dataSet string, query int) bool {
	return len(r.searches[pair{method, dataSet}]) > 0 && query <= r.plan.budget(method)
}

func (r *Results) check(method, dataSet string) error {
	if !slices.Contains(r.Methods(), method) {
		return fmt.Errorf("there is no method %q, only %q", method, r.Methods())
	}
	if !slices.Contains(r.DataSets(), dataSet) {
		return fmt.Errorf("there is no data set %q, only %q", dataSet, r.DataSets())
	}
	return nil
}

// Searches returns the finished searches of a method on a data set, in the order of seeds. The
// caller must not change them. It is an error if there are none.
func (r *Results) Searches(method, dataSet string) ([]Search, error) {
	if err := r.check(method, dataSet); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	searches := r.searches[pair{method, dataSet}]
	if len(searches) == 0 {
		return nil, fmt.Errorf("experiment: no search of %v is finished; run the experiment again", pair{method, dataSet})
	}
	return searches, nil
}

// Curve is the mean of a quantity over seeds and its confidence interval after each query.
type Curve struct {
	Mean      []float64
	Low, High []float64 // nil with one seed
}

// Curve returns the curve of a method on a data set.
func (r *Results) Curve(method, dataSet string, q Quantity) (Curve, error) {
	searches, err := r.searchesWith(method, dataSet, q)
	if err != nil {
		return Curve{}, err
	}
	curves := make([][]float64, len(searches))
	for i, search := range searches {
		for n := range search.Steps {
			curves[i] = append(curves[i], r.after(dataSet, search, q, n+1))
		}
	}
	mean, low, high := stats.Band(curves, Level)
	return Curve{mean, low, high}, nil
}

// At returns a quantity after some queries of all finished searches of a method on a data set, in
// the order of their seeds.
func (r *Results) At(method, dataSet string, q Quantity, query int) ([]float64, error) {
	searches, err := r.searchesWith(method, dataSet, q)
	if err != nil {
		return nil, err
	}
	if budget := r.plan.budget(method); query < 1 || query > budget {
		return nil, fmt.Errorf("experiment: %q has no query %d, only 1 to %d", method, query, budget)
	}
	values := make([]float64, len(searches))
	for i, search := range searches {
		values[i] = r.after(dataSet, search, q, query)
	}
	return values, nil
}

// searchesWith returns Searches, or an error if they lack the quantity.
func (r *Results) searchesWith(method, dataSet string, q Quantity) ([]Search, error) {
	searches, err := r.Searches(method, dataSet)
	switch {
	case err != nil:
		return nil, err
	case q == Test && !r.HasTest(dataSet):
		return nil, fmt.Errorf("experiment: the source of %s has no test accuracies; use one that has", dataSet)
	case q == Regret && !r.HasRegret(dataSet):
		return nil, fmt.Errorf("experiment: nobody knows the best architecture of %s, so there is no regret; compare validation accuracies", dataSet)
	case q == Hypervolume && !r.HasHypervolume(dataSet):
		return nil, fmt.Errorf("experiment: %s has no costs, or its architectures cannot be listed, so there is no hypervolume; compare validation accuracies", dataSet)
	}
	return searches, nil
}

// Compare compares a method with a baseline by a quantity after some queries, over the seeds that
// both have finished: the difference is the method's minus the baseline's.
func (r *Results) Compare(method, baseline, dataSet string, q Quantity, query int) (stats.Comparison, error) {
	a, b, err := r.pairs(method, baseline, dataSet, q, query)
	if err != nil {
		return stats.Comparison{}, err
	}
	return stats.Paired(a, b, Level), nil
}

// pairs returns a quantity of two methods for each seed that both have finished. It is an error if
// there is none.
func (r *Results) pairs(method, baseline, dataSet string, q Quantity, query int) (a, b []float64, err error) {
	mine, err := r.At(method, dataSet, q, query)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := r.At(baseline, dataSet, q, query)
	if err != nil {
		return nil, nil, err
	}
	for i, search := range r.searches[pair{method, dataSet}] {
		if j, found := r.find(pair{baseline, dataSet}, search.Seed); found {
			a, b = append(a, mine[i]), append(b, theirs[j])
		}
	}
	if len(a) == 0 {
		return nil, nil, fmt.Errorf("experiment: %q and %q have no finished seed in common on %s; run the experiment again",
			method, baseline, dataSet)
	}
	return a, b, nil
}

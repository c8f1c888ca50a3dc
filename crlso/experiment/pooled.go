package experiment

import (
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Best returns that one of some methods with the highest mean on a data set after some queries; of
// regrets, the lowest. Methods without a finished search of so many queries do not count.
func (r *Results) Best(dataSet string, q Quantity, query int, methods ...string) (best string, err error) {
	highest := 0.0
	for _, method := range methods {
		if !r.reaches(method, dataSet, query) {
			continue
		}
		values, err := r.At(method, dataSet, q, query)
		if err != nil {
			return "", err
		}
		mean, _ := stats.Interval(values, Level)
		if q == Regret {
			mean = -mean
		}
		if best == "" || mean > highest {
			best, highest = method, mean
		}
	}
	if best == "" {
		return "", fmt.Errorf("experiment: none of %q has a finished search of %d queries on %s; run the experiment again", methods, query, dataSet)
	}
	return best, nil
}

// ComparePooled is [Results.Compare] over several data sets together: its pairs are those of all
// seeds on all of them, so data sets with more seeds count more. against names the baseline on
// each.
func (r *Results) ComparePooled(method string, q Quantity, query int, against map[string]string) (stats.Comparison, error) {
	var a, b []float64
	for _, dataSet := range r.DataSets() {
		baseline, ok := against[dataSet]
		if !ok {
			continue
		}
		mine, theirs, err := r.pairs(method, baseline, dataSet, q, query)
		if err != nil {
			return stats.Comparison{}, err
		}
		a, b = append(a, mine...), append(b, theirs...)
	}
	if len(a) == 0 {
		return stats.Comparison{}, fmt.Errorf("experiment: %d data sets to compare %q on, want some of %q", len(against), method, r.DataSets())
	}
	return stats.Paired(a, b, Level), nil
}

// Versus returns the differences of a method to the baseline, and then to the best rival, which
// stands in brackets: for each data set after some numbers of queries, with 95 % intervals, and for
// all data sets together.
func (r *Results) Versus(method string, q Quantity, baseline string, rivals []string, queries ...int) (Table, error) {
	t := Table{Title: fmt.Sprintf("%s of %s, with 95 %% intervals", q, method), Header: []string{""}}
	for _, query := range queries {
		t.Header = append(t.Header, fmt.Sprintf("%d queries", query))
	}
	for _, candidates := range [][]string{{baseline}, rivals} {
		heading, bracket := "minus "+baseline, ""
		if len(candidates) > 1 {
			heading = "minus the best rival"
		}
		t.Add(heading)
		together := make([]map[string]string, len(queries))
		for i := range together {
			together[i] = map[string]string{}
		}
		for _, dataSet := range r.DataSets() {
			row := []any{dataSet}
			for i, query := range queries {
				best, err := r.Best(dataSet, q, query, candidates...)
				if err != nil {
					return Table{}, err
				}
				c, err := r.Compare(method, best, dataSet, q, query)
				if err != nil {
					return Table{}, err
				}
				if together[i][dataSet] = best; len(candidates) > 1 {
					bracket = " (" + best + ")"
				}
				row = append(row, interval("%+.3f", c.Difference, c.HalfWidth)+bracket)
			}
			t.Add(row...)
		}
		row := []any{"together"}
		for i, query := range queries {
			c, err := r.ComparePooled(method, q, query, together[i])
			if err != nil {
				return Table{}, err
			}
			row = append(row, interval("%+.3f", c.Difference, c.HalfWidth))
		}
		t.Add(row...)
	}
	return t, nil
}

// PooledTable returns a quantity after some numbers of queries over several data sets together: of
// each method the mean over all searches, and its difference to the baseline and to the best rival,
// which is the best of rivals on each data set by itself. As the best is chosen after the fact, a
// method that is as good as each rival is below it.
func (r *Results) PooledTable(q Quantity, baseline string, rivals, dataSets []string, queries ...int) (Table, error) {
	t := Table{
		Title:  fmt.Sprintf("%s, %d data sets together, with 95 %% intervals", q, len(dataSets)),
		Header: []string{"", "searches", "mean", "minus " + baseline, "minus the best rival"},
	}
	for _, query := range queries {
		t.Add(fmt.Sprintf("%d queries", query))
		local, best := map[string]string{}, map[string]string{}
		for _, dataSet := range dataSets {
			rival, err := r.Best(dataSet, q, query, rivals...)
			if err != nil {
				return Table{}, err
			}
			local[dataSet], best[dataSet] = baseline, rival
		}
		for _, method := range r.Methods() {
			if slices.ContainsFunc(dataSets, func(d string) bool { return !r.reaches(method, d, query) }) {
				t.Add(method, 0, "-", "-", "-")
				continue
			}
			var values []float64
			for _, dataSet := range dataSets {
				more, err := r.At(method, dataSet, q, query)
				if err != nil {
					return Table{}, err
				}
				values = append(values, more...)
			}
			mean, _ := stats.Interval(values, Level)
			cells := []any{method, len(values), fmt.Sprintf("%.3f", mean)}
			for _, against := range []map[string]string{local, best} {
				c, err := r.ComparePooled(method, q, query, against)
				if err != nil {
					return Table{}, err
				}
				cells = append(cells, interval("%+.3f", c.Difference, c.HalfWidth))
			}
			t.Add(cells...)
		}
	}
	return t, nil
}

package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Table returns a text table of a quantity after some numbers of queries: for each data set and
// method, the mean over seeds with its 95 % interval, and the difference to the baseline on the
// same seeds, with its interval and p-values by the paired t-test and by Wilcoxon's signed-rank
// test. The intervals are uncorrected; the p-values are corrected by Holm's method, each test's for
// all comparisons in the table. A method without a finished search has dashes.
func (r *Results) Table(q Quantity, baseline string, queries ...int) (string, error) {
	var rows []row
	for _, dataSet := range r.DataSets() {
		if _, err := r.searchesWith(baseline, dataSet, q); err != nil {
			return "", err
		}
		for _, query := range queries {
			for _, method := range r.Methods() {
				next, err := r.row(q, pair{method, dataSet}, baseline, query)
				if err != nil {
					return "", err
				}
				rows = append(rows, next)
			}
		}
	}
	comparisons := correct(rows)

	var text strings.Builder
	fmt.Fprintf(&text, "%s, mean over seeds +- 95 %% interval; p-values by Holm's method for %d comparisons\n", q, comparisons)
	width := 0
	for _, method := range r.Methods() {
		width = max(width, utf8.RuneCountInString(method))
	}
	const line = "%-*s  %5v  %17s  %17s  %6s  %12s\n"
	for i, row := range rows {
		if i%len(r.Methods()) == 0 {
			fmt.Fprintf(&text, "\n%s, %d queries\n", row.dataSet, row.query)
			fmt.Fprintf(&text, line, width, "", "seeds", "mean", "minus "+baseline, "p (t)", "p (Wilcoxon)")
		}
		mean, difference, t, wilcoxon := row.cells()
		fmt.Fprintf(&text, line, width, row.method, len(row.values), mean, difference, t, wilcoxon)
	}
	return text.String(), nil
}

// row is a line of a table.
type row struct {
	pair
	query      int
	values     []float64
	comparison *stats.Comparison // nil where there is none
}

func (r *Results) row(q Quantity, p pair, baseline string, query int) (row, error) {
	out := row{pair: p, query: query}
	if len(r.searches[p]) == 0 {
		return out, nil
	}
	var err error
	if out.values, err = r.At(p.method, p.dataSet, q, query); err != nil {
		return out, err
	}
	shared := slices.ContainsFunc(r.searches[p], func(s Search) bool { return r.has(pair{baseline, p.dataSet}, s.Seed) })
	if p.method != baseline && shared {
		comparison, err := r.Compare(p.method, baseline, p.dataSet, q, query)
		if err != nil {
			return out, err
		}
		out.comparison = &comparison
	}
	return out, nil
}

// correct corrects the p-values of rows and returns the number of comparisons, which are those of
// two pairs of searches or more.
func correct(rows []row) int {
	var t, wilcoxon []*float64
	for _, row := range rows {
		if c := row.comparison; c != nil && c.Pairs > 1 {
			t, wilcoxon = append(t, &c.TTest), append(wilcoxon, &c.Wilcoxon)
		}
	}
	for _, family := range [][]*float64{t, wilcoxon} {
		values := make([]float64, len(family))
		for i, p := range family {
			values[i] = *p
		}
		for i, p := range stats.Holm(values) {
			*family[i] = p
		}
	}
	return len(t)
}

// cells returns what a line shows of the row, dashes for what there is not.
func (r row) cells() (mean, difference, t, wilcoxon string) {
	mean, difference, t, wilcoxon = "-", "-", "-", "-"
	if len(r.values) > 0 {
		m, half := stats.Interval(r.values, Level)
		mean = interval("%.3f", m, half)
	}
	if c := r.comparison; c != nil {
		difference = interval("%+.3f", c.Difference, c.HalfWidth)
		if c.Pairs > 1 {
			t, wilcoxon = pValue(c.TTest), pValue(c.Wilcoxon)
		}
	}
	return mean, difference, t, wilcoxon
}

// interval prints a mean and the half-width of its interval, which is NaN for one sample.
func interval(format string, mean, halfWidth float64) string {
	if math.IsNaN(halfWidth) {
		return fmt.Sprintf(format, mean)
	}
	return fmt.Sprintf(format+" +- %.3f", mean, halfWidth)
}

func pValue(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

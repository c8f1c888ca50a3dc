package experiment

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Table is a table under a title. A row of a single cell is the heading of those below it.
type Table struct {
	Title  string
	Header []string // of the columns; the first may be empty
	Rows   [][]string
}

// Add adds a row, whose cells are formatted by fmt.Sprint.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = fmt.Sprint(cell)
	}
	t.Rows = append(t.Rows, row)
}

// String returns the table as text, the first column to the left and the others to the right, with
// the header line below each heading.
func (t Table) String() string {
	widths := make([]int, len(t.Header))
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		for i, cell := range row {
			if len(row) > 1 {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	var text strings.Builder
	line := func(row []string) {
		fmt.Fprintf(&text, "%-*s", widths[0], row[0])
		for i, cell := range row[1:] {
			fmt.Fprintf(&text, "  %*s", widths[i+1], cell)
		}
		text.WriteString("\n")
	}
	if t.Title != "" {
		text.WriteString(t.Title + "\n")
	}
	if len(t.Rows) == 0 || len(t.Rows[0]) > 1 {
		line(t.Header)
	}
	for _, row := range t.Rows {
		if len(row) == 1 {
			text.WriteString("\n" + row[0] + "\n")
			row = t.Header
		}
		line(row)
	}
	return text.String()
}

var tableTemplate = template.Must(template.New("table").Parse(`<div style="overflow-x: auto"><table style="white-space: nowrap">{{with .Title}}<caption style="white-space: normal">{{.}}</caption>{{end}}
<thead><tr>{{range .Header}}<th>{{.}}</th>{{end}}</tr></thead>
<tbody>{{$columns := len .Header}}{{range .Rows}}
<tr>{{if eq (len .) 1}}<th colspan="{{$columns}}" style="text-align: left">{{index . 0}}</th>{{else}}{{range $i, $cell := .}}{{if $i}}<td>{{$cell}}</td>{{else}}<td style="text-align: left">{{$cell}}</td>{{end}}{{end}}{{end}}</tr>{{end}}
</tbody></table></div>`))

// HTML returns the table as an HTML element, which scrolls where it is wider than the page.
func (t Table) HTML() string {
	var text strings.Builder
	if err := tableTemplate.Execute(&text, t); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return text.String()
}

// Table returns a quantity after some numbers of queries: for each data set and method, the mean
// over seeds with its 95 % interval, and the difference to the baseline on the same seeds, with its
// interval and p-values by the paired t-test and by Wilcoxon's signed-rank test. The intervals are
// uncorrected; the p-values are corrected by Holm's method, each test's for all comparisons in the
// table. A method without a finished search of so many queries has dashes.
func (r *Results) Table(q Quantity, baseline string, queries ...int) (Table, error) {
	for _, query := range queries {
		if query < 1 || query > r.Budget() {
			return Table{}, fmt.Errorf("experiment: there is no query %d, only 1 to %d", query, r.Budget())
		}
	}
	var rows []row
	for _, dataSet := range r.DataSets() {
		if _, err := r.searchesWith(baseline, dataSet, q); err != nil {
			return Table{}, err
		}
		for _, query := range queries {
			for _, method := range r.Methods() {
				next, err := r.row(q, pair{method, dataSet}, baseline, query)
				if err != nil {
					return Table{}, err
				}
				rows = append(rows, next)
			}
		}
	}
	t := Table{
		Title:  fmt.Sprintf("%s, mean over seeds +- 95 %% interval; p-values by Holm's method for %d comparisons", q, correct(rows)),
		Header: []string{"", "seeds", "mean", "minus " + baseline, "p (t)", "p (Wilcoxon)"},
	}
	for i, row := range rows {
		if i%len(r.Methods()) == 0 {
			t.Add(fmt.Sprintf("%s, %d queries", row.dataSet, row.query))
		}
		mean, difference, ttest, wilcoxon := row.cells()
		t.Add(row.method, len(row.values), mean, difference, ttest, wilcoxon)
	}
	return t, nil
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
	if !r.reaches(p.method, p.dataSet, query) {
		return out, nil
	}
	var err error
	if out.values, err = r.At(p.method, p.dataSet, q, query); err != nil {
		return out, err
	}
	shared := slices.ContainsFunc(r.searches[p], func(s Search) bool { return r.has(pair{baseline, p.dataSet}, s.Seed) })
	if p.method != baseline && shared && r.reaches(baseline, p.dataSet, query) {
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

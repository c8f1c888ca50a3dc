package experiment

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// handmade is an experiment of two queries whose second query has the given regrets, method by
// method; NaN stands for a search that is not finished.
func handmade(t *testing.T, regrets map[string][]float64) *Results {
	t.Helper()
	d := description{
		DataSets: []dataSetDescription{{Name: "toy", Source: "made up", Best: 100}},
		Seeds:    len(regrets["baseline"]), Budget: 2, Label: "mean of runs",
	}
	for _, name := range []string{"baseline", "better", "unfinished"} {
		d.Methods = append(d.Methods, methodDescription{Name: name, Searcher: "test"})
	}
	r := newResults(d)
	for method, values := range regrets {
		for seed, regret := range values {
			if !math.IsNaN(regret) {
				r.add(pair{method, "toy"}, Search{seed, []Step{{Val: 50, Test: math.NaN(), Regret: 50}, {Val: 100 - regret, Test: math.NaN(), Regret: regret, Seconds: 1}}})
			}
		}
	}
	return r
}

var (
	nan    = math.NaN()
	worse  = []float64{8, 7.5, 6, 9.25, 5, 7, 8, 6.5, 7.75, 9, 4, 8.5, nan, 3}
	better = []float64{7, 7.5, 6.5, 8.25, 5.5, 6, 8.5, 5, 7.25, 7, 4, 9.5, 2, nan}
)

// Only seeds that both methods have finished are compared.
func TestCompare(t *testing.T) {
	r := handmade(t, map[string][]float64{"baseline": worse, "better": better})
	got, err := r.Compare("better", "baseline", "toy", Regret, 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := stats.Paired(better[:12], worse[:12], 0.95); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, err := r.At("better", "toy", Regret, 2); err != nil || !slices.Equal(got, better[:13]) {
		t.Errorf("%v, %v, want %v", got, err, better[:13])
	}
}

func TestOnly(t *testing.T) {
	r := handmade(t, map[string][]float64{"baseline": worse, "better": better})
	only, err := r.Only("better", "baseline")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"better", "baseline"}; !slices.Equal(only.Methods(), want) {
		t.Errorf("methods %q, want %q", only.Methods(), want)
	}
	if _, err := only.At("unfinished", "toy", Regret, 2); err == nil {
		t.Error("a method that was left out is there")
	}
	if got, err := only.At("better", "toy", Regret, 2); err != nil || !slices.Equal(got, better[:13]) {
		t.Errorf("%v, %v, want %v", got, err, better[:13])
	}
	_, err = r.Only("better", "best")
	wantError(t, err, []string{`"best"`, `"unfinished"`})
}

// Means, half-widths and the p-values before their correction are scipy's (1.16.3): 0.19105 by the
// t-test, 0.16323 by Wilcoxon. As the smaller of two they are doubled.
func TestTable(t *testing.T) {
	r := handmade(t, map[string][]float64{"baseline": worse[:12], "better": better[:12]})
	got, err := r.Table(Regret, "baseline", 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	const want = `validation regret (points), mean over seeds +- 95 % interval; p-values by Holm's method for 2 comparisons

toy, 1 queries
            seeds             mean   minus baseline  p (t)  p (Wilcoxon)
baseline       12  50.000 +- 0.000                -      -             -
better         12  50.000 +- 0.000  +0.000 +- 0.000  1.000         1.000
unfinished      0                -                -      -             -

toy, 2 queries
            seeds             mean   minus baseline  p (t)  p (Wilcoxon)
baseline       12   7.208 +- 1.011                -      -             -
better         12   6.833 +- 0.987  -0.375 +- 0.592  0.382         0.326
unfinished      0                -                -      -             -
`
	if got.String() != want {
		t.Errorf("table is\n%s\nwant\n%s", got, want)
	}
	html := got.HTML()
	for _, part := range []string{"<caption style=\"white-space: normal\">validation regret (points), mean", `<th colspan="6" style="text-align: left">toy, 2 queries</th>`,
		`<td style="text-align: left">better</td><td>12</td><td>6.833 +- 0.987</td>`} {
		if !strings.Contains(strings.ReplaceAll(html, "&#43;", "+"), part) {
			t.Errorf("%s lacks %s", html, part)
		}
	}
}

func TestTableOfOneSeed(t *testing.T) {
	r := handmade(t, map[string][]float64{"baseline": {3}, "better": {1}})
	got, err := r.Table(Val, "baseline", 2)
	if err != nil {
		t.Fatal(err)
	}
	var cells []string
	for line := range strings.Lines(got.String()) {
		if strings.HasPrefix(line, "better") {
			cells = strings.Fields(line)
		}
	}
	if want := []string{"better", "1", "99.000", "+2.000", "-", "-"}; !slices.Equal(cells, want) {
		t.Errorf("cells are %q, want %q", cells, want)
	}
	curve, err := r.Curve("better", "toy", Val)
	if want := (Curve{Mean: []float64{50, 99}}); err != nil || !reflect.DeepEqual(curve, want) {
		t.Errorf("curve is %+v, %v, want %+v", curve, err, want)
	}
}

func TestCurve(t *testing.T) {
	r := handmade(t, map[string][]float64{"baseline": {1, 2, 6}})
	got, err := r.Curve("baseline", "toy", Regret)
	if err != nil {
		t.Fatal(err)
	}
	mean, half := stats.Interval([]float64{1, 2, 6}, 0.95)
	want := Curve{[]float64{50, mean}, []float64{50, mean - half}, []float64{50, mean + half}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestQuestionsWithoutAnswer(t *testing.T) {
	r := handmade(t, map[string][]float64{"baseline": {1, nan}, "better": {nan, 1}})
	for _, c := range []struct {
		ask  func() error
		want []string
	}{
		{func() error { _, err := r.Curve("best", "toy", Val); return err }, []string{`"best"`, `"baseline" "better"`}},
		{func() error { _, err := r.Curve("better", "toys", Val); return err }, []string{`"toys"`, `"toy"`}},
		{func() error { _, err := r.Curve("unfinished", "toy", Val); return err }, []string{"unfinished", "run the experiment again"}},
		{func() error { _, err := r.Curve("better", "toy", Test); return err }, []string{"toy", "no test accuracies"}},
		{func() error { _, err := r.At("better", "toy", Val, 0); return err }, []string{"query 0", "1 to 2"}},
		{func() error { _, err := r.At("better", "toy", Val, 3); return err }, []string{"query 3", "1 to 2"}},
		{func() error { _, err := r.Compare("better", "baseline", "toy", Val, 1); return err }, []string{"no finished seed in common"}},
		{func() error { _, err := r.Table(Val, "best", 1); return err }, []string{`"best"`}},
		{func() error { _, err := r.Table(Test, "baseline", 1); return err }, []string{"no test accuracies"}},
		{func() error { _, err := r.Table(Val, "baseline", 1, 3); return err }, []string{"query 3"}},
	} {
		wantError(t, c.ask(), c.want)
	}
}

func TestQuantitiesAreNamed(t *testing.T) {
	if got := fmt.Sprint(Val, ", ", Test, ", ", Regret); got != "validation accuracy (%), test accuracy (%), validation regret (points)" {
		t.Error(got)
	}
}

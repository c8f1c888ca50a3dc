package experiment

import (
	"reflect"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/stats"
)

// pooled is an experiment of one query on two data sets; the values are validation accuracies.
func pooled(values map[pair][]float64) *Results {
	d := description{Seeds: 3, Budget: 1, Label: "mean of runs"}
	for _, name := range []string{"one", "two"} {
		d.DataSets = append(d.DataSets, dataSetDescription{Name: name, Source: "made up", Best: 100})
	}
	for _, name := range []string{"local", "rival", "mine", "unfinished"} {
		d.Methods = append(d.Methods, methodDescription{Name: name, Searcher: "test"})
	}
	r := newResults(d)
	for p, vals := range values {
		for seed, val := range vals {
			r.add(p, Search{seed, []Step{{Val: val, Test: nan, Regret: 100 - val}}})
		}
	}
	return r
}

// Two data sets together: pairs of one data set are not mixed with those of the other, and each has
// a best rival of its own.
func TestPooled(t *testing.T) {
	r := pooled(map[pair][]float64{
		{"local", "one"}: {50, 51, 52}, {"rival", "one"}: {53, 52, 54}, {"mine", "one"}: {55, 53, 54},
		{"local", "two"}: {80, 82, 81}, {"rival", "two"}: {79, 80, 80}, {"mine", "two"}: {81, 82, 84},
	})
	for dataSet, want := range map[string]string{"one": "rival", "two": "local"} {
		for _, q := range []Quantity{Val, Regret} {
			if got, err := r.Best(dataSet, q, 1, "unfinished", "local", "rival"); got != want || err != nil {
				t.Errorf("the best rival on %s is %q, %v, want %q", dataSet, got, err, want)
			}
		}
	}
	got, err := r.ComparePooled("mine", Val, 1, map[string]string{"one": "rival", "two": "local"})
	if want := stats.Paired([]float64{55, 53, 54, 81, 82, 84}, []float64{53, 52, 54, 80, 82, 81}, Level); got != want || err != nil {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	table, err := r.PooledTable(Val, "local", []string{"local", "rival"}, []string{"one", "two"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(table.Rows, func(row []string) bool { return row[0] == "mine" })
	// By hand: 409 / 6; 5, 2, 2, 1, 0, 3 and 2, 1, 0, 1, 0, 3 with 2.571 standard errors, of five
	// degrees.
	if want := []string{"mine", "6", "68.167", "+2.167 +- 1.808", "+1.167 +- 1.227"}; !reflect.DeepEqual(table.Rows[i], want) {
		t.Errorf("%q, want %q", table.Rows[i], want)
	}
	if last := table.Rows[len(table.Rows)-1]; !slices.Equal(last, []string{"unfinished", "0", "-", "-", "-"}) {
		t.Errorf("an unfinished method has %q", last)
	}
	versus, err := r.Versus("mine", Val, "local", []string{"local", "rival"}, 1)
	if want := [][]string{
		{"minus local"}, {"one", "+3.000 +- 4.303"}, {"two", "+1.333 +- 3.795"}, {"together", "+2.167 +- 1.808"},
		{"minus the best rival"}, {"one", "+1.000 +- 2.484 (rival)"}, {"two", "+1.333 +- 3.795 (local)"}, {"together", "+1.167 +- 1.227"},
	}; err != nil || !reflect.DeepEqual(versus.Rows, want) {
		t.Errorf("%q, %v, want %q", versus.Rows, err, want)
	}
	judged := r.Judged(func(dataSet string, step Step) float64 { return -step.Val })
	if c, err := judged.Compare("mine", "rival", "one", Test, 1); err != nil || c.Difference != -1 || r.HasTest("one") {
		t.Errorf("judged otherwise, the difference is %v, %v, want -1", c.Difference, err)
	}
	_, err = r.Best("one", Val, 1, "unfinished")
	wantError(t, err, []string{"unfinished", "has a finished search of 1 queries on one"})
	_, err = r.ComparePooled("mine", Val, 1, nil)
	wantError(t, err, []string{`0 data sets to compare "mine" on`})
}

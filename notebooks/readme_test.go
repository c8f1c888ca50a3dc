package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/stats"
)

// comparisons are the experiments in the tables of the concave ensemble.
var comparisons = []struct {
	folder, dataSet, shown string
	queries                []int
}{
	{"05_search", "NAS-Bench-201 CIFAR-10", "CIFAR-10 (chosen on)", []int{50, 100, 192}},
	{"05_search", "NAS-Bench-201 CIFAR-100", "CIFAR-100", []int{50, 100, 192}},
	{"05_search", "NAS-Bench-201 ImageNet16-120", "ImageNet16-120", []int{50, 100, 192}},
	{"02_nas_bench_101", "", "-101, test as label", []int{50, 100, 150}},
	{"02_nas_bench_101_single_run", "", "-101, single run", []int{50, 100, 150}},
	{"03_nas_bench_301_stand_in", "", "-301 stand-in", []int{50, 100, 192}},
}

// TestVariantTable recomputes the tables of the concave ensemble in the READMEs from the kept
// results: one row for each data set in the first, one for each number of queries in that of crlso.
// The best rival is the method of the highest mean after as many queries that is no ensemble.
func TestVariantTable(t *testing.T) {
	short, full := readme(t, "../README.md"), readme(t, "../crlso/README.md")
	for _, c := range comparisons {
		r, err := experiment.Load("results/" + c.folder)
		if err != nil {
			t.Fatal(err)
		}
		dataSet := c.dataSet
		if dataSet == "" {
			dataSet = r.DataSets()[0]
		}
		row := "| " + c.shown + " |"
		for _, queries := range c.queries {
			v, err := newVersus(r, dataSet, queries)
			if err != nil {
				t.Fatalf("%s: %v", c.folder, err)
			}
			row += fmt.Sprintf(" %s (%s) |", v.difference, v.rival)
			full.wantRow(t, fmt.Sprintf("| %s | %d | %s | %s, %s | %s | %s |", c.shown, queries, v.local, v.rival, v.best, v.ensemble, v.difference))
		}
		short.wantRow(t, row)
	}
}

// TestPublishedRow recomputes what stands in the READMEs beside the published accuracies.
func TestPublishedRow(t *testing.T) {
	r, err := experiment.Load("results/01_nas_bench_201")
	if err != nil {
		t.Fatal(err)
	}
	var means []string
	for _, dataSet := range r.DataSets() {
		values, err := r.At("CR-LSO", dataSet, experiment.Val, 500)
		if err != nil {
			t.Fatal(err)
		}
		mean, half := stats.Interval(values, experiment.Level)
		means = append(means, fmt.Sprintf("%.3f +- %.3f", mean, half))
		rival, err := r.Compare("CR-LSO", "local search", dataSet, experiment.Val, 500)
		if err != nil || rival.Difference >= 0 {
			t.Errorf("%s: the READMEs say that local search has the higher mean; the difference is %v, %v", dataSet, rival.Difference, err)
		}
	}
	want := strings.Join(means, " / ")
	for _, path := range []string{"../README.md", "../crlso/README.md"} {
		if !strings.Contains(readme(t, path).text, want) {
			t.Errorf("%s lacks %s", path, want)
		}
	}
}

// page is the text of a file.
type page struct{ path, text string }

func readme(t *testing.T, path string) page {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return page{path, string(text)}
}

func (p page) wantRow(t *testing.T, row string) {
	t.Helper()
	if !strings.Contains(p.text, "\n"+row+"\n") {
		t.Errorf("%s lacks the row\n%s", p.path, row)
	}
}

// versus is the concave ensemble beside local search and the best rival: means and a difference,
// each with its interval.
type versus struct{ local, rival, best, ensemble, difference string }

func newVersus(r *experiment.Results, dataSet string, queries int) (v versus, err error) {
	var rivals []string
	for _, method := range r.Methods() {
		if !strings.Contains(method, "ensemble") {
			rivals = append(rivals, method)
		}
	}
	if v.rival, err = r.Best(dataSet, experiment.Val, queries, rivals...); err != nil {
		return v, err
	}
	for method, shown := range map[string]*string{variant: &v.ensemble, "local search": &v.local, v.rival: &v.best} {
		values, err := r.At(method, dataSet, experiment.Val, queries)
		if err != nil {
			return v, err
		}
		mean, half := stats.Interval(values, experiment.Level)
		*shown = fmt.Sprintf("%.3f +- %.3f", mean, half)
	}
	if v.rival == "local search" {
		v.local = v.best
	}
	c, err := r.Compare(variant, v.rival, dataSet, experiment.Val, queries)
	v.difference = fmt.Sprintf("%+.3f +- %.3f", c.Difference, c.HalfWidth)
	return v, err
}

const variant = "concave ensemble"

// TestReadmeIsShort keeps the first page to what a reader takes in at once.
func TestReadmeIsShort(t *testing.T) {
	p := readme(t, "../README.md")
	if lines, words := strings.Count(p.text, "\n"), len(strings.Fields(p.text)); lines > 130 || words > 1300 {
		t.Errorf("%d lines and %d words, want at most 130 and 1,300", lines, words)
	}
}

// link is a link of a page to a file of the project, without what follows a #.
var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestReadmeLinks follows the links of all pages.
func TestReadmeLinks(t *testing.T) {
	pages, err := filepath.Glob("../*/README.md")
	if err != nil || len(pages) < 3 {
		t.Fatalf("%q, %v", pages, err)
	}
	for _, path := range append(pages, "../README.md") {
		for _, found := range link.FindAllStringSubmatch(readme(t, path).text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), found[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestUnseen recomputes what the READMEs say of the frozen ensemble on benchmarks that no setting
// was chosen on: the differences to the best rival, over all data sets of an experiment together.
func TestUnseen(t *testing.T) {
	short, full := readme(t, "../README.md"), readme(t, "../crlso/README.md")
	for _, c := range []struct{ folder, shown string }{
		{"10_unseen_graph", "NAS-Bench-Graph, eight together"},
		{"10_unseen_analog", "AnalogNAS-Bench, four together"},
	} {
		r, err := experiment.Load("results/" + c.folder)
		if err != nil {
			t.Fatal(err)
		}
		rivals := slices.DeleteFunc(r.Methods(), func(m string) bool {
			return slices.Contains([]string{"random search", "concave ensemble", "committee"}, m)
		})
		for _, method := range []string{"concave ensemble", "committee"} {
			table, err := r.Versus(method, experiment.Val, "local search", rivals, 20, 50, 100, 200)
			if err != nil {
				t.Fatal(err)
			}
			together := table.Rows[len(table.Rows)-1]
			full.wantRow(t, fmt.Sprintf("| %s | %s | %s |", c.shown, method, strings.Join(together[1:], " | ")))
			if method == "concave ensemble" {
				short.wantRow(t, fmt.Sprintf("| %s, frozen | %s | %s | %s |", c.shown, together[2], together[3], together[4]))
			}
		}
	}
}

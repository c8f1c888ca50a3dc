package show

import (
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/plots"
)

const bandName = "95 % interval of the mean"

// Group is what several searches of one method have found.
type Group struct {
	Name    string
	Reports []*datasets.Report
}

// Finals returns a table of what searches have found at their ends: the means, with 95 % intervals.
func Finals(groups ...Group) experiment.Table {
	t := experiment.Table{Header: []string{"", "searches", "validation %", "regret, points", "test %"}}
	for _, g := range groups {
		var val, test, regret []float64
		for _, r := range g.Reports {
			val, test, regret = append(val, r.Final().Val), append(test, r.Final().Test), append(regret, r.Final().Regret)
		}
		cells := []any{g.Name, len(g.Reports), Mean(val), Mean(regret), "-"}
		if g.Reports[0].HasTest {
			cells[4] = Mean(test)
		}
		t.Add(cells...)
	}
	return t
}

// Mean returns the mean of values with its 95 % interval, as a cell of a table.
func Mean(values []float64) string {
	mean, half := stats.Interval(values, experiment.Level)
	if len(values) < 2 {
		return fmt.Sprintf("%.3f", mean)
	}
	return fmt.Sprintf("%.3f +- %.3f", mean, half)
}

// Found draws the best validation accuracy that searches of a benchmark have found after each
// query: means with 95 % intervals, the best of all architectures if it is known, and where the
// initial set ends.
func Found(benchmark datasets.Benchmark, initial int, groups ...Group) error {
	var curves []plots.Curve
	for _, g := range groups {
		var perSearch [][]float64
		for _, r := range g.Reports {
			var val []float64
			for _, step := range r.Steps {
				val = append(val, step.Val)
			}
			perSearch = append(perSearch, val)
		}
		mean, low, high := stats.Band(perSearch, experiment.Level)
		curves = append(curves, plots.Curve{Name: g.Name, Y: mean, Low: low, High: high})
	}
	options := plots.SearchCurveOptions{Title: benchmark.Name(), Initial: initial, Band: bandName}
	if best := benchmark.Best(); best > 0 { // NaN if nobody knows it
		options.Optimum = best
		for i, c := range curves {
			curves[i].High = atMost(best, c.Y, c.High)
		}
	}
	png, err := plots.SearchCurve(curves, options)
	if err == nil {
		PNG(png)
	}
	return err
}

// atMost returns the upper ends of the intervals of means, none above the optimum, as no mean can
// be; an optimum of 0 is none.
func atMost(optimum float64, mean, high []float64) (cut []float64) {
	if optimum == 0 {
		return high
	}
	for i, y := range high {
		cut = append(cut, max(mean[i], min(y, optimum))) // a mean of rounded values may be a little above it
	}
	return cut
}

// CurvesOptions are the options of [Curves].
type CurvesOptions struct {
	Title   string // above the picture; by default, the name of the data set
	Initial int    // queries of the initial set, marked by an upright line; 0 for none
}

// Curves draws a quantity of an experiment after each query, for each data set: means over seeds
// with their 95 % intervals. Of more than four methods the best and the next three are in colour.
// Where the best architecture is known, a dashed line is at its validation accuracy.
// Where nobody knows the best architecture, regrets are to the best that any search has found.
func Curves(r *experiment.Results, q experiment.Quantity, o CurvesOptions) error {
	for _, dataSet := range r.DataSets() {
		options := plots.SearchCurveOptions{Title: dataSet, Initial: o.Initial, Regret: q == experiment.Regret, Band: bandName}
		if o.Title != "" {
			options.Title = o.Title
		}
		if q != experiment.Regret && q != experiment.Val {
			options.YLabel = q.String()
		}
		switch q {
		case experiment.Val:
			options.Optimum = r.Optimum(dataSet)
		case experiment.Hypervolume:
			options.Optimum = 100
		}
		shown, best := q, 0.0
		if q == experiment.Regret && !r.HasRegret(dataSet) {
			var err error
			if best, err = bestFound(r, dataSet); err != nil {
				return err
			}
			shown = experiment.Val
			options.YLabel = fmt.Sprintf("points below %.3f %%, the best found by any search", best)
		}
		var curves []plots.Curve
		for _, method := range r.Methods() {
			c, err := r.Curve(method, dataSet, shown)
			if err != nil {
				return err
			}
			if best > 0 {
				c = below(best, c)
			}
			curves = append(curves, plots.Curve{Name: method, Y: c.Mean, Low: c.Low, High: atMost(options.Optimum, c.Mean, c.High)})
		}
		png, err := plots.SearchCurve(curves, options)
		if err != nil {
			return err
		}
		PNG(png)
	}
	return nil
}

// bestFound returns the accuracy of the best architecture that any search found.
func bestFound(r *experiment.Results, dataSet string) (best float64, err error) {
	for _, method := range r.Methods() {
		values, err := r.At(method, dataSet, experiment.Val, r.Queries(method))
		if err != nil {
			return 0, err
		}
		for _, val := range values {
			best = max(best, val)
		}
	}
	return best, nil
}

// below returns how far a curve of accuracies is below the best.
func below(best float64, c experiment.Curve) (d experiment.Curve) {
	for i, mean := range c.Mean {
		d.Mean = append(d.Mean, best-mean)
		if c.Low != nil {
			d.Low, d.High = append(d.Low, best-c.High[i]), append(d.High, best-c.Low[i])
		}
	}
	return d
}

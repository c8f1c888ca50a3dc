package plots

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Tradeoff is one method of a [ParetoFront]: what each of its architectures costs and how good it is.
type Tradeoff struct {
	Name     string
	Cost     []float64 // less is better; by default a latency in milliseconds
	Accuracy []float64 // one per cost, more is better; by default in percent
}

// ParetoFrontOptions are the options of [ParetoFront].
type ParetoFrontOptions struct {
	Title  string
	XLabel string // names the costs; by default "latency (ms)"
	YLabel string // names the accuracies; by default "validation accuracy (%)"

	// Low is where the axis of accuracies starts, below which nothing is drawn; by default the
	// lowest accuracy.
	Low float64
}

// ParetoFront draws what methods found when two things count. An architecture is dominated if its
// method found another that costs no more and is at least as accurate, and is better in one of the
// two: those are pale. The others are joined by a staircase, the best accuracy the method reaches at
// a cost of at most x.
func ParetoFront(methods []Tradeoff, o ParetoFrontOptions) ([]byte, error) {
	if len(methods) == 0 {
		return nil, errors.New("Pareto front: no methods")
	}
	left, right := math.Inf(1), math.Inf(-1)
	low, high := math.Inf(1), math.Inf(-1)
	for _, m := range methods {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("Pareto front: %q: %w", m.Name, err)
		}
		left, right = math.Min(left, slices.Min(m.Cost)), math.Max(right, slices.Max(m.Cost))
		low, high = math.Min(low, slices.Min(m.Accuracy)), math.Max(high, slices.Max(m.Accuracy))
	}
	if o.Low != 0 {
		low = o.Low
	}
	if !(low <= high) {
		return nil, fmt.Errorf("Pareto front: Low is %v, but the best accuracy is %v", low, high)
	}
	p := newPlot(cmp.Or(o.XLabel, "latency (ms)"), cmp.Or(o.YLabel, "validation accuracy (%)"))
	fig := figure{title: o.Title, height: height}
	var fronts []plot.Plotter
	for i, m := range methods {
		style := curveStyle(i)
		pale := draw.GlyphStyle{Shape: draw.CircleGlyph{}, Color: faded(category(i), 0.25), Radius: 1.6}
		full := draw.GlyphStyle{Shape: marker{}, Color: category(i), Radius: 3.4}
		front := m.front()
		var stairs, best, dominated plotter.XYs
		for j, row := range front {
			at := plotter.XY{X: m.Cost[row], Y: m.Accuracy[row]}
			if j > 0 {
				stairs = append(stairs, plotter.XY{X: at.X, Y: stairs[len(stairs)-1].Y})
			}
			stairs, best = append(stairs, at), append(best, at)
		}
		stairs = append(stairs, plotter.XY{X: right, Y: stairs[len(stairs)-1].Y})
		for row := range m.Cost {
			if !slices.Contains(front, row) {
				dominated = append(dominated, plotter.XY{X: m.Cost[row], Y: m.Accuracy[row]})
			}
		}
		p.Add(&plotter.Scatter{XYs: dominated, GlyphStyle: pale})
		fronts = append(fronts, line(stairs, style), &plotter.Scatter{XYs: best, GlyphStyle: full})
		fig.legend = append(fig.legend, entry{m.Name, []plot.Thumbnailer{line(nil, style), &plotter.Scatter{GlyphStyle: full}}})
	}
	p.Add(fronts...)
	grey := draw.GlyphStyle{Shape: draw.CircleGlyph{}, Color: faded(categories[len(categories)-1], 0.25), Radius: 1.6}
	fig.legend = append(fig.legend, entry{"dominated", []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: grey}}})
	p.X.Min, p.X.Max = widened(left, right, 0.02)
	p.Y.Min, p.Y.Max = widened(low, high, 0.03)
	return fig.render(p)
}

func (m Tradeoff) check() error {
	if len(m.Cost) != len(m.Accuracy) {
		return fmt.Errorf("%d costs and %d accuracies", len(m.Cost), len(m.Accuracy))
	}
	if err := checkFinite("Cost", m.Cost); err != nil {
		return err
	}
	return checkFinite("Accuracy", m.Accuracy)
}

// front returns the architectures that none dominates, from cheap to dear, one of equal ones. It is stats.ParetoFront, which
// this package, of numbers alone, does not import.
func (m Tradeoff) front() []int {
	order := make([]int, len(m.Cost))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(m.Cost[a], m.Cost[b]), cmp.Compare(m.Accuracy[b], m.Accuracy[a]))
	})
	best := math.Inf(-1)
	return slices.DeleteFunc(order, func(row int) bool {
		if m.Accuracy[row] <= best {
			return true
		}
		best = m.Accuracy[row]
		return false
	})
}

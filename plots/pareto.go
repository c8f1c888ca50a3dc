package plots

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Tradeoff is one method of a [ParetoFront]: the costs and accuracies of its architectures.
type Tradeoff struct {
	Name     string
	Cost     []float64 // one per architecture, less is better; by default latencies in milliseconds
	Accuracy []float64 // one per architecture, more is better; by default in percent
}

// ParetoFrontOptions are the options of [ParetoFront].
type ParetoFrontOptions struct {
	Title  string
	XLabel string // names the costs; by default "latency (ms)"
	YLabel string // names the accuracies; by default "validation accuracy (%)"

	// Low is where the axis of accuracies starts; what is below is not drawn. By default, or if it
	// is 0, the axis starts at the lowest accuracy.
	Low float64
}

// ParetoFront draws which architectures methods found, by cost and accuracy. An architecture is
// dominated if its method found another that costs no more and is at least as accurate, and is
// better in one of the two. Dominated ones are pale. The others are joined by a staircase: the best
// accuracy that the method reaches at a cost of at most x.
//
// The error says that there are no methods, or which one has no architectures, another number of
// costs than of accuracies, or a value that is not finite, or that Low is above all accuracies.
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
		full := draw.GlyphStyle{Shape: marker{}, Color: category(i), Radius: 3.4}
		best, dominated := m.split()
		p.Add(&plotter.Scatter{XYs: dominated, GlyphStyle: dominatedStyle(category(i))})
		fronts = append(fronts, line(staircase(best, right), style), &plotter.Scatter{XYs: best, GlyphStyle: full})
		fig.legend = append(fig.legend, entry{m.Name, []plot.Thumbnailer{line(nil, style), &plotter.Scatter{GlyphStyle: full}}})
	}
	p.Add(fronts...)
	grey := dominatedStyle(categories[len(categories)-1])
	fig.legend = append(fig.legend, entry{"dominated", []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: grey}}})
	p.X.Min, p.X.Max = widened(left, right, 0.02)
	p.Y.Min, p.Y.Max = widened(low, high, 0.03)
	return fig.render(p)
}

func dominatedStyle(c color.NRGBA) draw.GlyphStyle {
	return draw.GlyphStyle{Shape: draw.CircleGlyph{}, Color: faded(c, 0.25), Radius: 1.6}
}

// split returns the architectures that none dominates, from cheap to dear, and those that are
// dominated.
func (m Tradeoff) split() (best, dominated plotter.XYs) {
	front := m.front()
	for _, row := range front {
		best = append(best, plotter.XY{X: m.Cost[row], Y: m.Accuracy[row]})
	}
	for row := range m.Cost {
		if !slices.Contains(front, row) {
			dominated = append(dominated, plotter.XY{X: m.Cost[row], Y: m.Accuracy[row]})
		}
	}
	return best, dominated
}

// staircase are the corners of the step function through points, from left to right, up to right.
func staircase(points plotter.XYs, right float64) (stairs plotter.XYs) {
	for i, at := range points {
		if i > 0 {
			stairs = append(stairs, plotter.XY{X: at.X, Y: points[i-1].Y})
		}
		stairs = append(stairs, at)
	}
	return append(stairs, plotter.XY{X: right, Y: points[len(points)-1].Y})
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

// front returns the positions of the architectures that none dominates, from cheap to dear, one of
// equal ones. It is stats.ParetoFront, which this package, of numbers alone, does not import.
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

package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is one method of a [SearchCurve]: Y[i] is what its best architecture was worth after i+1
// queries, as a rule the mean of several runs. Low and High bound its band; both are nil for none.
type Curve struct {
	Name      string
	Y         []float64
	Low, High []float64
}

// SearchCurveOptions are the options of [SearchCurve].
type SearchCurveOptions struct {
	Title string

	// YLabel names the y axis: by default the best validation accuracy in percent, or the
	// validation regret in percentage points.
	YLabel string

	// Regret says that the curves are regrets, not accuracies: the y axis is logarithmic.
	Regret bool

	// Optimum is the best value in the space, drawn as a dashed line; 0 for none.
	Optimum float64

	// Initial is the number of queries spent on the initial labelled set, marked by an upright
	// line; 0 for none.
	Initial int

	// Band says in the legend what the bands are, such as "95 % interval of the mean".
	Band string
}

// SearchCurve draws what each method has found against the number of queries it made.
//
// The y axis shows what a search is decided by: it starts just below the lowest accuracy reached after
// a twentieth of the queries, and curves enter from below. A regret axis starts at or
// just below the smallest positive regret, and curves that reach zero leave at the bottom. Up to 21
// methods differ in colour or, after seven, in the dashes of their lines.
func SearchCurve(curves []Curve, o SearchCurveOptions) ([]byte, error) {
	low, high, queries, err := curveRange(curves, o)
	if err != nil {
		return nil, fmt.Errorf("search curve: %w", err)
	}
	p := newPlot("queries (distinct architectures)", o.label())
	fig := figure{title: o.Title, height: height}
	scale := func(y float64) float64 { return y }
	if o.Regret {
		// Zero goes below the axis, where it is cut off.
		scale = func(y float64) float64 { return math.Log10(math.Max(y, low/10)) }
	}

	for i, c := range curves {
		if c.Low == nil {
			continue
		}
		ring := steps(c.Low, scale)
		upper := steps(c.High, scale)
		for j := range upper {
			ring = append(ring, upper[len(upper)-1-j])
		}
		p.Add(&plotter.Polygon{XYs: []plotter.XYs{ring}, Color: faded(category(i), 0.18)})
	}
	for i, c := range curves {
		l := line(steps(c.Y, scale), curveStyle(i))
		p.Add(l)
		thumbs := []plot.Thumbnailer{l}
		if c.Low != nil {
			thumbs = append(thumbs, &plotter.Polygon{Color: faded(category(i), 0.18)})
		}
		fig.legend = append(fig.legend, entry{c.Name, thumbs})
	}
	if o.Optimum != 0 {
		dashes := draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{5, 3}}
		l := line(plotter.XYs{{X: 0, Y: scale(o.Optimum)}, {X: float64(queries), Y: scale(o.Optimum)}}, dashes)
		p.Add(l)
		fig.legend = append(fig.legend, entry{"optimum " + number(o.Optimum, 2), []plot.Thumbnailer{l}})
	}
	if o.Initial != 0 {
		dots := draw.LineStyle{Color: muted, Width: 1.2, Dashes: []vg.Length{1.2, 2.4}}
		x := float64(o.Initial)
		l := line(plotter.XYs{{X: x, Y: scale(low)}, {X: x, Y: scale(high)}}, dots)
		p.Add(l)
		fig.legend = append(fig.legend, entry{"end of the initial labelled set", []plot.Thumbnailer{l}})
	}
	if o.Band != "" {
		patch := &plotter.Polygon{Color: faded(categories[len(categories)-1], 0.18)}
		fig.legend = append(fig.legend, entry{o.Band, []plot.Thumbnailer{patch}})
	}

	p.X.Min, p.X.Max = 0, float64(queries)
	p.Y.Min, p.Y.Max = low, high
	if o.Regret {
		logY(p, low, high)
	}
	return fig.render(p)
}

// label names the y axis.
func (o SearchCurveOptions) label() string {
	switch {
	case o.YLabel != "":
		return o.YLabel
	case o.Regret:
		return "validation regret (percentage points)"
	}
	return "best validation accuracy (%)"
}

// curveRange checks the input and returns the range of the y axis and the largest number of queries.
func curveRange(curves []Curve, o SearchCurveOptions) (low, high float64, queries int, err error) {
	if len(curves) == 0 {
		return 0, 0, 0, errors.New("no curves")
	}
	for _, c := range curves {
		if err := c.check(o.Regret); err != nil {
			return 0, 0, 0, fmt.Errorf("%q: %w", c.Name, err)
		}
		queries = max(queries, len(c.Y))
	}
	if o.Initial < 0 || o.Initial > queries {
		return 0, 0, 0, fmt.Errorf("the initial labelled set ends at query %d, want 0 to %d", o.Initial, queries)
	}
	if err := checkFinite("optimum", []float64{o.Optimum}); err != nil {
		return 0, 0, 0, err
	}

	low, high = math.Inf(1), math.Inf(-1)
	early := (queries - 1) / 20
	for _, c := range curves {
		for i, y := range c.Y {
			switch {
			case o.Regret && y > 0:
				low, high = math.Min(low, y), math.Max(high, y)
			case !o.Regret && (i >= early || i == len(c.Y)-1):
				low, high = math.Min(low, y), math.Max(high, y)
				if c.Low != nil {
					low, high = math.Min(low, c.Low[i]), math.Max(high, c.High[i])
				}
			}
		}
	}
	if o.Regret {
		if math.IsInf(low, 0) {
			low, high = 0.01, 1
		}
		low, high = logRange(low, high)
		return low, high, queries, nil
	}
	if o.Optimum != 0 {
		low, high = math.Min(low, o.Optimum), math.Max(high, o.Optimum)
	}
	low, high = widened(low, high, 0.03)
	return low, high, queries, nil
}

func (c Curve) check(regret bool) error {
	if err := checkFinite("Y", c.Y); err != nil {
		return err
	}
	for i, y := range c.Y {
		if regret && y < 0 {
			return fmt.Errorf("Y[%d] is %v, but a regret is not negative", i, y)
		}
	}
	if c.Low == nil && c.High == nil {
		return nil
	}
	if len(c.Low) != len(c.Y) || len(c.High) != len(c.Y) {
		return fmt.Errorf("Low has %d values, High %d, Y %d: want as many of each", len(c.Low), len(c.High), len(c.Y))
	}
	for i := range c.Y {
		if !(c.Low[i] <= c.Y[i] && c.Y[i] <= c.High[i]) || math.IsInf(c.High[i]-c.Low[i], 0) {
			return fmt.Errorf("band at Y[%d]: want %v <= %v <= %v, all finite", i, c.Low[i], c.Y[i], c.High[i])
		}
	}
	return nil
}

// steps are the corners of the step function that is scale(y[i]) from query i+1 to the next.
func steps(y []float64, scale func(float64) float64) plotter.XYs {
	var points plotter.XYs
	for i, v := range y {
		if i > 0 {
			points = append(points, plotter.XY{X: float64(i + 1), Y: points[len(points)-1].Y})
		}
		points = append(points, plotter.XY{X: float64(i + 1), Y: scale(v)})
	}
	return points
}

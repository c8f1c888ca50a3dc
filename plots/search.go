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
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is one method of a [SearchCurve].
type Curve struct {
	Name string

	// Y[i] is the accuracy in percent, or the regret in percentage points, of the best architecture
	// after i+1 queries. As a rule it is the mean of several runs.
	Y []float64

	// Low and High are the bounds of a band around Y, one each per query; nil for none.
	Low, High []float64
}

// SearchCurveOptions are the options of [SearchCurve] and [SearchCurveVega].
type SearchCurveOptions struct {
	Title string

	// YLabel names the y axis: by default the best validation accuracy in percent, or the
	// validation regret in percentage points.
	YLabel string

	// Regret says that the curves are regrets, not accuracies: less is better, none may be
	// negative, and the y axis is logarithmic.
	Regret bool

	// Optimum is the best value in the space, in the unit of the curves, drawn as a dashed line;
	// 0 for none.
	Optimum float64

	// Initial is the number of queries spent on the initial labelled set, marked by an upright
	// line; 0 for none.
	Initial int

	// Band says in the legend what the bands are, such as "95 % interval of the mean", if there are
	// any.
	Band string

	// Highlight names the curves that are drawn in colour, in the order of the legend. The others
	// are thin, grey and without bands. By default, the curve that is best at its end and the next
	// three are in colour, or all if there are up to four. Of two curves with equal ends, the one
	// that came there with fewer queries is the better.
	Highlight []string
}

// SearchCurve draws what each method has found against the number of queries it made.
//
// Up to four methods are all in colour. Of more, the best and the next three are, unless
// [SearchCurveOptions.Highlight] names others. The rest are grey, and differ in dashes and shade.
//
// The y axis starts just below the lowest accuracy reached after a twentieth of the queries, and
// what comes before is cut off, since no search is decided there. The axis of regrets starts at the
// smallest positive regret or just below, and a curve that reaches zero leaves it at the bottom.
//
// The error says that there are no curves, or which one has no values, a value that is not finite,
// a negative regret or a band that does not contain the curve, or which option does not fit the
// curves.
func SearchCurve(curves []Curve, o SearchCurveOptions) ([]byte, error) {
	s, err := newSearchPicture(curves, o)
	if err != nil {
		return nil, fmt.Errorf("search curve: %w", err)
	}
	p := newPlot(queriesLabel, o.label())
	fig := figure{title: o.Title, height: height}
	for _, c := range s.drawn {
		if c.Low == nil {
			continue
		}
		ring := s.steps(c.Low)
		upper := s.steps(c.High)
		slices.Reverse(upper)
		p.Add(&plotter.Polygon{XYs: []plotter.XYs{append(ring, upper...)}, Color: c.fill()})
	}
	for _, c := range s.drawn {
		p.Add(line(s.steps(c.Y), c.style))
	}
	for _, c := range s.listed {
		thumbs := []plot.Thumbnailer{line(nil, c.style)}
		if c.Low != nil {
			thumbs = append(thumbs, &plotter.Polygon{Color: c.fill()})
		}
		fig.legend = append(fig.legend, entry{c.Name, thumbs})
	}
	for _, r := range s.rules(o) {
		p.Add(r.line)
		fig.legend = append(fig.legend, entry{r.name, []plot.Thumbnailer{r.line}})
	}
	if o.Band != "" && slices.ContainsFunc(s.drawn, func(c styledCurve) bool { return c.Low != nil }) {
		patch := &plotter.Polygon{Color: faded(categories[len(categories)-1], bandOpacity)}
		fig.legend = append(fig.legend, entry{o.Band, []plot.Thumbnailer{patch}})
	}
	p.X.Min, p.X.Max = 0, float64(s.queries)
	p.Y.Min, p.Y.Max = s.low, s.high
	if o.Regret {
		logY(p, s.low, s.high)
	}
	return fig.render(p)
}

const (
	queriesLabel = "queries (distinct architectures)"
	bandOpacity  = 0.18
)

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

// searchPicture is what [SearchCurve] and [SearchCurveVega] draw.
type searchPicture struct {
	listed, drawn []styledCurve // in the order of the legend, and from the back to the front
	low, high     float64       // range of the y axis
	queries       int           // of the longest curve
	regret        bool
}

// styledCurve is a curve with the look of its line. A grey one has no band.
type styledCurve struct {
	Curve
	style  draw.LineStyle
	colour color.NRGBA
}

func (c styledCurve) fill() color.NRGBA { return faded(c.colour, bandOpacity) }

// newSearchPicture checks the input, and lays out the picture.
func newSearchPicture(curves []Curve, o SearchCurveOptions) (*searchPicture, error) {
	if len(curves) == 0 {
		return nil, errors.New("no curves")
	}
	s := &searchPicture{regret: o.Regret}
	for _, c := range curves {
		if err := c.check(o.Regret); err != nil {
			return nil, fmt.Errorf("%q: %w", c.Name, err)
		}
		s.queries = max(s.queries, len(c.Y))
	}
	if o.Initial < 0 || o.Initial > s.queries {
		return nil, fmt.Errorf("the initial labelled set ends at query %d, want 0 to %d", o.Initial, s.queries)
	}
	if err := checkFinite("optimum", []float64{o.Optimum}); err != nil {
		return nil, err
	}
	s.setRange(curves, o.Optimum)
	return s, s.style(curves, o.Highlight)
}

// setRange sets the range of the y axis.
func (s *searchPicture) setRange(curves []Curve, optimum float64) {
	low, high := math.Inf(1), math.Inf(-1)
	early := (s.queries - 1) / 20
	for _, c := range curves {
		for i, y := range c.Y {
			switch {
			case s.regret && y > 0:
				low, high = math.Min(low, y), math.Max(high, y)
			case !s.regret && (i >= early || i == len(c.Y)-1):
				low, high = math.Min(low, y), math.Max(high, y)
				if c.Low != nil {
					low, high = math.Min(low, c.Low[i]), math.Max(high, c.High[i])
				}
			}
		}
	}
	if s.regret {
		if math.IsInf(low, 0) {
			low, high = 0.01, 1
		}
		s.low, s.high = logRange(low, high)
		return
	}
	if optimum != 0 {
		low, high = math.Min(low, optimum), math.Max(high, optimum)
	}
	s.low, s.high = widened(low, high, 0.03)
}

// maxColours is the largest number of curves that all are in colour by default, and the number in
// colour of more.
const maxColours = 4

// style sets the looks and the orders of the curves.
func (s *searchPicture) style(curves []Curve, highlight []string) error {
	rows, err := s.highlighted(curves, highlight)
	if err != nil {
		return err
	}
	for i, row := range rows {
		s.listed = append(s.listed, styledCurve{curves[row], curveStyle(i), category(i)})
	}
	for row, c := range curves {
		if !slices.Contains(rows, row) {
			c.Low, c.High = nil, nil
			style := greyStyle(len(s.listed) - len(rows))
			s.listed = append(s.listed, styledCurve{Curve: c, style: style})
		}
	}
	s.drawn = slices.Clone(s.listed)
	if highlight != nil || len(curves) > maxColours {
		slices.Reverse(s.drawn) // the best in front
	}
	return nil
}

// highlighted returns the positions of the curves in colour, in the order of the legend.
func (s *searchPicture) highlighted(curves []Curve, names []string) (rows []int, err error) {
	if names == nil {
		for row := range curves {
			rows = append(rows, row)
		}
		if len(rows) > maxColours {
			slices.SortStableFunc(rows, func(a, b int) int { return s.compare(curves[a], curves[b]) })
			rows = rows[:maxColours]
		}
		return rows, nil
	}
	for _, name := range names {
		row := slices.IndexFunc(curves, func(c Curve) bool { return c.Name == name })
		if row < 0 || slices.Contains(rows, row) {
			return nil, fmt.Errorf("Highlight is %q, want different names of curves, %q is unknown or twice there", names, name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// compare is negative if a is better than b.
func (s *searchPicture) compare(a, b Curve) int {
	lastA, lastB := a.Y[len(a.Y)-1], b.Y[len(b.Y)-1]
	first := cmp.Compare(slices.Index(a.Y, lastA), slices.Index(b.Y, lastB))
	if s.regret {
		return cmp.Or(cmp.Compare(lastA, lastB), first)
	}
	return cmp.Or(cmp.Compare(lastB, lastA), first)
}

// visible is y, or for a regret of zero a value below the axis, where it is cut off: a logarithmic
// axis has no zero.
func (s *searchPicture) visible(y float64) float64 {
	if s.regret {
		return math.Max(y, s.low/10)
	}
	return y
}

// height is where y is drawn: at y itself, or at its decimal logarithm if it is a regret.
func (s *searchPicture) height(y float64) float64 {
	if s.regret {
		return math.Log10(s.visible(y))
	}
	return y
}

// steps are the corners of the step function that is height(y[i]) from query i+1 to the next.
func (s *searchPicture) steps(y []float64) plotter.XYs {
	var points plotter.XYs
	for i, v := range y {
		if i > 0 {
			points = append(points, plotter.XY{X: float64(i + 1), Y: points[len(points)-1].Y})
		}
		points = append(points, plotter.XY{X: float64(i + 1), Y: s.height(v)})
	}
	return points
}

// rule is a straight line with its name in the legend.
type rule struct {
	name string
	line *plotter.Line
}

// rules are the lines of the optimum and of the initial labelled set, if the options have them.
func (s *searchPicture) rules(o SearchCurveOptions) (rules []rule) {
	if o.Optimum != 0 {
		dashes := draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{5, 3}}
		y := s.height(o.Optimum)
		rules = append(rules, rule{"optimum " + number(o.Optimum, 2),
			line(plotter.XYs{{X: 0, Y: y}, {X: float64(s.queries), Y: y}}, dashes)})
	}
	if o.Initial != 0 {
		dots := draw.LineStyle{Color: muted, Width: 1.2, Dashes: []vg.Length{1.2, 2.4}}
		x := float64(o.Initial)
		rules = append(rules, rule{"end of the initial labelled set",
			line(plotter.XYs{{X: x, Y: s.height(s.low)}, {X: x, Y: s.height(s.high)}}, dots)})
	}
	return rules
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

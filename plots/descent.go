package plots

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Contour is one panel of a [Descent]: a function of two variables, and paths on it.
type Contour struct {
	Title     string
	Low, High float64 // the square that is shown goes from Low to High in both variables

	// Values are the function at the points of Grid(Low, High, side), so their number is the square
	// of side, which is at least 2.
	Values []float64

	// Points are marked by dots, such as those that the function was fitted to. Each has two
	// coordinates.
	Points [][]float64

	// Paths are lists of points, of two coordinates each, from the start of a descent to its end.
	Paths [][][]float64
}

// Grid returns the points of a square lattice, side times side of them and at least 2 times 2. Both
// coordinates run from low to high, the first fastest.
func Grid(low, high float64, side int) [][]float64 {
	points := make([][]float64, 0, side*side)
	step := (high - low) / float64(side-1)
	for row := range side {
		for column := range side {
			points = append(points, []float64{low + float64(column)*step, low + float64(row)*step})
		}
	}
	return points
}

// DescentOptions are the options of [Descent].
type DescentOptions struct {
	Title  string
	XLabel string // names the first variable; by default "first coordinate"
	YLabel string // names the second variable; by default "second coordinate"
	ZLabel string // names the values; by default "f(z)"
}

// contours is the number of contour lines that divide the range of values.
const contours = 14

// Descent draws functions of two variables as maps with contour lines, the lowest values the
// darkest, and the paths that a descent took: a ring where one starts, a star where it ends. What
// lies outside the square is cut off. Panels stand side by side and share the scale of values.
//
// The error says that there are no panels, or which one has an empty square, a number of values
// that is no square, a path without points, a point that has not two finite coordinates, or a value
// that is not finite.
func Descent(panels []Contour, o DescentOptions) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("descent: no panels")
	}
	low, high := math.Inf(1), math.Inf(-1)
	for i, panel := range panels {
		if err := panel.check(); err != nil {
			return nil, fmt.Errorf("descent: panel %d (%q): %w", i, panel.Title, err)
		}
		for _, v := range panel.Values {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if low == high {
		low, high = widened(low, high, 0)
	}
	colours := viridis(low, high)
	// The panels are nearly square.
	fig := figure{title: o.Title, height: []vg.Length{0, 480, 310, 220}[min(len(panels), 3)]}
	var plots []*plot.Plot
	for _, panel := range panels {
		p, legend, err := panel.plot(colours, cmp.Or(o.XLabel, "first coordinate"), cmp.Or(o.YLabel, "second coordinate"))
		if err != nil {
			return nil, fmt.Errorf("descent: %w", err)
		}
		plots = append(plots, p)
		fig.titles = append(fig.titles, panel.Title)
		if len(legend) > 0 {
			fig.legend = legend
		}
	}
	return fig.renderWithBar(plots, colourBar{cmp.Or(o.ZLabel, "f(z)"), colours, linearTicks{}.Ticks(low, high)})
}

func (l Contour) check() error {
	side := l.side()
	if side < 2 || side*side != len(l.Values) {
		return fmt.Errorf("%d values, want the square of a whole number above 1", len(l.Values))
	}
	if !(l.Low < l.High) {
		return fmt.Errorf("the square goes from %v to %v", l.Low, l.High)
	}
	for i, path := range slices.Concat(l.Paths, [][][]float64{l.Points}) {
		if len(path) == 0 && i < len(l.Paths) {
			return fmt.Errorf("path %d has no points", i)
		}
		for j, point := range path {
			if len(point) != 2 || checkFinite("", point) != nil {
				return fmt.Errorf("a point, number %d of its list, is %v, want two finite numbers", j, point)
			}
		}
	}
	return checkFinite("Values", l.Values)
}

func (l Contour) side() int { return int(math.Round(math.Sqrt(float64(len(l.Values))))) }

func (l Contour) step() float64 { return (l.High - l.Low) / float64(l.side()-1) }

// contourGrid is a landscape as a plotter.GridXYZ.
type contourGrid struct{ Contour }

func (l contourGrid) Dims() (columns, rows int) { return l.side(), l.side() }
func (l contourGrid) X(column int) float64      { return l.Low + float64(column)*l.step() }
func (l contourGrid) Y(row int) float64         { return l.X(row) }
func (l contourGrid) Z(column, row int) float64 { return l.Values[row*l.side()+column] }

func (l Contour) plot(colours palette.ColorMap, x, y string) (*plot.Plot, []entry, error) {
	p := newPlot(x, y)
	p.X.Padding, p.Y.Padding = 0, 0
	step := l.step()
	area := tiles{columns: l.side(), rows: l.side(), x: l.Low - step/2, y: l.Low - step/2, dx: step, dy: step}
	for _, v := range l.Values {
		shade, err := colours.At(v)
		if err != nil {
			return nil, nil, err
		}
		area.shades = append(area.shades, shade)
	}
	var levels []float64
	for i := 1; i < contours; i++ {
		levels = append(levels, colours.Min()+float64(i)/contours*(colours.Max()-colours.Min()))
	}
	lines := plotter.NewContour(contourGrid{l}, levels, nil)
	lines.LineStyles = []draw.LineStyle{{Color: color.NRGBA{A: 0x60}, Width: 0.5}}
	dots := draw.GlyphStyle{Color: color.NRGBA{A: 0xA0}, Radius: 1, Shape: draw.CircleGlyph{}}
	p.Add(area, lines, &plotter.Scatter{XYs: pointsOf(l.Points), GlyphStyle: dots})

	start := draw.GlyphStyle{Color: categories[1], Radius: 3, Shape: marker{open: true}}
	end := draw.GlyphStyle{Color: categories[1], Radius: 6, Shape: marker{corners: 5, waist: 0.42}}
	style := draw.LineStyle{Color: color.White, Width: 1.2}
	var starts, ends plotter.XYs
	for _, path := range l.Paths {
		points := pointsOf(path)
		p.Add(line(points, style))
		starts, ends = append(starts, points[0]), append(ends, points[len(points)-1])
	}
	p.Add(&plotter.Scatter{XYs: starts, GlyphStyle: start}, &plotter.Scatter{XYs: ends, GlyphStyle: end})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = l.Low, l.High, l.Low, l.High
	var legend []entry
	if len(l.Points) > 0 {
		legend = append(legend, entry{"known", []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: dots}}})
	}
	if len(l.Paths) > 0 {
		legend = append(legend, entry{"start", []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: start}}},
			entry{"end", []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: end}}})
	}
	return p, legend, nil
}

func pointsOf(points [][]float64) plotter.XYs {
	xys := make(plotter.XYs, len(points))
	for i, point := range points {
		xys[i] = plotter.XY{X: point[0], Y: point[1]}
	}
	return xys
}

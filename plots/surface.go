package plots

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Surface is one panel of an [AccuracySurface].
type Surface struct {
	Title    string
	XY       [][2]float64 // one point per architecture, such as its latent projected by [PCA]
	Accuracy []float64    // one per architecture, by default in percent
}

// AccuracySurfaceOptions are the options of [AccuracySurface].
type AccuracySurfaceOptions struct {
	Title  string
	XLabel string // names the first coordinate; by default "PC 1"
	YLabel string // names the second coordinate; by default "PC 2"
	ZLabel string // names the heights; by default "mean accuracy (%)"

	// Cells is the number of grid cells along each side; by default it grows with the square root
	// of the number of points, from 8 to 40.
	Cells int

	// FromAbove draws the grid as a flat map, in which nothing is hidden.
	FromAbove bool
}

// AccuracySurface draws accuracy over a plane as a surface. A grid of as many rows as columns
// divides the area of the points of each panel. The colour of a cell is the mean accuracy of the
// points in it, the best the darkest, and the height of a corner is the mean over all points in the
// up to four cells around it. Where there is no point there is no surface. Panels, such as the
// latent space with and without the ICNN, stand side by side and share the scale of heights. Figure
// 4 of the paper is such a picture.
//
// The error says that there are no panels, or which one has no points, another number of accuracies
// than of points, or a value that is not finite, or that Cells is negative.
func AccuracySurface(panels []Surface, o AccuracySurfaceOptions) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("accuracy surface: no panels")
	}
	if o.Cells < 0 {
		return nil, fmt.Errorf("accuracy surface: %d cells along a side, want more than 0", o.Cells)
	}
	o.XLabel, o.YLabel = cmp.Or(o.XLabel, "PC 1"), cmp.Or(o.YLabel, "PC 2")
	low, high := math.Inf(1), math.Inf(-1)
	terrains := make([]terrain, len(panels))
	fig := figure{title: o.Title, height: []vg.Length{0, 420, 280}[min(len(panels), 2)]}
	for i, panel := range panels {
		if err := panel.check(); err != nil {
			return nil, fmt.Errorf("accuracy surface: panel %d (%q): %w", i, panel.Title, err)
		}
		cells := o.Cells
		if cells == 0 {
			cells = int(math.Max(8, math.Min(40, math.Sqrt(float64(len(panel.XY)))/3)))
		}
		terrains[i] = newTerrain(panel, cells)
		for _, mean := range terrains[i].mean {
			if !math.IsNaN(mean) {
				low, high = math.Min(low, mean), math.Max(high, mean)
			}
		}
		fig.titles = append(fig.titles, panel.Title)
	}
	if low == high {
		low, high = widened(low, high, 0)
	}
	colours := palette.Reverse(viridis(low, high))
	bar := colourBar{cmp.Or(o.ZLabel, "mean accuracy (%)"), colours, linearTicks{}.Ticks(low, high)}

	var plots []*plot.Plot
	for i := range terrains {
		if err := terrains[i].colour(colours); err != nil {
			return nil, fmt.Errorf("accuracy surface: %w", err)
		}
		p := newPlot(o.XLabel, o.YLabel)
		if o.FromAbove {
			p.Add(terrains[i].tiles)
		} else {
			p = plot.New()
			p.HideAxes()
			p.Add(relief{terrains[i], o, low, high})
		}
		plots = append(plots, p)
	}
	return fig.renderWithBar(plots, bar)
}

func (s Surface) check() error {
	if len(s.XY) != len(s.Accuracy) {
		return fmt.Errorf("%d accuracies for %d points", len(s.Accuracy), len(s.XY))
	}
	for i, xy := range s.XY {
		if err := checkFinite(fmt.Sprintf("XY[%d]", i), xy[:]); err != nil {
			return err
		}
	}
	return checkFinite("accuracy", s.Accuracy)
}

// terrain is a grid over the points of a surface: its tiles, and the mean accuracy in each, NaN
// where there is no point.
type terrain struct {
	tiles
	mean []float64
	// corners are the heights of the corners of the cells, row by row, one more a side than cells:
	// the mean of the points in the up to four cells around one, NaN where there is no point.
	corners []float64
}

func newTerrain(s Surface, cells int) terrain {
	axis := func(k int) (first, step float64) {
		low, high := math.Inf(1), math.Inf(-1)
		for _, xy := range s.XY {
			low, high = math.Min(low, xy[k]), math.Max(high, xy[k])
		}
		if low == high {
			low, high = widened(low, high, 0)
		}
		return low, (high - low) / float64(cells)
	}
	t := terrain{tiles: tiles{columns: cells, rows: cells}}
	t.x, t.dx = axis(0)
	t.y, t.dy = axis(1)

	side := cells + 1
	sums, counts := make([]float64, cells*cells), make([]float64, cells*cells)
	t.corners = make([]float64, side*side)
	around := make([]float64, side*side)
	for i, xy := range s.XY {
		column := min(cells-1, int((xy[0]-t.x)/t.dx))
		row := min(cells-1, int((xy[1]-t.y)/t.dy))
		sums[row*cells+column] += s.Accuracy[i]
		counts[row*cells+column]++
		for _, corner := range []int{row*side + column, row*side + column + 1, (row+1)*side + column, (row+1)*side + column + 1} {
			t.corners[corner] += s.Accuracy[i]
			around[corner]++
		}
	}
	for i := range sums {
		t.mean = append(t.mean, sums[i]/counts[i])
	}
	for i := range t.corners {
		t.corners[i] /= around[i]
	}
	return t
}

// colour gives the tiles the colours of their means.
func (t *terrain) colour(colours palette.ColorMap) error {
	t.shades = make([]color.Color, len(t.mean))
	for i, mean := range t.mean {
		if math.IsNaN(mean) {
			continue
		}
		shade, err := colours.At(mean)
		if err != nil {
			return err
		}
		t.shades[i] = shade
	}
	return nil
}

// relief is a plotter for a terrain seen from an angle, without perspective, in a box whose heights
// run from low to high.
type relief struct {
	terrain
	o         AccuracySurfaceOptions
	low, high float64
}

// The view: the box is turned by azimuth, and looked down on at elevation; radians. Its floor is a
// square of side 1, and its height is tall.
const (
	azimuth   = math.Pi / 6
	elevation = math.Pi / 6
	tall      = 0.62
)

// project returns where a point of the box is seen, x to the right and y up, and how far away it
// is. The coordinates run from 0 to 1.
func project(x, y, z float64) (right, up, away float64) {
	sin, cos := math.Sincos(azimuth)
	x, y = x-0.5, y-0.5
	right, away = x*cos-y*sin, x*sin+y*cos
	sin, cos = math.Sincos(elevation)
	return right, away*sin + z*tall*cos, away
}

// Plot implements plot.Plotter.
func (r relief) Plot(c draw.Canvas, _ *plot.Plot) {
	// Room for the labels on the left and right and below.
	c = draw.Crop(c, 40, -16, 30, -4)
	left, _, _ := project(0, 1, 0)
	right, _, _ := project(1, 0, 0)
	_, bottom, _ := project(0, 0, 0)
	_, top, _ := project(1, 1, 1)
	scale := vg.Length(math.Min(float64(c.Size().X)/(right-left), float64(c.Size().Y)/(top-bottom)))
	at := func(x, y, z float64) vg.Point {
		u, v, _ := project(x, y, z)
		return c.Center().Add(vg.Point{X: vg.Length(u-(left+right)/2) * scale, Y: vg.Length(v-(bottom+top)/2) * scale})
	}
	r.box(c, at)

	n := r.columns
	cells := make([]int, len(r.shades))
	distance := make([]float64, len(r.shades))
	for i := range cells {
		cells[i] = i
		_, _, distance[i] = project(float64(i%n)/float64(n), float64(i/n)/float64(n), 0)
	}
	slices.SortStableFunc(cells, func(a, b int) int { return cmp.Compare(distance[b], distance[a]) })
	corner := func(column, row int) vg.Point {
		z := (r.corners[row*(n+1)+column] - r.low) / (r.high - r.low)
		return at(float64(column)/float64(n), float64(row)/float64(n), z)
	}
	for _, i := range cells {
		if r.shades[i] == nil {
			continue
		}
		column, row := i%n, i/n
		quad := []vg.Point{corner(column, row), corner(column+1, row), corner(column+1, row+1), corner(column, row+1)}
		c.FillPolygon(r.shades[i], quad)
		c.StrokeLines(draw.LineStyle{Color: color.NRGBA{A: 0x50}, Width: 0.35}, append(quad, quad[0]))
	}
}

// reliefAxis is an axis of the box: its values, and where it is drawn.
type reliefAxis struct {
	low, high float64
	name      string
	place     func(t float64) vg.Point   // of a value, at share t of the axis
	grid      func(t float64) []vg.Point // the line of the grid through it, over floor and walls
	shift     vg.Point                   // from place to the label of a tick
	align     text.XAlignment
}

// box draws the floor, the two walls behind the surface, and the axes with their ticks and names.
func (r relief) box(c draw.Canvas, at func(x, y, z float64) vg.Point) {
	for _, axis := range []reliefAxis{
		{
			low: r.x, high: r.x + r.dx*float64(r.columns), name: r.o.XLabel,
			place: func(t float64) vg.Point { return at(t, 0, 0) },
			grid:  func(t float64) []vg.Point { return []vg.Point{at(t, 0, 0), at(t, 1, 0), at(t, 1, 1)} },
			shift: vg.Point{X: 5, Y: -9}, align: draw.XCenter,
		},
		{
			low: r.y, high: r.y + r.dy*float64(r.rows), name: r.o.YLabel,
			place: func(t float64) vg.Point { return at(0, t, 0) },
			grid:  func(t float64) []vg.Point { return []vg.Point{at(0, t, 0), at(1, t, 0), at(1, t, 1)} },
			shift: vg.Point{X: -9, Y: -9}, align: draw.XCenter,
		},
		{
			low: r.low, high: r.high,
			place: func(t float64) vg.Point { return at(0, 1, t) },
			grid:  func(t float64) []vg.Point { return []vg.Point{at(0, 1, t), at(1, 1, t), at(1, 0, t)} },
			shift: vg.Point{X: -4}, align: draw.XRight,
		},
	} {
		axis.draw(c)
	}
	edge := draw.LineStyle{Color: muted, Width: 0.8}
	c.StrokeLines(edge, []vg.Point{at(0, 1, 0), at(1, 1, 0), at(1, 0, 0)})
	c.StrokeLines(edge, []vg.Point{at(1, 1, 0), at(1, 1, 1)})
}

func (a reliefAxis) draw(c draw.Canvas) {
	label, name := textStyle(tickSize, font.WeightNormal), textStyle(labelSize, font.WeightNormal)
	label.XAlign = a.align
	at := func(tick plot.Tick) float64 { return (tick.Value - a.low) / (a.high - a.low) }
	ticks := linearTicks{}.Ticks(a.low, a.high)
	every := 1 // labels, so that none lies over the next
	for ; every < len(ticks); every++ {
		room := a.place(at(ticks[every])).Sub(a.place(at(ticks[0])))
		if math.Abs(float64(room.X)) > float64(label.Width(ticks[0].Label)) ||
			math.Abs(float64(room.Y)) > float64(label.Height("0")) {
			break
		}
	}
	for i, tick := range ticks {
		t := at(tick)
		c.StrokeLines(draw.LineStyle{Color: grid, Width: 0.5}, a.grid(t))
		if i%every == 0 {
			c.FillText(label, a.place(t).Add(a.shift), tick.Label)
		}
	}
	c.StrokeLines(draw.LineStyle{Color: muted, Width: 0.8}, []vg.Point{a.place(0), a.place(1)})
	c.FillText(name, a.place(0.5).Add(a.shift.Scale(2.8)), a.name)
}

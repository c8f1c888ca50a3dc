// Package plots draws the pictures of the project: numbers in, PNG bytes out.
//
// Every picture takes its data and a small options value whose zero value is usable, and returns
// the bytes of a PNG image: 1,200 pixels wide (a cell drawing is as wide as its cell needs), with
// text sized to be read at 800. The same input gives the same bytes. Input that cannot be drawn
// (nothing, NaN or infinite values, lengths that differ) gives an error that names it.
//
// [LatentScatterVega] and [SearchCurveVega] give the same pictures as Vega-Lite charts, in which a
// reader can hover and zoom.
//
// Colours can be told apart by colour-blind readers: categories have the colours of Okabe and Ito,
// and then dashes; ranks and accuracies run through viridis, similarities from blue to red.
package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Sizes in points; at dpi dots per inch, width is 1,200 pixels.
const (
	dpi    = 144
	width  = 600
	height = 360

	titleSize = 12
	labelSize = 11
	tickSize  = 10

	margin     = 8
	lineWidth  = 1.8
	thinWidth  = 0.8
	panelSpace = 18
)

var (
	ink   = color.Gray{Y: 0x26}
	muted = color.Gray{Y: 0x80}
	grid  = color.Gray{Y: 0xE4}
)

// categories are the colours of Okabe and Ito, "Color Universal Design" (2008), without yellow,
// which does not show on white.
var categories = []color.NRGBA{
	{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF}, // blue
	{R: 0xD5, G: 0x5E, B: 0x00, A: 0xFF}, // vermilion
	{R: 0x00, G: 0x9E, B: 0x73, A: 0xFF}, // bluish green
	{R: 0xCC, G: 0x79, B: 0xA7, A: 0xFF}, // reddish purple
	{R: 0xE6, G: 0x9F, B: 0x00, A: 0xFF}, // orange
	{R: 0x56, G: 0xB4, B: 0xE9, A: 0xFF}, // sky blue
	{R: 0x00, G: 0x00, B: 0x00, A: 0xFF}, // black
}

func category(i int) color.NRGBA { return categories[i%len(categories)] }

// dashes are the patterns of lines once all colours are taken.
var dashes = [][]vg.Length{nil, {5, 2.5}, {1.5, 2}}

// curveStyle is the look of the i-th curve of a picture: 21 differ, the first seven in colour.
func curveStyle(i int) draw.LineStyle {
	pattern := dashes[i/len(categories)%len(dashes)]
	return draw.LineStyle{Color: category(i), Width: lineWidth, Dashes: pattern}
}

// greyDashes are the patterns of grey lines, of which the first five are darker.
var greyDashes = [][]vg.Length{nil, {5, 2.5}, {1.5, 2}, {7, 2, 1.5, 2}, {10, 4}}

// greyStyle is the look of the i-th grey curve of a picture, beside those in colour: ten differ.
func greyStyle(i int) draw.LineStyle {
	shade := color.Gray{Y: 0x88}
	if i/len(greyDashes)%2 == 1 {
		shade.Y = 0xB8
	}
	return draw.LineStyle{Color: shade, Width: 1.1, Dashes: greyDashes[i%len(greyDashes)]}
}

func faded(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

// viridis is the map of van der Walt and Smith (2015) from min, dark, to max, light: nine of its
// colours, interpolated in CIELAB.
func viridis(min, max float64) palette.ColorMap {
	controls := []color.Color{
		color.NRGBA{R: 0x44, G: 0x01, B: 0x54, A: 0xFF},
		color.NRGBA{R: 0x47, G: 0x2D, B: 0x7B, A: 0xFF},
		color.NRGBA{R: 0x3B, G: 0x52, B: 0x8B, A: 0xFF},
		color.NRGBA{R: 0x2C, G: 0x72, B: 0x8E, A: 0xFF},
		color.NRGBA{R: 0x21, G: 0x91, B: 0x8C, A: 0xFF},
		color.NRGBA{R: 0x28, G: 0xAE, B: 0x80, A: 0xFF},
		color.NRGBA{R: 0x5E, G: 0xC9, B: 0x62, A: 0xFF},
		color.NRGBA{R: 0xAD, G: 0xDC, B: 0x30, A: 0xFF},
		color.NRGBA{R: 0xFD, G: 0xE7, B: 0x25, A: 0xFF},
	}
	colours, err := moreland.NewLuminance(controls)
	if err != nil {
		panic(err) // the controls above are in order of luminance
	}
	colours.SetMin(min)
	colours.SetMax(max)
	return clamped{colours}
}

// clamped gives values outside the range of a colour map, where rounding may lead, the colours of its
// ends.
type clamped struct{ palette.ColorMap }

func (c clamped) At(v float64) (color.Color, error) {
	return c.ColorMap.At(math.Max(c.Min(), math.Min(c.Max(), v)))
}

func textStyle(size vg.Length, weight font.Weight) text.Style {
	return text.Style{
		Color:   ink,
		Font:    plotfont.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
		XAlign:  draw.XCenter,
		YAlign:  draw.YCenter,
		Handler: plot.DefaultTextHandler,
	}
}

// newPlot returns an empty plot in the theme's style.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color = muted
		axis.Padding = 4
		axis.Label.TextStyle.Font = textStyle(labelSize, font.WeightNormal).Font
		axis.Label.TextStyle.Color = ink
		axis.Label.Padding = 4
		axis.Tick.Label.Font = textStyle(tickSize, font.WeightNormal).Font
		axis.Tick.Label.Color = ink
		axis.Tick.Color = muted
		axis.Tick.Length = 4
		axis.Tick.Marker = linearTicks{}
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	style := draw.LineStyle{Color: grid, Width: 0.5}
	p.Add(&plotter.Grid{Vertical: style, Horizontal: style})
	return p
}

// logY makes the y axis of p, on which decimal logarithms are drawn, a logarithmic axis from low to
// high. (plot.LogScale would make room for a long axis label as if it stood in the highest decade.)
func logY(p *plot.Plot, low, high float64) {
	p.Y.Tick.Marker = logTicks{}
	p.Y.Min, p.Y.Max = math.Log10(low), math.Log10(high)
}

// entry is one line of a legend.
type entry struct {
	name   string
	thumbs []plot.Thumbnailer
}

// figure is what surrounds the panels of a picture. Its legend stands above the panels, so that it
// covers no data.
type figure struct {
	title  string
	titles []string // one per panel, or none
	legend []entry
	height vg.Length
}

// render draws the panels side by side.
func (f figure) render(panels ...*plot.Plot) ([]byte, error) {
	return encode(width, f.height, func(c draw.Canvas) {
		f.panels(f.header(c), panels)
	})
}

// header draws title and legend and returns what is left of c.
func (f figure) header(c draw.Canvas) draw.Canvas {
	if f.title != "" {
		style := textStyle(titleSize, font.WeightBold)
		style.YAlign = draw.YTop
		c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, f.title)
		c.Max.Y -= style.Height(f.title) + 6
	}
	const space, rowHeight = 18, 16
	for rest := f.legend; len(rest) > 0; {
		var row []plot.Legend
		var total vg.Length
		for len(rest) > 0 {
			l := plot.NewLegend()
			l.TextStyle = textStyle(tickSize, font.WeightNormal)
			l.TextStyle.XAlign, l.TextStyle.YAlign = draw.XLeft, draw.YBottom
			l.Left, l.Top = true, true
			l.ThumbnailWidth = 20
			l.Add(rest[0].name, rest[0].thumbs...)
			w := l.Rectangle(c).Size().X
			if len(row) > 0 && total+space+w > c.Size().X {
				break
			}
			if len(row) > 0 {
				total += space
			}
			total += w
			row = append(row, l)
			rest = rest[1:]
		}
		x := c.Center().X - total/2
		for _, l := range row {
			w := l.Rectangle(c).Size().X
			l.Draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: c.Max.Y - rowHeight},
				Max: vg.Point{X: x + w, Y: c.Max.Y},
			}})
			x += w + space
		}
		c.Max.Y -= rowHeight
		if len(rest) == 0 {
			c.Max.Y -= 4
		}
	}
	return c
}

// panels draws the panels with aligned axes and returns the area of each one's data.
func (f figure) panels(c draw.Canvas, panels []*plot.Plot) []draw.Canvas {
	top := c.Max.Y
	style := textStyle(labelSize, font.WeightBold)
	style.YAlign = draw.YTop
	if slices.ContainsFunc(f.titles, func(title string) bool { return title != "" }) {
		c.Max.Y -= style.Height("X") + 6
	}
	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: panelSpace}
	data := make([]draw.Canvas, len(panels))
	for i, area := range plot.Align([][]*plot.Plot{panels}, tiles, c)[0] {
		panels[i].Draw(area)
		data[i] = panels[i].DataCanvas(area)
		if i < len(f.titles) {
			c.FillText(style, vg.Point{X: data[i].Center().X, Y: top}, f.titles[i])
		}
	}
	return data
}

// encode returns the PNG image, w by h points, of what paint draws inside the margin.
func encode(w, h vg.Length, paint func(draw.Canvas)) ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))
	paint(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin))
	var out bytes.Buffer
	if err := png.Encode(&out, canvas.Image()); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	return out.Bytes(), nil
}

// colourBar is a scale of colours beside the panels of a figure.
type colourBar struct {
	name    string
	colours palette.ColorMap
	ticks   []plot.Tick
}

// Widths of a colour bar with its labels, and of the space before it.
const barWidth, barSpace = 60, 12

// draw draws the bar, its name upright on its right.
func (b colourBar) draw(c draw.Canvas) {
	name := textStyle(labelSize, font.WeightNormal)
	name.Rotation = -math.Pi / 2
	c.FillText(name, vg.Point{X: c.Max.X - 6, Y: c.Center().Y}, b.name)

	p := newPlot("", "")
	p.HideX()
	p.X.Padding, p.Y.Padding = 0, 0
	p.Add(&plotter.ColorBar{ColorMap: b.colours, Vertical: true, Colors: 256})
	p.Y.Tick.Marker = plot.ConstantTicks(b.ticks)
	p.Draw(draw.Crop(c, 0, -16, 0, 0))
}

// renderWithBar draws the panels side by side and the bar on their right.
func (f figure) renderWithBar(panels []*plot.Plot, bar colourBar) ([]byte, error) {
	return encode(width, f.height, func(c draw.Canvas) {
		rest := f.header(c)
		data := f.panels(draw.Crop(rest, 0, -barWidth-barSpace, 0, 0), panels)
		place := draw.Crop(rest, rest.Size().X-barWidth, 0, 0, 0)
		const halfLabel = tickSize / 2
		place.Min.Y, place.Max.Y = data[0].Min.Y-halfLabel, data[0].Max.Y+halfLabel
		bar.draw(place)
	})
}

// widened is a range with a share of its length more at each end, or with 1 if it is a point.
func widened(low, high, share float64) (min, max float64) {
	if low == high {
		low, high = low-1, high+1
	}
	margin := share * (high - low)
	return low - margin, high + margin
}

// line is a plotter for the points.
func line(points plotter.XYs, style draw.LineStyle) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: style}
}

// marker is a glyph with a white rim: a circle, or a polygon of a number of corners. A waist below 1
// pulls the middles of its sides in, to that share of the radius: a star.
type marker struct {
	corners int
	waist   vg.Length
	open    bool // only the outline, in the glyph's colour
}

func (m marker) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	var outline vg.Path
	if m.corners == 0 {
		outline.Move(vg.Point{X: at.X + style.Radius, Y: at.Y})
		outline.Arc(at, style.Radius, 0, 2*math.Pi)
	}
	for i := range 2 * m.corners {
		r := style.Radius
		if i%2 == 1 {
			if m.waist == 0 {
				continue
			}
			r *= m.waist
		}
		sin, cos := math.Sincos(math.Pi/2 + math.Pi*float64(i)/float64(m.corners))
		p := vg.Point{X: at.X + r*vg.Length(cos), Y: at.Y + r*vg.Length(sin)}
		if i == 0 {
			outline.Move(p)
		} else {
			outline.Line(p)
		}
	}
	outline.Close()
	rim := draw.LineStyle{Color: color.White, Width: 1.6}
	if m.open {
		rim.Width = 2.2
	}
	c.SetLineStyle(rim)
	c.Stroke(outline)
	if m.open {
		c.SetLineStyle(draw.LineStyle{Color: style.Color, Width: 1})
		c.Stroke(outline)
		return
	}
	c.SetColor(style.Color)
	c.Fill(outline)
}

// linearTicks marks four to ten multiples of 1, 2 or 5 times a power of ten.
type linearTicks struct{}

func (linearTicks) Ticks(min, max float64) []plot.Tick {
	step := floor125((max - min) / 4)
	decimals := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for k := math.Ceil(min/step - 1e-9); k*step <= max+1e-9*step; k++ {
		ticks = append(ticks, plot.Tick{Value: k * step, Label: number(k*step, decimals)})
	}
	return ticks
}

// logTicks marks decades on an axis of decimal logarithms, and also 2 and 5 times them where the axis
// is shorter than three decades.
type logTicks struct{}

func (logTicks) Ticks(min, max float64) []plot.Tick {
	var ticks []plot.Tick
	for exponent := int(math.Floor(min)); ; exponent++ {
		for digit := 1; digit < 10; digit++ {
			value := float64(digit) * math.Pow10(exponent)
			tick := plot.Tick{Value: math.Log10(value)}
			if digit == 1 || max-min < 3 && (digit == 2 || digit == 5) {
				tick.Label = strconv.FormatFloat(value, 'g', 6, 64)
			}
			if tick.Value > max+1e-9 {
				return ticks
			}
			if tick.Value >= min-1e-9 {
				ticks = append(ticks, tick)
			}
		}
	}
}

// logRange widens a positive range to the next ticks of logTicks.
func logRange(low, high float64) (min, max float64) {
	min, max = floor125(low), floor125(high)
	if max < high*(1-1e-9) {
		max = floor125(max * 2.6)
	}
	if min == max {
		max = floor125(max * 2.6)
	}
	return min, max
}

// floor125 is the largest of 1, 2 and 5 times a power of ten that is not above x, which is positive.
func floor125(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)+1e-9))
	switch digit := x / power * (1 + 1e-9); {
	case digit >= 5:
		return 5 * power
	case digit >= 2:
		return 2 * power
	}
	return power
}

// number formats x with a number of decimals and commas between thousands.
func number(x float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if x < 0 && strings.ContainsAny(whole, "123456789") {
		whole = "\u2212" + whole
	}
	return whole
}

// checkFinite says which of values is NaN or infinite, or that there are none.
func checkFinite(what string, values []float64) error {
	if len(values) == 0 {
		return fmt.Errorf("%s: no values", what)
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s[%d] is %v, want a finite number", what, i, v)
		}
	}
	return nil
}

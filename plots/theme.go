package plots

import (
	"image/color"
	"math"

	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
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

// category is the colour of the i-th series of a picture.
func category(i int) color.NRGBA { return categories[i%len(categories)] }

// dashes are the patterns of lines: the first for the first seven series, and so on.
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

// faded is c with an opacity, 0 to 1.
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

// clamped gives values outside the range of a colour map, where rounding may lead, the colours of
// its ends.
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

// line is a plotter for the points.
func line(points plotter.XYs, style draw.LineStyle) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: style}
}

package plots

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"slices"

	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

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

// encode returns the PNG image, w by h points with its margin, of what paint draws inside the
// margin.
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

package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// marker is a glyph with a white rim: a circle, or a polygon of a number of corners. A waist below
// 1 pulls the middles of its sides in, to that share of the radius: a star.
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

package plots

import (
	"image/color"
	"math"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func (d *drawing) draw(c draw.Canvas) {
	w, _ := d.size()
	_, below := d.extent()
	origin := vg.Point{X: c.Center().X - w/2 + d.nodes[0].half.X, Y: c.Min.Y + below}

	for _, a := range d.arcs {
		a.draw(c, origin)
	}
	text := textStyle(labelSize, font.WeightNormal)
	for _, n := range d.nodes {
		outline := n.outline(origin)
		c.SetColor(color.White)
		c.Fill(outline)
		c.SetColor(n.fill)
		c.Fill(outline)
		c.SetLineStyle(draw.LineStyle{Color: ink, Width: 1.2})
		c.Stroke(outline)
		c.FillText(text, n.at.Add(origin), n.label)
	}
	for i, r := range d.labels() {
		a := d.arcs[i]
		c.FillText(edgeText(a), r.Min.Add(r.Size().Scale(0.5)).Add(origin), a.Label)
	}
}

// labels are the places of the edges' labels, in the order of the edges.
func (d *drawing) labels() []vg.Rectangle {
	placed := make([]vg.Rectangle, 0, len(d.arcs))
	for _, a := range d.arcs {
		size := edgeText(a).Rectangle(a.Label).Size()
		placed = append(placed, around(d.labelPlace(a, size, placed), size))
	}
	return placed
}

// labelPlace is where the middle of an edge's label of a size meets the fewest curves, nodes and
// labels already placed. The best place, and the first tried, is beyond the middle of the curve.
func (d *drawing) labelPlace(a arc, size vg.Point, placed []vg.Rectangle) vg.Point {
	const clear = 4
	beyond := size.Y/2 + clear
	if a.level < 0 {
		beyond = -beyond
	}
	var best vg.Point
	fewest := math.MaxInt
	for _, t := range []vg.Length{0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74} {
		for _, shift := range []vg.Length{beyond, -beyond} {
			at := a.at(t).Add(vg.Point{Y: shift})
			if n := d.meets(around(at, size), placed); n < fewest {
				best, fewest = at, n
			}
		}
	}
	return best
}

// meets counts what lies in r: points of curves, and, with more weight, nodes and labels.
func (d *drawing) meets(r vg.Rectangle, placed []vg.Rectangle) int {
	const samples = 64
	count := 0
	for _, a := range d.arcs {
		for i := range samples + 1 {
			p := a.at(vg.Length(i) / samples)
			if r.Min.X <= p.X && p.X <= r.Max.X && r.Min.Y <= p.Y && p.Y <= r.Max.Y {
				count++
			}
		}
	}
	overlaps := func(o vg.Rectangle) bool {
		return r.Min.X < o.Max.X && o.Min.X < r.Max.X && r.Min.Y < o.Max.Y && o.Min.Y < r.Max.Y
	}
	for _, n := range d.nodes {
		if overlaps(around(n.at, n.half.Scale(2))) {
			count += samples
		}
	}
	for _, label := range placed {
		if overlaps(label) {
			count += samples
		}
	}
	return count
}

// around is the rectangle of a size around a point.
func around(at, size vg.Point) vg.Rectangle {
	half := size.Scale(0.5)
	return vg.Rectangle{Min: at.Sub(half), Max: at.Add(half)}
}

func edgeText(a arc) draw.TextStyle {
	style := textStyle(tickSize, font.WeightNormal)
	if a.Label == none {
		style.Color = muted
	}
	return style
}

// draw draws the curve and its arrow head.
func (a arc) draw(c draw.Canvas, origin vg.Point) {
	const length, halfWidth = 8, 3.6
	tip := a.curve[3]
	back := a.curve[2].Sub(tip)
	back = back.Scale(1 / vg.Length(math.Hypot(float64(back.X), float64(back.Y))))
	across := vg.Point{X: -back.Y, Y: back.X}.Scale(halfWidth)
	base := tip.Add(back.Scale(length))

	var path vg.Path
	path.Move(a.curve[0].Add(origin))
	path.CubeTo(a.curve[1].Add(origin), a.curve[2].Add(origin), base.Add(origin))
	c.SetLineStyle(a.line)
	c.Stroke(path)
	c.FillPolygon(a.line.Color, []vg.Point{
		tip.Add(origin), base.Add(across).Add(origin), base.Sub(across).Add(origin),
	})
}

// outline is a rectangle with round corners: a circle around a short label.
func (n box) outline(origin vg.Point) vg.Path {
	r := min(n.half.X, n.half.Y)
	at := n.at.Add(origin)
	in := vg.Point{X: n.half.X - r, Y: n.half.Y - r}
	var p vg.Path
	p.Move(vg.Point{X: at.X + n.half.X, Y: at.Y + in.Y})
	for i, corner := range []vg.Point{{X: 1, Y: 1}, {X: -1, Y: 1}, {X: -1, Y: -1}, {X: 1, Y: -1}} {
		centre := vg.Point{X: at.X + corner.X*in.X, Y: at.Y + corner.Y*in.Y}
		p.Arc(centre, r, float64(i)*math.Pi/2, math.Pi/2)
	}
	p.Close()
	return p
}

package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Cell is a directed acyclic graph for [CellGraph]. Operations are labels of edges, as in
// NAS-Bench-201, or of nodes, as in NAS-Bench-101.
type Cell struct {
	Nodes []string // label of each node, in topological order; "\n" begins a new line
	Edges []Edge
}

// Edge is an edge of a [Cell] between two positions in its Nodes, From before To. Its label is empty
// where operations are on the nodes.
type Edge struct {
	From, To int
	Label    string
}

// CellGraphOptions are the options of [CellGraph].
type CellGraphOptions struct {
	Title string

	// HideNone leaves out the edges labelled "none", which are otherwise dotted and grey.
	HideNone bool

	// Operations lists all operations of the space, so that each has the same colour in every
	// drawing. By default the operations of the cell, in alphabetical order, share out the colours.
	Operations []string
}

// none is the operation that cuts an edge, as NAS-Bench-201 spells it.
const none = "none"

// CellGraph draws a cell, its nodes in a row from input to output. Edges between neighbours are
// straight, others pass above or below, on the side where they cross fewer. Edges have the colours of
// their operations; where no edge has a label, the nodes between the first and the last have them.
func CellGraph(cell Cell, o CellGraphOptions) ([]byte, error) {
	if err := cell.check(); err != nil {
		return nil, fmt.Errorf("cell graph: %w", err)
	}
	d := newDrawing(cell, o)
	w, h := d.size()
	title := textStyle(titleSize, font.WeightBold)
	title.YAlign = draw.YTop
	if o.Title != "" {
		w = max(w, title.Width(o.Title))
		h += title.Height(o.Title) + 6
	}
	return encode(w+2*margin, h+2*margin, func(c draw.Canvas) {
		if o.Title != "" {
			c.FillText(title, vg.Point{X: c.Center().X, Y: c.Max.Y}, o.Title)
		}
		d.draw(c)
	})
}

func (cell Cell) check() error {
	n := len(cell.Nodes)
	if n < 2 {
		return fmt.Errorf("%d nodes, want at least 2", n)
	}
	if len(cell.Edges) == 0 {
		return errors.New("no edges")
	}
	seen := map[[2]int]bool{}
	for i, e := range cell.Edges {
		if e.From < 0 || e.From >= e.To || e.To >= n {
			return fmt.Errorf("edge %d goes from node %d to %d: want 0 <= from < to < %d", i, e.From, e.To, n)
		}
		if seen[[2]int{e.From, e.To}] {
			return fmt.Errorf("edge %d: a second edge from node %d to %d", i, e.From, e.To)
		}
		seen[[2]int{e.From, e.To}] = true
	}
	return nil
}

// drawing is a cell laid out. Lengths are in points from the middle of the first node.
type drawing struct {
	nodes    []box
	arcs     []arc
	labelled bool      // whether edges have labels
	step     vg.Length // height of a level
}

// box is a node.
type box struct {
	label string
	at    vg.Point // its middle
	half  vg.Point // half its size
	fill  color.Color
}

// arc is an edge: straight at level 0, else above (positive) or below the row of nodes.
type arc struct {
	Edge
	level int
	line  draw.LineStyle
	// curve holds the four control points of a cubic Bézier curve.
	curve [4]vg.Point
}

func newDrawing(cell Cell, o CellGraphOptions) *drawing {
	d := &drawing{labelled: slices.ContainsFunc(cell.Edges, func(e Edge) bool { return e.Label != "" })}
	colour := operationColours(cell, d.labelled, o.Operations)

	for _, e := range cell.Edges {
		style := draw.LineStyle{Color: ink, Width: 1.4}
		switch {
		case e.Label == none && o.HideNone:
			continue
		case e.Label == none:
			style = draw.LineStyle{Color: color.Gray{Y: 0xA0}, Width: 1, Dashes: []vg.Length{1.5, 3}}
		case d.labelled:
			style = draw.LineStyle{Color: colour(e.Label), Width: 2}
		}
		d.arcs = append(d.arcs, arc{Edge: e, line: style})
	}
	d.assignLevels()

	text := textStyle(labelSize, font.WeightNormal)
	for _, label := range cell.Nodes {
		r := text.Rectangle(label).Size()
		half := vg.Point{X: max(r.X/2+8, 17), Y: max(r.Y/2+6, 17)}
		d.nodes = append(d.nodes, box{label: label, half: half, fill: color.White})
	}
	for i := 1; i < len(d.nodes)-1 && !d.labelled; i++ {
		if label := d.nodes[i].label; label != none {
			d.nodes[i].fill = faded(colour(label), 0.3)
		}
	}
	for i := 1; i < len(d.nodes); i++ {
		gap := vg.Length(32)
		for _, a := range d.arcs {
			if a.From == i-1 && a.To == i {
				gap = max(gap, edgeText(a).Width(a.Label)+30)
			}
		}
		d.nodes[i].at.X = d.nodes[i-1].at.X + d.nodes[i-1].half.X + gap + d.nodes[i].half.X
	}
	d.step = 22
	if d.labelled {
		d.step = 30
	}
	d.route()
	return d
}

// operationColours returns the colour of an operation.
func operationColours(cell Cell, onEdges bool, operations []string) func(string) color.NRGBA {
	var own []string
	for _, e := range cell.Edges {
		if onEdges && e.Label != none {
			own = append(own, e.Label)
		}
	}
	if !onEdges {
		own = append(own, cell.Nodes[1:len(cell.Nodes)-1]...)
	}
	slices.Sort(own)
	var order []string
	for _, op := range append(slices.Clone(operations), own...) {
		if op != none && !slices.Contains(order, op) {
			order = append(order, op)
		}
	}
	return func(op string) color.NRGBA { return category(slices.Index(order, op)) }
}

// assignLevels gives every edge between nodes that are not neighbours a side and a level there. Short
// edges come first and lie inside long ones.
func (d *drawing) assignLevels() {
	order := make([]*arc, len(d.arcs))
	for i := range d.arcs {
		order[i] = &d.arcs[i]
	}
	slices.SortStableFunc(order, func(a, b *arc) int { return (a.To - a.From) - (b.To - b.From) })
	// Sides are settled long edges first: they are the ones with no choice later.
	for i := len(order) - 1; i >= 0; i-- {
		a := order[i]
		if a.To-a.From == 1 {
			continue
		}
		var crossings, arcs [2]int
		for _, b := range order[i+1:] {
			if b.level == 0 {
				continue
			}
			side := side(b.level)
			arcs[side]++
			if a.From < b.From && b.From < a.To && a.To < b.To || b.From < a.From && a.From < b.To && b.To < a.To {
				crossings[side]++
			}
		}
		a.level = 1
		if crossings[1] < crossings[0] || crossings[1] == crossings[0] && arcs[1] < arcs[0] {
			a.level = -1
		}
	}
	for i, a := range order {
		if a.level == 0 {
			continue
		}
		s, height := side(a.level), 1
		for _, b := range order[:i] {
			if b.level != 0 && side(b.level) == s && b.From < a.To && a.From < b.To {
				height = max(height, abs(b.level)+1)
			}
		}
		a.level *= height
	}
}

// side is 0 above the row of nodes and 1 below.
func side(level int) int {
	if level < 0 {
		return 1
	}
	return 0
}

func abs(x int) int { return max(x, -x) }

// route sets the curves of the edges. Edges that share a side of a node spread over that side, those
// of higher levels nearer its middle.
func (d *drawing) route() {
	for i := range d.arcs {
		a := &d.arcs[i]
		from, to := d.nodes[a.From], d.nodes[a.To]
		if a.level == 0 {
			start := vg.Point{X: from.at.X + from.half.X}
			end := vg.Point{X: to.at.X - to.half.X}
			third := end.Sub(start).Scale(1. / 3)
			a.curve = [4]vg.Point{start, start.Add(third), end.Sub(third), end}
			continue
		}
		up := vg.Length(1)
		if a.level < 0 {
			up = -1
		}
		start := vg.Point{X: from.at.X + d.port(a, a.From), Y: up * from.half.Y}
		end := vg.Point{X: to.at.X - d.port(a, a.To), Y: up * to.half.Y}
		// A cubic curve rises to 3/4 of the height of its two inner control points.
		rise := up * (d.step*vg.Length(abs(a.level)) + 8) * 4 / 3
		lean := min((end.X-start.X)*0.22, 40)
		a.curve = [4]vg.Point{
			start,
			{X: start.X + lean, Y: start.Y + rise},
			{X: end.X - lean, Y: end.Y + rise},
			end,
		}
	}
}

// port is how far from the middle of a node an arc leaves or enters it.
func (d *drawing) port(a *arc, node int) vg.Length {
	count, before := 1, 0
	for _, b := range d.arcs {
		same := b.From == node && a.From == node || b.To == node && a.To == node
		if !same || b.level == 0 || side(b.level) != side(a.level) || b.Edge == a.Edge {
			continue
		}
		count++
		if abs(b.level) > abs(a.level) {
			before++
		}
	}
	return d.nodes[node].half.X * 0.85 * (vg.Length(before) + 0.5) / vg.Length(count)
}

// size is the size of the drawing.
func (d *drawing) size() (w, h vg.Length) {
	first, last := d.nodes[0], d.nodes[len(d.nodes)-1]
	above, below := d.extent()
	return first.half.X + last.at.X + last.half.X, above + below
}

// extent is how far the drawing reaches above and below the middle of the nodes.
func (d *drawing) extent() (above, below vg.Length) {
	for _, n := range d.nodes {
		above, below = max(above, n.half.Y), max(below, n.half.Y)
	}
	for _, a := range d.arcs {
		y := a.at(0.5).Y
		label := vg.Length(3)
		if d.labelled {
			label = 22
		}
		above, below = max(above, y+label), max(below, -y+label)
	}
	return above, below
}

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

// at is the point of the curve at position t, 0 to 1.
func (a arc) at(t vg.Length) vg.Point {
	s := 1 - t
	p := a.curve[0].Scale(s * s * s)
	p = p.Add(a.curve[1].Scale(3 * s * s * t))
	p = p.Add(a.curve[2].Scale(3 * s * t * t))
	return p.Add(a.curve[3].Scale(t * t * t))
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

package plots

import (
	"image/color"
	"slices"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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

// assignLevels gives every edge between nodes that are not neighbours a side and a level there.
// Short edges come first and lie inside long ones.
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

// route sets the curves of the edges. Edges that share a side of a node spread over that side,
// those of higher levels nearer its middle.
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

// at is the point of the curve at position t, 0 to 1.
func (a arc) at(t vg.Length) vg.Point {
	s := 1 - t
	p := a.curve[0].Scale(s * s * s)
	p = p.Add(a.curve[1].Scale(3 * s * s * t))
	p = p.Add(a.curve[2].Scale(3 * s * t * t))
	return p.Add(a.curve[3].Scale(t * t * t))
}

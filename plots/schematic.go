package plots

import (
	"image/color"
	"math"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Schematic draws the method in one picture, as figure 1 of the paper does: encoder, latent space
// and decoder, the ICNN that is trained with them on pseudo-labels, and the search that climbs its
// gradient and asks the oracle. What is trained is blue, what the search adds is vermilion.
func Schematic() ([]byte, error) {
	return encode(width, 294, func(c draw.Canvas) {
		s := schematic{c, c.Min}
		s.boxes()
		s.arrows()
		s.latentPlane()
		s.cell(vg.Point{X: 44, Y: 178}, "a", []int{0, 3, 5, 2, 0})
		s.cell(vg.Point{X: 540, Y: 178}, "a′", []int{0, 3, 2, 2, 5})
	})
}

// schematic draws at places in points from the lower left corner.
type schematic struct {
	draw.Canvas
	origin vg.Point
}

// Colours of what belongs to training and to the search.
var training, searching = categories[0], categories[1]

func (s schematic) boxes() {
	s.trapezium(132, 178, 26, 44, "encoder")
	s.trapezium(452, 178, 44, 26, "decoder")
	s.box(44, 42, 88, "predictor", "y(a)", training)
	s.box(292, 42, 120, "ICNN, convex in z", "accuracy is 1 − f(z)", training)
	s.box(540, 42, 88, "oracle", "accuracy of a′", searching)
	s.say(292, 266, "latent space: divergence keeps it round", ink)
	s.say(132, 250, "graph VAE", training)
	s.say(452, 250, "reconstruction: a′ = a", training)
}

func (s schematic) arrows() {
	s.arrow(training, 92, 178, 108, 178)
	s.arrow(training, 158, 178, 214, 178)
	s.arrow(training, 370, 178, 426, 178)
	s.arrow(training, 478, 178, 494, 178)
	s.arrow(training, 44, 132, 44, 62)
	s.arrow(training, 88, 42, 230, 42)
	s.say(159, 52, "pseudo-labels", training)
	s.say(159, 27, "loss (1 − f(z) − y)²", training)
	s.arrow(training, 262, 100, 262, 62)
	s.say(251, 80, "z", training)
	s.arrow(searching, 322, 62, 322, 100)
	s.say(352, 80, "gradient", searching)
	s.arrow(searching, 540, 132, 540, 62)
	s.arrow(searching, 496, 42, 354, 42)
	s.say(425, 52, "measured labels", searching)
	s.say(425, 27, "fine-tune, next round", searching)
}

// box is a rectangle around a place with two lines of text.
func (s schematic) box(x, y, w vg.Length, first, second string, line color.Color) {
	s.fill(line, vg.Point{X: x - w/2, Y: y - 20}, vg.Point{X: x + w/2, Y: y - 20},
		vg.Point{X: x + w/2, Y: y + 20}, vg.Point{X: x - w/2, Y: y + 20})
	s.say(x, y+8, first, ink)
	s.say(x, y-8, second, ink)
}

// trapezium is a network around a place whose sides have other heights left and right.
func (s schematic) trapezium(x, y, right, left vg.Length, name string) {
	const half = 24
	s.fill(training, vg.Point{X: x - half, Y: y - left}, vg.Point{X: x + half, Y: y - right},
		vg.Point{X: x + half, Y: y + right}, vg.Point{X: x - half, Y: y + left})
	s.say(x, y, name, ink)
}

func (s schematic) fill(line color.Color, corners ...vg.Point) {
	for i := range corners {
		corners[i] = corners[i].Add(s.origin)
	}
	s.FillPolygon(color.White, corners)
	s.StrokeLines(draw.LineStyle{Color: line, Width: 1.2}, append(corners, corners[0]))
}

func (s schematic) say(x, y vg.Length, text string, c color.Color) {
	style := textStyle(tickSize, font.WeightNormal)
	style.Color = c
	s.FillText(style, vg.Point{X: x, Y: y}.Add(s.origin), text)
}

func (s schematic) arrow(c color.Color, x0, y0, x1, y1 vg.Length) {
	from, to := vg.Point{X: x0, Y: y0}, vg.Point{X: x1, Y: y1}
	arc{line: draw.LineStyle{Color: c, Width: 1.2}, curve: [4]vg.Point{from, from, from, to}}.draw(s.Canvas, s.origin)
}

// latentPlane is a concave model over a plane, with some latents and the path of a search.
func (s schematic) latentPlane() {
	const low, high, side = -1.0, 1.0, 60
	model := func(z []float64) float64 {
		return -math.Hypot(z[0]-0.45, z[1]-0.35) - 0.4*math.Max(0, -z[0]-z[1])
	}
	plane := Contour{Low: low, High: high, Paths: [][][]float64{{{-0.75, -0.7}, {-0.4, -0.5}, {-0.05, -0.15}, {0.2, 0.1}, {0.45, 0.35}}}}
	for _, z := range Grid(low, high, side) {
		plane.Values = append(plane.Values, model(z))
	}
	for i := range 40 { // a spiral of even density
		angle, radius := 2.4*float64(i), 0.95*math.Sqrt(float64(i)/40)
		plane.Points = append(plane.Points, []float64{radius * math.Cos(angle), radius * math.Sin(angle)})
	}
	p, _, err := plane.plot(viridis(-2.6, 0), "", "")
	if err != nil {
		panic(err) // the colours are in their range
	}
	p.HideAxes()
	corner := vg.Point{X: 216, Y: 102}.Add(s.origin)
	p.Draw(draw.Canvas{Canvas: s.Canvas.Canvas, Rectangle: vg.Rectangle{Min: corner, Max: corner.Add(vg.Point{X: 152, Y: 152})}})
}

// cell is a small drawing of an architecture around a place: four nodes, and five edges in the
// colours of their operations.
func (s schematic) cell(at vg.Point, name string, operations []int) {
	nodes := []vg.Point{{X: -34}, {X: -6, Y: 26}, {X: 10, Y: -26}, {X: 36, Y: 4}}
	for i, edge := range [][2]int{{0, 1}, {0, 2}, {1, 2}, {1, 3}, {2, 3}} {
		from, to := nodes[edge[0]].Add(at), nodes[edge[1]].Add(at)
		line := draw.LineStyle{Color: category(operations[i]), Width: 1.6}
		short := from.Add(to.Sub(from).Scale(0.86))
		arc{line: line, curve: [4]vg.Point{from, from, from, short}}.draw(s.Canvas, s.origin)
	}
	for _, node := range nodes {
		s.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: 5, Shape: draw.CircleGlyph{}}, node.Add(at).Add(s.origin))
		s.DrawGlyph(draw.GlyphStyle{Color: ink, Radius: 5, Shape: draw.RingGlyph{}}, node.Add(at).Add(s.origin))
	}
	s.say(at.X, at.Y+40, name, ink)
}

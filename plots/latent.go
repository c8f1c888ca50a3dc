package plots

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Latents is one panel of a [LatentScatter].
type Latents struct {
	Title    string
	Points   [][]float64 // latents: one row per architecture, all of one length
	Accuracy []float64   // one per row, in any unit: only the order counts
	Names    []string    // one per row, shown by [LatentScatterVega] on hovering; may be nil
	Marks    []Mark      // architectures to point out, drawn over the others
}

// Mark is a named set of architectures in a [LatentScatter]. The first mark of a panel is drawn
// with rings, the second with diamonds, the third with stars, the fourth with triangles. Marks of
// one name share a line of the legend.
type Mark struct {
	Name   string
	Rows   []int // rows of Latents.Points
	Joined bool  // whether a line joins them in order, as for the path of a search
}

// LatentScatterOptions are the options of [LatentScatter].
type LatentScatterOptions struct {
	Title      string
	Projection Projection
}

// Projection is a way to see latents in two dimensions.
type Projection int

const (
	ByPCA  Projection = iota // the first two principal components: see [PCA]
	ByTSNE                   // [TSNE] with perplexity 30, of 32 to 5,000 latents

	// ByLinearFit has the direction in which a linear fit of accuracy rises on the x-axis, and the
	// first principal component of what is orthogonal to it on the y-axis.
	ByLinearFit
)

// project returns points in two dimensions and the names of the axes.
func (l Latents) project(o LatentScatterOptions) (xy [][2]float64, axes [2]string, err error) {
	switch o.Projection {
	case ByTSNE:
		xy, err = TSNE(l.Points, 30)
		return xy, [2]string{"t-SNE 1", "t-SNE 2"}, err
	case ByLinearFit:
		return l.alongFit()
	}
	xy, explained, err := PCA(l.Points)
	for k, share := range explained {
		axes[k] = fmt.Sprintf("PC %d (%.0f %% of variance)", k+1, 100*share)
	}
	return xy, axes, err
}

// alongFit is the projection ByLinearFit, with the mean at the origin.
func (l Latents) alongFit() (xy [][2]float64, axes [2]string, err error) {
	if err := l.check(); err != nil {
		return nil, axes, err
	}
	unit, rSquared, err := LinearFit(l.Points, l.Accuracy)
	if err != nil {
		return nil, axes, err
	}
	x, rest := make([]float64, len(l.Points)), make([][]float64, len(l.Points))
	for i, z := range l.Points {
		x[i] = floats.Dot(z, unit)
		rest[i] = floats.AddScaledTo(make([]float64, len(z)), z, -x[i], unit)
	}
	floats.AddConst(-stat.Mean(x, nil), x)
	across, _, err := PCA(rest)
	if err != nil { // all on one line
		across = make([][2]float64, len(x))
	}
	for i := range x {
		xy = append(xy, [2]float64{x[i], across[i][0]})
	}
	return xy, [2]string{fmt.Sprintf("linear fit of accuracy (R² %.2f)", rSquared), "first component of the rest"}, nil
}

// markStyles are the looks of the first, second, ... mark of a panel.
var markStyles = []draw.GlyphStyle{
	{Color: categories[1], Radius: 3, Shape: marker{open: true}},
	{Color: categories[4], Radius: 6, Shape: marker{corners: 4}},
	{Color: categories[1], Radius: 8, Shape: marker{corners: 5, waist: 0.42}},
	{Color: categories[3], Radius: 6, Shape: marker{corners: 3}},
}

// LatentScatter draws latents, projected to two dimensions. The colour of a point is the accuracy
// rank of its architecture in its panel: 1 is the best, equal accuracies share the best of their
// ranks, and better points lie over worse ones. Panels, such as the latent space with and without
// the ICNN, stand side by side and share the scale of ranks, so they must have the same number of
// points. Figures 2 and 3 of the paper are such pictures.
//
// The error says that there are no panels, or which one cannot be projected, or has another number
// of points, accuracies or names, an accuracy that is not finite, or a mark of a row that is not
// there.
func LatentScatter(panels []Latents, o LatentScatterOptions) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("latent scatter: no panels")
	}
	n := len(panels[0].Points)
	colours := rankColours(n)
	fig := figure{title: o.Title, height: 320}
	if len(panels) == 1 {
		fig.height = 420
	}
	var plots []*plot.Plot
	for i, panel := range panels {
		if len(panel.Points) != n {
			return nil, fmt.Errorf("latent scatter: panel %d has %d points, panel 0 has %d", i, len(panel.Points), n)
		}
		p, legend, err := panel.plot(colours, o)
		if err != nil {
			return nil, fmt.Errorf("latent scatter: panel %d (%q): %w", i, panel.Title, err)
		}
		plots = append(plots, p)
		fig.titles = append(fig.titles, panel.Title)
		for _, e := range legend {
			if !slices.ContainsFunc(fig.legend, func(f entry) bool { return f.name == e.name }) {
				fig.legend = append(fig.legend, e)
			}
		}
	}
	return fig.renderWithBar(plots, rankBar(colours, n))
}

func (l Latents) plot(colours palette.ColorMap, o LatentScatterOptions) (*plot.Plot, []entry, error) {
	xy, axes, err := l.project(o)
	if err != nil {
		return nil, nil, err
	}
	if err := l.check(); err != nil {
		return nil, nil, err
	}

	ranks, best := rank(l.Accuracy)
	slices.Reverse(best)
	points := make(plotter.XYs, len(xy))
	shades := make([]color.Color, len(xy))
	for i, row := range best {
		points[i] = plotter.XY{X: xy[row][0], Y: xy[row][1]}
		if shades[i], err = colours.At(-float64(ranks[row])); err != nil {
			return nil, nil, err
		}
	}
	dot := draw.GlyphStyle{Shape: draw.CircleGlyph{}, Radius: 0.9}
	if len(xy) < 2000 {
		dot.Radius = 2.2
	}
	p := newPlot(axes[0], axes[1])
	p.Add(&plotter.Scatter{XYs: points, GlyphStyleFunc: func(i int) draw.GlyphStyle {
		style := dot
		style.Color = shades[i]
		return style
	}})

	var legend []entry
	for i, mark := range l.Marks {
		points := make(plotter.XYs, len(mark.Rows))
		for j, row := range mark.Rows {
			points[j] = plotter.XY{X: xy[row][0], Y: xy[row][1]}
		}
		style := markStyles[i%len(markStyles)]
		thumbs := []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: style}}
		if mark.Joined {
			path := line(points, draw.LineStyle{Color: style.Color, Width: lineWidth})
			p.Add(path)
			thumbs = slices.Insert(thumbs, 0, plot.Thumbnailer(path))
		}
		p.Add(&plotter.Scatter{XYs: points, GlyphStyle: style})
		legend = append(legend, entry{mark.Name, thumbs})
	}
	return p, legend, nil
}

func (l Latents) check() error {
	n := len(l.Points)
	if len(l.Accuracy) != n {
		return fmt.Errorf("%d accuracies for %d points", len(l.Accuracy), n)
	}
	if l.Names != nil && len(l.Names) != n {
		return fmt.Errorf("%d names for %d points", len(l.Names), n)
	}
	for _, mark := range l.Marks {
		for _, row := range mark.Rows {
			if row < 0 || row >= n {
				return fmt.Errorf("mark %q: row %d, want 0 to %d", mark.Name, row, n-1)
			}
		}
	}
	return checkFinite("accuracy", l.Accuracy)
}

// rank returns the rank of every accuracy, 1 for the best, and the rows in order of rank.
func rank(accuracy []float64) (ranks, rows []int) {
	rows = make([]int, len(accuracy))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(accuracy[b], accuracy[a]) })
	ranks = make([]int, len(accuracy))
	for i, row := range rows {
		ranks[row] = i + 1
		if i > 0 && accuracy[row] == accuracy[rows[i-1]] {
			ranks[row] = ranks[rows[i-1]]
		}
	}
	return ranks, rows
}

// rankColours maps minus the rank, -n to -1, to a colour: the best rank is the darkest.
func rankColours(n int) palette.ColorMap {
	return palette.Reverse(viridis(-float64(n), -1))
}

// rankBar is the scale of ranks, best on top.
func rankBar(colours palette.ColorMap, n int) colourBar {
	ticks := []plot.Tick{{Value: -1, Label: "1"}, {Value: -float64(n), Label: number(float64(n), 0)}}
	for _, t := range (linearTicks{}).Ticks(1, float64(n)) {
		if t.Value > 0.08*float64(n) && t.Value < 0.92*float64(n) {
			ticks = append(ticks, plot.Tick{Value: -t.Value, Label: t.Label})
		}
	}
	return colourBar{"accuracy rank (1 = best)", colours, ticks}
}

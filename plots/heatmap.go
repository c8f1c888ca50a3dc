package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Similarities is one panel of a [SimilarityHeatMap]: the cosine similarities of the latents of two
// groups.
type Similarities struct {
	Title         string
	Rows, Columns string // name the groups, such as "best cells, by rank"

	// Values[i][j] is the similarity, -1 to 1, of the i-th latent of the group Rows and the j-th of
	// the group Columns. All rows have one length.
	Values [][]float64
}

// SimilarityHeatMapOptions are the options of [SimilarityHeatMap].
type SimilarityHeatMapOptions struct {
	Title string
}

// SimilarityHeatMap draws matrices of cosine similarities, the first row on top. Colours run from
// blue at -1 through grey at 0 to red at 1 in all pictures, so that they compare. Panels, such as
// best and best, best and worst, worst and worst, stand side by side. Figure 5 of the paper is such
// a picture.
//
// The error says that there are no panels, or which one has no rows, rows of different lengths, or
// a value that is not from -1 to 1.
func SimilarityHeatMap(panels []Similarities, o SimilarityHeatMapOptions) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("similarity heat map: no panels")
	}
	// Moreland, "Diverging Color Maps for Scientific Visualization" (2009).
	colours := moreland.SmoothBlueRed()
	colours.SetMin(-1)
	colours.SetMax(1)
	fig := figure{title: o.Title, height: []vg.Length{0, 440, 270, 190}[min(len(panels), 3)]}
	var plots []*plot.Plot
	for i, panel := range panels {
		p, err := panel.plot(colours)
		if err != nil {
			return nil, fmt.Errorf("similarity heat map: panel %d (%q): %w", i, panel.Title, err)
		}
		plots = append(plots, p)
		fig.titles = append(fig.titles, panel.Title)
	}
	if o.Title != "" {
		fig.height += 20
	}
	return fig.renderWithBar(plots, colourBar{
		name:    "cosine similarity",
		colours: colours,
		ticks:   linearTicks{}.Ticks(-1, 1),
	})
}

func (s Similarities) plot(colours palette.ColorMap) (*plot.Plot, error) {
	rows := len(s.Values)
	if rows == 0 {
		return nil, errors.New("no rows")
	}
	columns := len(s.Values[0])
	area := tiles{columns: columns, rows: rows, x: 0.5, y: 0.5, dx: 1, dy: 1}
	for i, row := range s.Values {
		if len(row) != columns {
			return nil, fmt.Errorf("row %d has %d values, row 0 has %d", i, len(row), columns)
		}
		if err := checkFinite(fmt.Sprintf("Values[%d]", i), row); err != nil {
			return nil, err
		}
		for j, v := range row {
			if math.Abs(v) > 1+1e-6 {
				return nil, fmt.Errorf("Values[%d][%d] is %v, but a cosine lies between -1 and 1", i, j, v)
			}
			shade, err := colours.At(math.Max(-1, math.Min(1, v)))
			if err != nil {
				return nil, err
			}
			area.shades = append(area.shades, shade)
		}
	}
	p := newPlot(s.Columns, s.Rows)
	p.X.Padding, p.Y.Padding = 0, 0
	p.Y.Scale = plot.InvertedScale{Normalizer: plot.LinearScale{}}
	p.X.Tick.Marker, p.Y.Tick.Marker = countTicks{}, countTicks{}
	p.Add(area)
	return p, nil
}

// tiles is a plotter for a grid of rectangles, row by row. The first has its lower left corner at
// (x, y), and each is dx by dy. One without a shade is left out.
type tiles struct {
	columns, rows int
	x, y, dx, dy  float64
	shades        []color.Color
}

// Plot implements plot.Plotter. The borders of tiles lie between pixels, so that no seam shows.
func (t tiles) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	snap := func(x vg.Length) vg.Length { return vg.Length(math.Round(float64(x)*dpi/72)) * 72 / dpi }
	for i, shade := range t.shades {
		if shade == nil {
			continue
		}
		column, row := float64(i%t.columns), float64(i/t.columns)
		left, right := snap(toX(t.x+column*t.dx)), snap(toX(t.x+(column+1)*t.dx))
		bottom, top := snap(toY(t.y+row*t.dy)), snap(toY(t.y+(row+1)*t.dy))
		c.FillPolygon(shade, []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
	}
}

// DataRange implements plot.DataRanger.
func (t tiles) DataRange() (xmin, xmax, ymin, ymax float64) {
	return t.x, t.x + float64(t.columns)*t.dx, t.y, t.y + float64(t.rows)*t.dy
}

// countTicks marks whole numbers: 1 and those of linearTicks.
type countTicks struct{}

// Ticks implements plot.Ticker.
func (countTicks) Ticks(min, max float64) []plot.Tick {
	ticks := []plot.Tick{{Value: 1, Label: "1"}}
	for _, t := range (linearTicks{}).Ticks(min, max) {
		if t.Value == math.Round(t.Value) && t.Value > 1 {
			ticks = append(ticks, t)
		}
	}
	return ticks
}

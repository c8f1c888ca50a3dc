package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Prediction is one group of architectures in a [PredictedVsTrue], drawn in one colour. Its name
// stands in the legend, where there is room for a number such as Kendall's tau.
type Prediction struct {
	Name      string
	True      []float64 // measured accuracies in percent, one per architecture
	Predicted []float64 // predicted accuracies in percent, one per architecture
}

// PredictedVsTrueOptions are the options of [PredictedVsTrue].
type PredictedVsTrueOptions struct {
	Title string
}

// PredictedVsTrue draws predicted against measured accuracies, and the line on which a perfect
// prediction lies. Later groups lie over earlier ones.
//
// The error says that there are no groups, or which one has no accuracies, another number of
// measured than of predicted ones, or a value that is not finite.
func PredictedVsTrue(groups []Prediction, o PredictedVsTrueOptions) ([]byte, error) {
	if len(groups) == 0 {
		return nil, errors.New("predicted versus true: no groups")
	}
	p := newPlot("measured accuracy (%)", "predicted accuracy (%)")
	fig := figure{title: o.Title, height: 420}
	for i, g := range groups {
		if len(g.True) != len(g.Predicted) {
			return nil, fmt.Errorf("predicted versus true: %q: %d measured and %d predicted accuracies", g.Name, len(g.True), len(g.Predicted))
		}
		if err := checkFinite("True", g.True); err != nil {
			return nil, fmt.Errorf("predicted versus true: %q: %w", g.Name, err)
		}
		if err := checkFinite("Predicted", g.Predicted); err != nil {
			return nil, fmt.Errorf("predicted versus true: %q: %w", g.Name, err)
		}
		points := make(plotter.XYs, len(g.True))
		for j := range points {
			points[j] = plotter.XY{X: g.True[j], Y: g.Predicted[j]}
		}
		// Many points are drawn small and transparent, so that their density shows.
		n := float64(len(points))
		style := draw.GlyphStyle{
			Shape:  draw.CircleGlyph{},
			Color:  faded(category(i), math.Min(0.8, math.Max(0.15, 16/math.Sqrt(n)))),
			Radius: vg.Length(math.Min(2.6, math.Max(1.2, 40/math.Sqrt(n)))),
		}
		p.Add(&plotter.Scatter{XYs: points, GlyphStyle: style})
		style.Color, style.Radius = category(i), 3
		fig.legend = append(fig.legend, entry{g.Name, []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: style}}})
	}
	low, high := math.Max(p.X.Min, p.Y.Min), math.Min(p.X.Max, p.Y.Max)
	if low < high {
		perfect := line(plotter.XYs{{X: low, Y: low}, {X: high, Y: high}},
			draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{5, 3}})
		p.Add(perfect)
		fig.legend = append(fig.legend, entry{"predicted = measured", []plot.Thumbnailer{perfect}})
	}
	return fig.render(p)
}

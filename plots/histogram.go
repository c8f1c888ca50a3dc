package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Sample is one group of values in a [Distribution].
type Sample struct {
	Name   string
	Values []float64 // by default, validation accuracies in percent
}

// Distribution is one panel of a [Histogram].
type Distribution struct {
	Title   string
	Samples []Sample
}

// HistogramOptions are the options of [Histogram].
type HistogramOptions struct {
	Title  string
	XLabel string // names the x axis; by default validation accuracy in percent
}

// bins is the number of bins of a [Histogram], over the range of all its values.
const bins = 40

// Histogram shows how values are distributed: for each bin, the share of a sample's values in it,
// in percent. Samples of a panel lie over each other. Panels stand side by side, and have the same
// bins and axes. Samples of the same name have the colour of the first.
//
// The error says that there are no panels, or which one has no samples, or which sample has no
// values or a value that is not finite.
func Histogram(panels []Distribution, o HistogramOptions) ([]byte, error) {
	if len(panels) == 0 {
		return nil, errors.New("histogram: no panels")
	}
	low, high, err := rangeOf(panels)
	if err != nil {
		return nil, fmt.Errorf("histogram: %w", err)
	}
	xLabel, yLabel := "validation accuracy (%)", "share of values (%)"
	if o.XLabel != "" {
		xLabel = o.XLabel
	}
	fig, highest := figure{title: o.Title, height: height}, 0.0
	var names []string
	var plots []*plot.Plot
	for _, panel := range panels {
		p := newPlot(xLabel, yLabel)
		if len(panels) > 2 {
			p.X.Tick.Marker = everySecond{linearTicks{}}
		}
		yLabel = ""
		for _, sample := range panel.Samples {
			if !slices.Contains(names, sample.Name) {
				names = append(names, sample.Name)
				colour := category(len(names) - 1)
				fig.legend = append(fig.legend, entry{sample.Name, []plot.Thumbnailer{bars(nil, colour)}})
			}
			outline, most := sample.outline(low, high)
			p.Add(bars(outline, category(slices.Index(names, sample.Name))))
			highest = max(highest, most)
		}
		plots, fig.titles = append(plots, p), append(fig.titles, panel.Title)
	}
	for _, p := range plots {
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = low, high, 0, 1.03*highest
	}
	return fig.render(plots...)
}

// everySecond labels every second tick, where there is no room for all labels.
type everySecond struct{ plot.Ticker }

func (t everySecond) Ticks(min, max float64) []plot.Tick {
	ticks := t.Ticker.Ticks(min, max)
	for i := 1; i < len(ticks); i += 2 {
		ticks[i].Label = ""
	}
	return ticks
}

// rangeOf is the range of all values.
func rangeOf(panels []Distribution) (low, high float64, err error) {
	low, high = math.Inf(1), math.Inf(-1)
	for i, panel := range panels {
		if len(panel.Samples) == 0 {
			return 0, 0, fmt.Errorf("panel %d (%q) has no samples", i, panel.Title)
		}
		for _, sample := range panel.Samples {
			if err := checkFinite("Values", sample.Values); err != nil {
				return 0, 0, fmt.Errorf("panel %d (%q), %q: %w", i, panel.Title, sample.Name, err)
			}
			low, high = min(low, slices.Min(sample.Values)), max(high, slices.Max(sample.Values))
		}
	}
	low, high = widened(low, high, 0)
	return low, high, nil
}

// outline returns the corners of the bars of a sample, and the height of the highest one.
func (s Sample) outline(low, high float64) (corners plotter.XYs, highest float64) {
	var shares [bins]float64
	for _, v := range s.Values {
		bin := min(int(bins*(v-low)/(high-low)), bins-1)
		shares[bin] += 100 / float64(len(s.Values))
	}
	left := func(bin int) float64 { return low + float64(bin)*(high-low)/bins }
	corners = append(corners, plotter.XY{X: low})
	for bin, share := range shares {
		corners = append(corners, plotter.XY{X: left(bin), Y: share}, plotter.XY{X: left(bin + 1), Y: share})
		highest = max(highest, share)
	}
	return append(corners, plotter.XY{X: high}), highest
}

// bars are the bars of a sample, through which others can be seen.
func bars(outline plotter.XYs, colour color.NRGBA) *plotter.Polygon {
	return &plotter.Polygon{
		XYs:       []plotter.XYs{outline},
		Color:     faded(colour, 0.35),
		LineStyle: draw.LineStyle{Color: colour, Width: 1},
	}
}

package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// Loss is one series of a [LossCurve].
type Loss struct {
	Name string
	Y    []float64 // Y[i] is the loss, above 0, after epoch i+1
}

// LossCurveOptions are the options of [LossCurve].
type LossCurveOptions struct {
	Title  string
	YLabel string // names the y axis; by default "training loss"
}

// LossCurve draws losses against epochs, on a logarithmic axis.
//
// The error says that there are no losses, or which one has no values, or a value that is not
// finite or not positive.
func LossCurve(losses []Loss, o LossCurveOptions) ([]byte, error) {
	if len(losses) == 0 {
		return nil, errors.New("loss curve: no losses")
	}
	label := "training loss"
	if o.YLabel != "" {
		label = o.YLabel
	}
	p := newPlot("epoch", label)
	fig := figure{title: o.Title, height: height}
	low, high := math.Inf(1), 0.0
	for i, loss := range losses {
		if err := checkFinite("Y", loss.Y); err != nil {
			return nil, fmt.Errorf("loss curve: %q: %w", loss.Name, err)
		}
		points := make(plotter.XYs, len(loss.Y))
		for j, y := range loss.Y {
			if y <= 0 {
				return nil, fmt.Errorf("loss curve: %q: Y[%d] is %v, but a logarithmic axis needs positive losses",
					loss.Name, j, y)
			}
			points[j] = plotter.XY{X: float64(j + 1), Y: math.Log10(y)}
			low, high = math.Min(low, y), math.Max(high, y)
		}
		l := line(points, curveStyle(i))
		p.Add(l)
		fig.legend = append(fig.legend, entry{loss.Name, []plot.Thumbnailer{l}})
	}
	p.X.Min = 0
	low, high = logRange(low, high)
	logY(p, low, high)
	return fig.render(p)
}

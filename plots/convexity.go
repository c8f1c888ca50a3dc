package plots

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Profile is one panel of a [ConvexityProfile]: a function, by default an accuracy in percent,
// along straight segments between pairs of latents a and b.
type Profile struct {
	Title string

	// Values has one row per segment, with the function at equally spaced positions a + t (b - a),
	// from t = 0 to t = 1. All rows have one length, at least three.
	Values [][]float64
}

// ConvexityProfileOptions are the options of [ConvexityProfile].
type ConvexityProfileOptions struct {
	Title  string
	YLabel string // names the y axis; by default accuracy above chord, in percentage points
}

// ConvexityProfile shows whether functions are convex or concave. A thin line for each segment
// shows how far the function lies above the chord that joins the segment's ends,
//
//	g(t) = f(a + t (b - a)) - (1-t) f(a) - t f(b),
//
// so that all chords are one line, zero. A concave function, such as the performance model P = 1 -
// f of the paper, is nowhere below that line, and a convex one nowhere above it. The bold line is
// the mean of the segments. Panels, such as the model and the measured accuracy, stand side by
// side, each with a y axis of its own.
//
// The error says that there are no profiles, or which one has no segments, segments of fewer than
// three values or of different lengths, or a value that is not finite.
func ConvexityProfile(profiles []Profile, o ConvexityProfileOptions) ([]byte, error) {
	if len(profiles) == 0 {
		return nil, errors.New("convexity profile: no profiles")
	}
	label := "accuracy above chord (percentage points)"
	if o.YLabel != "" {
		label = o.YLabel
	}
	fig := figure{title: o.Title, height: height}
	var plots []*plot.Plot
	for i, profile := range profiles {
		if err := profile.check(); err != nil {
			return nil, fmt.Errorf("convexity profile: panel %d (%q): %w", i, profile.Title, err)
		}
		p := newPlot("position t on the segment", label)
		segment, mean, chord := profile.addTo(p)
		plots = append(plots, p)
		fig.titles = append(fig.titles, profile.Title)
		label = ""
		fig.legend = []entry{
			{"one segment", []plot.Thumbnailer{segment}},
			{"mean of the segments", []plot.Thumbnailer{mean}},
			{"chord", []plot.Thumbnailer{chord}},
		}
	}
	return fig.render(plots...)
}

func (profile Profile) check() error {
	if len(profile.Values) == 0 {
		return errors.New("no segments")
	}
	for s, values := range profile.Values {
		if len(values) != len(profile.Values[0]) || len(values) < 3 {
			return fmt.Errorf("segment %d has %d values, segment 0 has %d: want as many, and at least 3",
				s, len(values), len(profile.Values[0]))
		}
		if err := checkFinite(fmt.Sprintf("Values[%d]", s), values); err != nil {
			return err
		}
	}
	return nil
}

// addTo draws the profile on p and returns a line of each kind for the legend.
func (profile Profile) addTo(p *plot.Plot) (segment, mean, chord *plotter.Line) {
	zero := plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}}
	chord = line(zero, draw.LineStyle{Color: ink, Width: 1.2, Dashes: []vg.Length{5, 3}})

	steps := len(profile.Values[0]) - 1
	average := make(plotter.XYs, steps+1)
	thin := draw.LineStyle{Color: faded(categories[5], 0.5), Width: thinWidth}
	for _, values := range profile.Values {
		gap := make(plotter.XYs, steps+1)
		for i, v := range values {
			t := float64(i) / float64(steps)
			gap[i] = plotter.XY{X: t, Y: v - (1-t)*values[0] - t*values[steps]}
			average[i].X = t
			average[i].Y += gap[i].Y / float64(len(profile.Values))
		}
		segment = line(gap, thin)
		p.Add(segment)
	}
	mean = line(average, draw.LineStyle{Color: categories[0], Width: 2.4})
	p.Add(mean, chord)
	return segment, mean, chord
}

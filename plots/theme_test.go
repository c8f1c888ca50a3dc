package plots

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestRank(t *testing.T) {
	ranks, rows := rank([]float64{90, 94, 91, 94, 10})
	if want := []int{4, 1, 3, 1, 5}; !slices.Equal(ranks, want) {
		t.Errorf("ranks %v, want %v", ranks, want)
	}
	if want := []int{1, 3, 2, 0, 4}; !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
}

// The colours of viridis as matplotlib publishes them, at eighths of its range and between.
func TestViridis(t *testing.T) {
	colours := viridis(0, 255)
	for _, test := range []struct {
		at      float64
		r, g, b float64
	}{
		{0, 68, 1, 84}, {32, 71, 45, 123}, {64, 59, 82, 139}, {96, 44, 114, 142}, {128, 33, 145, 140},
		{160, 40, 174, 128}, {192, 94, 201, 98}, {224, 173, 220, 48}, {255, 253, 231, 37},
	} {
		c, err := colours.At(test.at)
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := c.RGBA()
		for i, pair := range [][2]float64{{float64(r) / 257, test.r}, {float64(g) / 257, test.g}, {float64(b) / 257, test.b}} {
			if math.Abs(pair[0]-pair[1]) > 12 {
				t.Errorf("channel %d at %g is %.0f, want %.0f", i, test.at, pair[0], pair[1])
			}
		}
	}
}

// Fourteen methods must differ in colour or dashes: four in colour and ten in grey.
func TestCurveStylesDiffer(t *testing.T) {
	seen := map[string]int{}
	for i := range 14 {
		style := curveStyle(i)
		if i >= maxColours {
			style = greyStyle(i - maxColours)
		}
		look := fmt.Sprint(style.Color, style.Dashes)
		if j, ok := seen[look]; ok {
			t.Errorf("curves %d and %d both are %s", j, i, look)
		}
		seen[look] = i
	}
}

func TestTicks(t *testing.T) {
	labels := func(min, max float64) (labels []string) {
		for _, tick := range (linearTicks{}).Ticks(min, max) {
			labels = append(labels, tick.Label)
		}
		return labels
	}
	logLabels := func(low, high float64) (labels []string) {
		min, max := logRange(low, high)
		for _, tick := range (logTicks{}).Ticks(math.Log10(min), math.Log10(max)) {
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		return labels
	}
	for _, test := range []struct{ got, want []string }{
		{labels(0, 200), []string{"0", "50", "100", "150", "200"}},
		{labels(91.13, 91.62), []string{"91.2", "91.3", "91.4", "91.5", "91.6"}},
		{labels(-1.5, 1.5), []string{"\u22121.5", "\u22121.0", "\u22120.5", "0.0", "0.5", "1.0", "1.5"}},
		{labels(0, 15625), []string{"0", "2,000", "4,000", "6,000", "8,000", "10,000", "12,000", "14,000"}},
		{logLabels(0.03, 8), []string{"0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10"}},
		{logLabels(0.31, 0.33), []string{"0.2", "0.5"}},
		{logLabels(1, 1), []string{"1", "2"}},
		{logLabels(0.001, 20), []string{"0.001", "0.01", "0.1", "1", "10"}},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// Arcs of NAS-Bench-201 leave all crossings out: two cross if they lie on one side and interleave.
func TestArcsOfNASBench201DoNotCross(t *testing.T) {
	cell := Cell{Nodes: []string{"0", "1", "2", "3"}}
	for to := range 4 {
		for from := range to {
			cell.Edges = append(cell.Edges, Edge{From: from, To: to, Label: "nor_conv_3x3"})
		}
	}
	d := newDrawing(cell, CellGraphOptions{})
	for _, a := range d.arcs {
		if (a.level == 0) != (a.To-a.From == 1) {
			t.Errorf("edge %d to %d has level %d", a.From, a.To, a.level)
		}
		for _, b := range d.arcs {
			if a.level*b.level > 0 && a.From < b.From && b.From < a.To && a.To < b.To {
				t.Errorf("edges %v and %v cross", a.Edge, b.Edge)
			}
		}
	}
	placed := d.labels()
	for i := range placed {
		if n := d.meets(placed[i], placed[:i]); n != 0 {
			t.Errorf("label %d covers something (%d)", i, n)
		}
	}
}

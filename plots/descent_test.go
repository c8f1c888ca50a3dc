package plots_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
)

func init() {
	pictures["descent"] = func() ([]byte, error) {
		bowl := landscape("a bowl", func(x, y float64) float64 { return x*x + 2*y*y })
		waves := landscape("waves", func(x, y float64) float64 { return x*x + 2*y*y + 3*math.Sin(3*x)*math.Cos(2*y) })
		bowl.Points = plots.Grid(-1.8, 1.8, 7)
		return plots.Descent([]plots.Contour{bowl, waves}, plots.DescentOptions{Title: "Two functions"})
	}
}

func landscape(title string, f func(x, y float64) float64) plots.Contour {
	l := plots.Contour{Title: title, Low: -2, High: 2}
	for _, p := range plots.Grid(-2, 2, 41) {
		l.Values = append(l.Values, f(p[0], p[1]))
	}
	for _, start := range [][]float64{{-1.5, -1.5}, {1.5, 1}, {-1, 1.7}} {
		path := [][]float64{start}
		for range 60 {
			x, y := path[len(path)-1][0], path[len(path)-1][1]
			const h, rate = 1e-5, 0.03
			path = append(path, []float64{
				x - rate*(f(x+h, y)-f(x-h, y))/(2*h),
				y - rate*(f(x, y+h)-f(x, y-h))/(2*h),
			})
		}
		l.Paths = append(l.Paths, path)
	}
	return l
}

func TestGridByHand(t *testing.T) {
	want := [][]float64{{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {0, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}}
	if got := plots.Grid(-1, 1, 3); !slices.EqualFunc(got, want, slices.Equal[[]float64]) {
		t.Errorf("grid %v, want %v", got, want)
	}
}

func TestBadDescent(t *testing.T) {
	values := []float64{1, 2, 3, 4}
	for want, panels := range map[string][]plots.Contour{
		"no panels":                        nil,
		"3 values, want the square":        {{High: 1, Values: values[:3]}},
		"from 1 to 1":                      {{Low: 1, High: 1, Values: values}},
		"path 0 has no points":             {{High: 1, Values: values, Paths: [][][]float64{nil}}},
		"number 1 of its list, is [0 0 0]": {{High: 1, Values: values, Paths: [][][]float64{{{0, 0}, {0, 0, 0}}}}},
		"number 0 of its list, is [0 NaN]": {{High: 1, Values: values, Paths: [][][]float64{{{0, math.NaN()}}}}},
		"number 0 of its list, is [1]":     {{High: 1, Values: values, Points: [][]float64{{1}}}},
		`panel 0 ("x"): Values[0] is +Inf`: {{Title: "x", High: 1, Values: []float64{math.Inf(1), 0, 0, 0}}},
	} {
		if _, err := plots.Descent(panels, plots.DescentOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

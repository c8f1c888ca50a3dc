package plots

import (
	"bytes"
	"slices"
	"testing"
)

// Which curves are in colour, and in which order curves are listed and drawn.
func TestHighlight(t *testing.T) {
	curves := []Curve{
		{Name: "a", Y: []float64{3, 1}, Low: []float64{3, 1}, High: []float64{3, 1}},
		{Name: "b", Y: []float64{4, 2, 0}},
		{Name: "c", Y: []float64{2, 0, 0}},
		{Name: "d", Y: []float64{9, 5, 5}},
		{Name: "e", Y: []float64{9, 4, 4}},
		{Name: "f", Y: []float64{9, 9, 9}},
	}
	for name, test := range map[string]struct {
		curves []Curve
		o      SearchCurveOptions
		// The curves in the order of the legend, and how many of them are in colour.
		want    string
		colours int
		behind  string // the curve farthest back
	}{
		"few":                  {curves[:4], SearchCurveOptions{}, "abcd", 4, "a"},
		"accuracies":           {curves, SearchCurveOptions{}, "fdeabc", 4, "c"},
		"regrets, two at zero": {curves, SearchCurveOptions{Regret: true}, "cbaedf", 4, "f"},
		"chosen":               {curves, SearchCurveOptions{Highlight: []string{"d", "a"}}, "dabcef", 2, "f"},
		"chosen of few":        {curves[:3], SearchCurveOptions{Highlight: []string{"b"}}, "bac", 1, "c"},
		"none":                 {curves[:3], SearchCurveOptions{Highlight: []string{}}, "abc", 0, "c"},
	} {
		s, err := newSearchPicture(test.curves, test.o)
		if err != nil {
			t.Fatal(err)
		}
		listed, colours := "", 0
		for _, c := range s.listed {
			listed += c.Name
			if slices.Contains(categories, c.colour) {
				colours++
			} else if c.Low != nil || c.High != nil {
				t.Errorf("%s: %s is grey and has a band", name, c.Name)
			}
		}
		if listed != test.want || colours != test.colours || s.drawn[0].Name != test.behind {
			t.Errorf("%s: listed %s, the first %d in colour, %s at the back; want %s, %d, %s",
				name, listed, colours, s.drawn[0].Name, test.want, test.colours, test.behind)
		}
	}
}

// The legend does not explain a band where there is none, as with searches of one seed.
func TestNoBandNoLegend(t *testing.T) {
	curves := []Curve{{Name: "one seed", Y: []float64{1, 2, 3}}}
	want, err := SearchCurve(curves, SearchCurveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := SearchCurve(curves, SearchCurveOptions{Band: "95 % interval of the mean"})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the legend has a band that nobody sees")
	}
}

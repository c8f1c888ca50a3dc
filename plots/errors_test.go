package plots_test

import (
	"math"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
)

// Bad input gives one line that names what is wrong, and no picture.
func TestBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	scatter := func(panels ...plots.Latents) func() ([]byte, error) {
		return func() ([]byte, error) { return plots.LatentScatter(panels, plots.LatentScatterOptions{}) }
	}
	search := func(o plots.SearchCurveOptions, curves ...plots.Curve) func() ([]byte, error) {
		return func() ([]byte, error) { return plots.SearchCurve(curves, o) }
	}
	cell := func(nodes []string, edges ...plots.Edge) func() ([]byte, error) {
		return func() ([]byte, error) {
			return plots.CellGraph(plots.Cell{Nodes: nodes, Edges: edges}, plots.CellGraphOptions{})
		}
	}
	profile := func(values ...[]float64) func() ([]byte, error) {
		return func() ([]byte, error) {
			return plots.ConvexityProfile([]plots.Profile{{Title: "model", Values: values}}, plots.ConvexityProfileOptions{})
		}
	}
	predicted := func(groups ...plots.Prediction) func() ([]byte, error) {
		return func() ([]byte, error) { return plots.PredictedVsTrue(groups, plots.PredictedVsTrueOptions{}) }
	}
	losses := func(losses ...plots.Loss) func() ([]byte, error) {
		return func() ([]byte, error) { return plots.LossCurve(losses, plots.LossCurveOptions{}) }
	}
	good := [][]float64{{1, 2}, {3, 5}}
	nodes := []string{"in", "1", "out"}

	for _, test := range []struct {
		name string
		draw func() ([]byte, error)
		want string
	}{
		{"no panels", scatter(), "no panels"},
		{"no latents", scatter(plots.Latents{}), "0 latents"},
		{"empty latent", scatter(plots.Latents{Points: [][]float64{{}, {}}}), "latents[0] is empty"},
		{"ragged latents", scatter(plots.Latents{Points: [][]float64{{1, 2}, {1}}}), "latents[1] has 1 dimensions"},
		{"NaN latent", scatter(plots.Latents{Points: [][]float64{{1, 2}, {1, nan}}}), "latents[1][1] is NaN"},
		{"collapsed latents", scatter(plots.Latents{Points: [][]float64{{0.1, 2}, {0.1, 2}, {0.1, 2}}}), "all latents are equal"},
		{"accuracies missing", scatter(plots.Latents{Points: good, Accuracy: []float64{1}}), "1 accuracies for 2 points"},
		{"infinite accuracy", scatter(plots.Latents{Points: good, Accuracy: []float64{1, inf}}), "accuracy[1] is +Inf"},
		{"mark outside", scatter(plots.Latents{Points: good, Accuracy: []float64{1, 2},
			Marks: []plots.Mark{{Name: "best", Rows: []int{2}}}}), `mark "best": row 2, want 0 to 1`},
		{"panels differ", scatter(plots.Latents{Points: good, Accuracy: []float64{1, 2}}, plots.Latents{}), "panel 1 has 0 points"},

		{"no curves", search(plots.SearchCurveOptions{}), "no curves"},
		{"empty curve", search(plots.SearchCurveOptions{}, plots.Curve{Name: "random"}), `"random": Y: no values`},
		{"NaN curve", search(plots.SearchCurveOptions{}, plots.Curve{Name: "random", Y: []float64{1, nan}}), `"random": Y[1] is NaN`},
		{"half a band", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1, 2}, Low: []float64{1, 2}}), "High 0"},
		{"band beside curve", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{2}, High: []float64{3}}), "want 2 <= 1 <= 3"},
		{"NaN band", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{nan}, High: []float64{3}}), "want NaN <= 1"},
		{"infinite band", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{0}, High: []float64{inf}}), "all finite"},
		{"negative regret", search(plots.SearchCurveOptions{Regret: true}, plots.Curve{Y: []float64{-1}}), "a regret is not negative"},
		{"initial set too large", search(plots.SearchCurveOptions{Initial: 3}, plots.Curve{Y: []float64{1, 2}}), "ends at query 3, want 0 to 2"},
		{"NaN optimum", search(plots.SearchCurveOptions{Optimum: nan}, plots.Curve{Y: []float64{1, 2}}), "optimum"},

		{"no nodes", cell(nil), "0 nodes"},
		{"no edges", cell(nodes), "no edges"},
		{"edge backwards", cell(nodes, plots.Edge{From: 2, To: 1}), "edge 0 goes from node 2 to 1"},
		{"edge to nowhere", cell(nodes, plots.Edge{From: 0, To: 3}), "edge 0 goes from node 0 to 3"},
		{"edge twice", cell(nodes, plots.Edge{From: 0, To: 1}, plots.Edge{From: 0, To: 1}), "a second edge from node 0 to 1"},

		{"no segments", profile(), `"model"): no segments`},
		{"ragged segments", profile([]float64{1, 2, 3}, []float64{1, 2}), "segment 1 has 2 values"},
		{"short segments", profile([]float64{1, 2}), "at least 3"},
		{"infinite segment", profile([]float64{1, inf, 2}), "Values[0][1] is +Inf"},

		{"no groups", predicted(), "no groups"},
		{"empty group", predicted(plots.Prediction{Name: "all"}), `"all": True: no values`},
		{"predictions missing", predicted(plots.Prediction{Name: "all", True: []float64{1}}), "1 measured and 0 predicted"},
		{"NaN prediction", predicted(plots.Prediction{True: []float64{1}, Predicted: []float64{nan}}), "Predicted[0] is NaN"},

		{"no losses", losses(), "no losses"},
		{"empty loss", losses(plots.Loss{Name: "KL"}), `"KL": Y: no values`},
		{"zero loss", losses(plots.Loss{Name: "KL", Y: []float64{1, 0}}), `"KL": Y[1] is 0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := test.draw()
			if err == nil {
				t.Fatalf("no error, want one with %q", test.want)
			}
			if b != nil {
				t.Error("an error and a picture")
			}
			if s := err.Error(); !strings.Contains(s, test.want) || strings.Contains(s, "\n") {
				t.Errorf("got %q, want one line with %q", s, test.want)
			}
		})
	}
}

// Input that is unusual, but can be drawn.
func TestEdgeCases(t *testing.T) {
	for name, draw := range map[string]func() ([]byte, error){
		"all accuracies equal": func() ([]byte, error) {
			return plots.LatentScatter([]plots.Latents{{Points: [][]float64{{1}, {2}, {3}}, Accuracy: []float64{5, 5, 5}}},
				plots.LatentScatterOptions{})
		},
		"nothing queried yet": func() ([]byte, error) {
			return plots.LatentScatter([]plots.Latents{{Points: [][]float64{{1}, {2}}, Accuracy: []float64{5, 6},
				Marks: []plots.Mark{{Name: "queried", Joined: true}}}}, plots.LatentScatterOptions{})
		},
		"one query": func() ([]byte, error) {
			return plots.SearchCurve([]plots.Curve{{Y: []float64{90}}}, plots.SearchCurveOptions{})
		},
		"no regret at all": func() ([]byte, error) {
			return plots.SearchCurve([]plots.Curve{{Y: []float64{0, 0}}}, plots.SearchCurveOptions{Regret: true})
		},
		"flat curve at the optimum": func() ([]byte, error) {
			return plots.SearchCurve([]plots.Curve{{Y: []float64{90, 90}}}, plots.SearchCurveOptions{Optimum: 90})
		},
		"one epoch": func() ([]byte, error) {
			return plots.LossCurve([]plots.Loss{{Y: []float64{0.3}}}, plots.LossCurveOptions{})
		},
		"one prediction": func() ([]byte, error) {
			return plots.PredictedVsTrue([]plots.Prediction{{True: []float64{90}, Predicted: []float64{80}}}, plots.PredictedVsTrueOptions{})
		},
		"straight segments": func() ([]byte, error) {
			return plots.ConvexityProfile([]plots.Profile{{Values: [][]float64{{1, 2, 3}}}}, plots.ConvexityProfileOptions{})
		},
		"a node without operation": func() ([]byte, error) {
			return plots.CellGraph(plots.Cell{Nodes: []string{"in", "none", "out"}, Edges: []plots.Edge{{From: 0, To: 2}}},
				plots.CellGraphOptions{})
		},
		"only none, left out": func() ([]byte, error) {
			return plots.CellGraph(plots.Cell{Nodes: []string{"in", "out"}, Edges: []plots.Edge{{From: 0, To: 1, Label: "none"}}},
				plots.CellGraphOptions{HideNone: true})
		},
	} {
		if b, err := draw(); err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, error %v", name, len(b), err)
		}
	}
}

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
	heat := func(values ...[]float64) func() ([]byte, error) {
		return func() ([]byte, error) {
			return plots.SimilarityHeatMap([]plots.Similarities{{Title: "top", Values: values}}, plots.SimilarityHeatMapOptions{})
		}
	}
	surface := func(o plots.AccuracySurfaceOptions, panels ...plots.Surface) func() ([]byte, error) {
		return func() ([]byte, error) { return plots.AccuracySurface(panels, o) }
	}
	pareto := func(low float64, methods ...plots.Tradeoff) func() ([]byte, error) {
		return func() ([]byte, error) { return plots.ParetoFront(methods, plots.ParetoFrontOptions{Low: low}) }
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

		{"names missing", scatter(plots.Latents{Points: good, Accuracy: []float64{1, 2}, Names: []string{"a"}}), "1 names for 2 points"},

		{"no similarities", heat(), `"top"): no rows`},
		{"empty row", heat(nil), "Values[0]: no values"},
		{"ragged similarities", heat([]float64{0, 1}, []float64{1}), "row 1 has 1 values, row 0 has 2"},
		{"similarity above 1", heat([]float64{0, 1.1}), "Values[0][1] is 1.1"},
		{"similarity to zero", heat([]float64{nan}), "Values[0][0] is NaN"},

		{"no surfaces", surface(plots.AccuracySurfaceOptions{}), "no panels"},
		{"no points", surface(plots.AccuracySurfaceOptions{}, plots.Surface{Title: "x"}), `"x"): accuracy: no values`},
		{"accuracies of points missing", surface(plots.AccuracySurfaceOptions{}, plots.Surface{XY: [][2]float64{{1, 2}}}), "0 accuracies for 1 points"},
		{"infinite point", surface(plots.AccuracySurfaceOptions{}, plots.Surface{XY: [][2]float64{{1, inf}}, Accuracy: []float64{1}}), "XY[0][1] is +Inf"},
		{"negative cells", surface(plots.AccuracySurfaceOptions{Cells: -1}, plots.Surface{}), "-1 cells"},

		{"no methods", pareto(0), "no methods"},
		{"costs missing", pareto(0, plots.Tradeoff{Name: "random", Accuracy: []float64{1}}), `"random": 0 costs and 1 accuracies`},
		{"method without architectures", pareto(0, plots.Tradeoff{Name: "random"}), `"random": Cost: no values`},
		{"NaN cost", pareto(0, plots.Tradeoff{Cost: []float64{nan}, Accuracy: []float64{1}}), "Cost[0] is NaN"},
		{"axis above all points", pareto(95, plots.Tradeoff{Cost: []float64{1}, Accuracy: []float64{94}}), "Low is 95, but the best accuracy is 94"},

		{"no curves", search(plots.SearchCurveOptions{}), "no curves"},
		{"empty curve", search(plots.SearchCurveOptions{}, plots.Curve{Name: "random"}), `"random": Y: no values`},
		{"NaN curve", search(plots.SearchCurveOptions{}, plots.Curve{Name: "random", Y: []float64{1, nan}}), `"random": Y[1] is NaN`},
		{"half a band", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1, 2}, Low: []float64{1, 2}}), "High 0"},
		{"band beside curve", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{2}, High: []float64{3}}), "want 2 <= 1 <= 3"},
		{"NaN band", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{nan}, High: []float64{3}}), "want NaN <= 1"},
		{"infinite band", search(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{0}, High: []float64{inf}}), "all finite"},
		{"negative regret", search(plots.SearchCurveOptions{Regret: true}, plots.Curve{Y: []float64{-1}}), "a regret is not negative"},
		{"initial set too large", search(plots.SearchCurveOptions{Initial: 3}, plots.Curve{Y: []float64{1, 2}}), "ends at query 3, want 0 to 2"},
		{"unknown curve in colour", search(plots.SearchCurveOptions{Highlight: []string{"b"}}, plots.Curve{Name: "a", Y: []float64{1}}),
			`Highlight is ["b"]`},
		{"curve in colour twice", search(plots.SearchCurveOptions{Highlight: []string{"a", "a"}}, plots.Curve{Name: "a", Y: []float64{1}}),
			`names of curves, "a" is unknown or twice`},
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
		"one similarity": func() ([]byte, error) {
			return plots.SimilarityHeatMap([]plots.Similarities{{Values: [][]float64{{1}}}}, plots.SimilarityHeatMapOptions{})
		},
		"one point of a surface": func() ([]byte, error) {
			return plots.AccuracySurface([]plots.Surface{{XY: [][2]float64{{3, 4}}, Accuracy: []float64{90}}}, plots.AccuracySurfaceOptions{})
		},
		"one cell": func() ([]byte, error) {
			return plots.AccuracySurface([]plots.Surface{{XY: [][2]float64{{3, 4}, {5, 6}}, Accuracy: []float64{90, 91}}},
				plots.AccuracySurfaceOptions{Cells: 1})
		},
		"one architecture": func() ([]byte, error) {
			return plots.ParetoFront([]plots.Tradeoff{{Cost: []float64{3}, Accuracy: []float64{90}}}, plots.ParetoFrontOptions{})
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

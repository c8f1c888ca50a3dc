package plots_test

import (
	"math"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
)

var (
	nan, inf = math.NaN(), math.Inf(1)
	good     = [][]float64{{1, 2}, {3, 5}}
	nodes    = []string{"in", "1", "out"}
)

func drawScatter(panels ...plots.Latents) func() ([]byte, error) {
	return func() ([]byte, error) { return plots.LatentScatter(panels, plots.LatentScatterOptions{}) }
}

func drawSearch(o plots.SearchCurveOptions, curves ...plots.Curve) func() ([]byte, error) {
	return func() ([]byte, error) { return plots.SearchCurve(curves, o) }
}

func drawCell(nodes []string, edges ...plots.Edge) func() ([]byte, error) {
	return func() ([]byte, error) {
		return plots.CellGraph(plots.Cell{Nodes: nodes, Edges: edges}, plots.CellGraphOptions{})
	}
}

func drawProfile(values ...[]float64) func() ([]byte, error) {
	return func() ([]byte, error) {
		return plots.ConvexityProfile([]plots.Profile{{Title: "model", Values: values}}, plots.ConvexityProfileOptions{})
	}
}

func drawPredicted(groups ...plots.Prediction) func() ([]byte, error) {
	return func() ([]byte, error) { return plots.PredictedVsTrue(groups, plots.PredictedVsTrueOptions{}) }
}

func drawLosses(losses ...plots.Loss) func() ([]byte, error) {
	return func() ([]byte, error) { return plots.LossCurve(losses, plots.LossCurveOptions{}) }
}

func drawHeat(values ...[]float64) func() ([]byte, error) {
	return func() ([]byte, error) {
		return plots.SimilarityHeatMap([]plots.Similarities{{Title: "top", Values: values}}, plots.SimilarityHeatMapOptions{})
	}
}

func drawSurface(o plots.AccuracySurfaceOptions, panels ...plots.Surface) func() ([]byte, error) {
	return func() ([]byte, error) { return plots.AccuracySurface(panels, o) }
}

func drawPareto(low float64, methods ...plots.Tradeoff) func() ([]byte, error) {
	return func() ([]byte, error) { return plots.ParetoFront(methods, plots.ParetoFrontOptions{Low: low}) }
}

// badInput is input that cannot be drawn, with a part of the error.
var badInput = []struct {
	name string
	draw func() ([]byte, error)
	want string
}{
	{"no panels", drawScatter(), "no panels"},
	{"no latents", drawScatter(plots.Latents{}), "0 latents"},
	{"empty latent", drawScatter(plots.Latents{Points: [][]float64{{}, {}}}), "latents[0] is empty"},
	{"ragged latents", drawScatter(plots.Latents{Points: [][]float64{{1, 2}, {1}}}), "latents[1] has 1 dimensions"},
	{"NaN latent", drawScatter(plots.Latents{Points: [][]float64{{1, 2}, {1, nan}}}), "latents[1][1] is NaN"},
	{"collapsed latents", drawScatter(plots.Latents{Points: [][]float64{{0.1, 2}, {0.1, 2}, {0.1, 2}}}), "all latents are equal"},
	{"accuracies missing", drawScatter(plots.Latents{Points: good, Accuracy: []float64{1}}), "1 accuracies for 2 points"},
	{"accuracies of a fit missing", func() ([]byte, error) {
		return plots.LatentScatter([]plots.Latents{{Points: good, Accuracy: []float64{1}}}, plots.LatentScatterOptions{Projection: plots.ByLinearFit})
	}, "1 accuracies for 2 points"},
	{"infinite accuracy", drawScatter(plots.Latents{Points: good, Accuracy: []float64{1, inf}}), "accuracy[1] is +Inf"},
	{"mark outside", drawScatter(plots.Latents{Points: good, Accuracy: []float64{1, 2},
		Marks: []plots.Mark{{Name: "best", Rows: []int{2}}}}), `mark "best": row 2, want 0 to 1`},
	{"panels differ", drawScatter(plots.Latents{Points: good, Accuracy: []float64{1, 2}}, plots.Latents{}), "panel 1 has 0 points"},

	{"names missing", drawScatter(plots.Latents{Points: good, Accuracy: []float64{1, 2}, Names: []string{"a"}}), "1 names for 2 points"},

	{"no similarities", drawHeat(), `"top"): no rows`},
	{"empty row", drawHeat(nil), "Values[0]: no values"},
	{"ragged similarities", drawHeat([]float64{0, 1}, []float64{1}), "row 1 has 1 values, row 0 has 2"},
	{"similarity above 1", drawHeat([]float64{0, 1.1}), "Values[0][1] is 1.1"},
	{"similarity to zero", drawHeat([]float64{nan}), "Values[0][0] is NaN"},

	{"no surfaces", drawSurface(plots.AccuracySurfaceOptions{}), "no panels"},
	{"no points", drawSurface(plots.AccuracySurfaceOptions{}, plots.Surface{Title: "x"}), `"x"): accuracy: no values`},
	{"accuracies of points missing", drawSurface(plots.AccuracySurfaceOptions{}, plots.Surface{XY: [][2]float64{{1, 2}}}), "0 accuracies for 1 points"},
	{"infinite point", drawSurface(plots.AccuracySurfaceOptions{}, plots.Surface{XY: [][2]float64{{1, inf}}, Accuracy: []float64{1}}), "XY[0][1] is +Inf"},
	{"negative cells", drawSurface(plots.AccuracySurfaceOptions{Cells: -1}, plots.Surface{}), "-1 cells"},

	{"no methods", drawPareto(0), "no methods"},
	{"costs missing", drawPareto(0, plots.Tradeoff{Name: "random", Accuracy: []float64{1}}), `"random": 0 costs and 1 accuracies`},
	{"method without architectures", drawPareto(0, plots.Tradeoff{Name: "random"}), `"random": Cost: no values`},
	{"NaN cost", drawPareto(0, plots.Tradeoff{Cost: []float64{nan}, Accuracy: []float64{1}}), "Cost[0] is NaN"},
	{"axis above all points", drawPareto(95, plots.Tradeoff{Cost: []float64{1}, Accuracy: []float64{94}}), "Low is 95, but the best accuracy is 94"},

	{"no curves", drawSearch(plots.SearchCurveOptions{}), "no curves"},
	{"empty curve", drawSearch(plots.SearchCurveOptions{}, plots.Curve{Name: "random"}), `"random": Y: no values`},
	{"NaN curve", drawSearch(plots.SearchCurveOptions{}, plots.Curve{Name: "random", Y: []float64{1, nan}}), `"random": Y[1] is NaN`},
	{"half a band", drawSearch(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1, 2}, Low: []float64{1, 2}}), "High 0"},
	{"band beside curve", drawSearch(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{2}, High: []float64{3}}), "want 2 <= 1 <= 3"},
	{"NaN band", drawSearch(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{nan}, High: []float64{3}}), "want NaN <= 1"},
	{"infinite band", drawSearch(plots.SearchCurveOptions{}, plots.Curve{Y: []float64{1}, Low: []float64{0}, High: []float64{inf}}), "all finite"},
	{"negative regret", drawSearch(plots.SearchCurveOptions{Regret: true}, plots.Curve{Y: []float64{-1}}), "a regret is not negative"},
	{"initial set too large", drawSearch(plots.SearchCurveOptions{Initial: 3}, plots.Curve{Y: []float64{1, 2}}), "ends at query 3, want 0 to 2"},
	{"unknown curve in colour", drawSearch(plots.SearchCurveOptions{Highlight: []string{"b"}}, plots.Curve{Name: "a", Y: []float64{1}}),
		`Highlight is ["b"]`},
	{"curve in colour twice", drawSearch(plots.SearchCurveOptions{Highlight: []string{"a", "a"}}, plots.Curve{Name: "a", Y: []float64{1}}),
		`names of curves, "a" is unknown or twice`},
	{"NaN optimum", drawSearch(plots.SearchCurveOptions{Optimum: nan}, plots.Curve{Y: []float64{1, 2}}), "optimum"},

	{"no nodes", drawCell(nil), "0 nodes"},
	{"no edges", drawCell(nodes), "no edges"},
	{"edge backwards", drawCell(nodes, plots.Edge{From: 2, To: 1}), "edge 0 goes from node 2 to 1"},
	{"edge to nowhere", drawCell(nodes, plots.Edge{From: 0, To: 3}), "edge 0 goes from node 0 to 3"},
	{"edge twice", drawCell(nodes, plots.Edge{From: 0, To: 1}, plots.Edge{From: 0, To: 1}), "a second edge from node 0 to 1"},

	{"no segments", drawProfile(), `"model"): no segments`},
	{"ragged segments", drawProfile([]float64{1, 2, 3}, []float64{1, 2}), "segment 1 has 2 values"},
	{"short segments", drawProfile([]float64{1, 2}), "at least 3"},
	{"infinite segment", drawProfile([]float64{1, inf, 2}), "Values[0][1] is +Inf"},

	{"no groups", drawPredicted(), "no groups"},
	{"empty group", drawPredicted(plots.Prediction{Name: "all"}), `"all": True: no values`},
	{"predictions missing", drawPredicted(plots.Prediction{Name: "all", True: []float64{1}}), "1 measured and 0 predicted"},
	{"NaN prediction", drawPredicted(plots.Prediction{True: []float64{1}, Predicted: []float64{nan}}), "Predicted[0] is NaN"},

	{"no losses", drawLosses(), "no losses"},
	{"empty loss", drawLosses(plots.Loss{Name: "KL"}), `"KL": Y: no values`},
	{"zero loss", drawLosses(plots.Loss{Name: "KL", Y: []float64{1, 0}}), `"KL": Y[1] is 0`},
}

// Bad input gives one line that names what is wrong, and no picture.
func TestBadInput(t *testing.T) {
	for _, test := range badInput {
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

// unusual is input that is unusual, but can be drawn.
var unusual = map[string]func() ([]byte, error){
	"all accuracies equal": func() ([]byte, error) {
		return plots.LatentScatter([]plots.Latents{{Points: [][]float64{{1}, {2}, {3}}, Accuracy: []float64{5, 5, 5}}},
			plots.LatentScatterOptions{})
	},
	"a fit in one dimension": func() ([]byte, error) {
		return plots.LatentScatter([]plots.Latents{{Points: [][]float64{{1}, {2}, {3}}, Accuracy: []float64{5, 6, 5}}},
			plots.LatentScatterOptions{Projection: plots.ByLinearFit})
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
}

func TestUnusualInput(t *testing.T) {
	for name, draw := range unusual {
		if b, err := draw(); err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, error %v", name, len(b), err)
		}
	}
}

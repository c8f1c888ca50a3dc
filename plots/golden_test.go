package plots_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/plot/cmpimg"

	"github.com/cr-lso/cr-lso/plots"
)

var update = flag.Bool("update", false, "write the golden images anew: look at each before you commit it")

// tolerance is the difference in colour that cmpimg forgives in a pixel, as a share of that between
// black and white: rounding on another processor may change the rim of a glyph or letter.
const tolerance = 0.15

// pictures are the golden images, by file name.
var pictures = map[string]func() ([]byte, error){
	"latent_scatter": func() ([]byte, error) {
		return plots.LatentScatter(
			[]plots.Latents{latents("without ICNN", 60, 0), latents("with ICNN", 60, 1)},
			plots.LatentScatterOptions{Title: "Latent space of 60 cells"})
	},
	"latent_scatter_fit": func() ([]byte, error) {
		return plots.LatentScatter([]plots.Latents{latents("without ICNN", 60, 0), latents("with ICNN", 60, 1)},
			plots.LatentScatterOptions{Projection: plots.ByLinearFit})
	},
	"schematic": plots.Schematic,
	"latent_scatter_single": func() ([]byte, error) {
		one := latents("", 150, 1)
		one.Marks = nil
		return plots.LatentScatter([]plots.Latents{one}, plots.LatentScatterOptions{})
	},
	"search_curve": func() ([]byte, error) {
		return plots.SearchCurve([]plots.Curve{
			curve("CR-LSO", 200, 91.6, 1.1, 0.030, 0),
			curve("random search", 200, 91.6, 1.3, 0.008, 0),
		}, plots.SearchCurveOptions{
			Title:   "NAS-Bench-201, CIFAR-10",
			Optimum: 91.607,
			Initial: 40,
			Band:    "95 % interval of the mean",
		})
	},
	"search_curve_regret": func() ([]byte, error) {
		return plots.SearchCurve([]plots.Curve{
			curve("CR-LSO", 200, 0, -1.2, 0.035, 0),
			curve("regularised evolution", 200, 0, -1.3, 0.025, 0),
			curve("local search", 150, 0, -1.2, 0.03, 120),
			curve("random search", 200, 0, -1.5, 0.007, 0),
		}, plots.SearchCurveOptions{Regret: true, Band: "95 % interval of the mean"})
	},
	"cell_nasbench201": func() ([]byte, error) {
		return plots.CellGraph(nasbench201Cell(), plots.CellGraphOptions{Title: "Best cell on CIFAR-10"})
	},
	"cell_nasbench201_none": func() ([]byte, error) {
		cell := nasbench201Cell()
		cell.Edges[1].Label, cell.Edges[2].Label, cell.Edges[5].Label = "none", "avg_pool_3x3", "none"
		return plots.CellGraph(cell, plots.CellGraphOptions{})
	},
	"cell_nasbench101": func() ([]byte, error) {
		return plots.CellGraph(nasbench101Cell(), plots.CellGraphOptions{Title: "NAS-Bench-101 cell"})
	},
	"cell_darts": func() ([]byte, error) {
		return plots.CellGraph(dartsCell(), plots.CellGraphOptions{Title: "DARTS normal cell"})
	},
	"convexity_profile": func() ([]byte, error) {
		return plots.ConvexityProfile([]plots.Profile{
			profile("", 4, 0.1),
		}, plots.ConvexityProfileOptions{Title: "Model along 4 segments between random latents"})
	},
	"predicted_vs_true": func() ([]byte, error) {
		all, best := prediction("all cells, τ = 0.60", 300, 60, 6), prediction("labelled cells, τ = 0.81", 20, 60, 2)
		return plots.PredictedVsTrue([]plots.Prediction{all, best}, plots.PredictedVsTrueOptions{
			Title: "Predictor with 20 labels",
		})
	},
	"similarity_heat_map": func() ([]byte, error) {
		return plots.SimilarityHeatMap([]plots.Similarities{
			similarities("best and best", 24, 0.8), similarities("best and worst", 24, -0.5), similarities("worst and worst", 24, 0.1),
		}, plots.SimilarityHeatMapOptions{Title: "Similarity of latents"})
	},
	"accuracy_surface": func() ([]byte, error) {
		return plots.AccuracySurface([]plots.Surface{surface("without ICNN", 3000, 0.3), surface("with ICNN", 3000, 1)},
			plots.AccuracySurfaceOptions{Title: "Accuracy over the latent space"})
	},
	"accuracy_surface_single": func() ([]byte, error) {
		return plots.AccuracySurface([]plots.Surface{surface("", 6000, 1)}, plots.AccuracySurfaceOptions{Cells: 30})
	},
	"accuracy_surface_from_above": func() ([]byte, error) {
		return plots.AccuracySurface([]plots.Surface{surface("without ICNN", 3000, 0.3), surface("with ICNN", 3000, 1)},
			plots.AccuracySurfaceOptions{FromAbove: true})
	},
	"pareto_front": func() ([]byte, error) {
		return plots.ParetoFront([]plots.Tradeoff{
			tradeoff("CR-LSO", 120, 1), tradeoff("local search", 120, 3), tradeoff("random search", 120, 6),
		}, plots.ParetoFrontOptions{Title: "CIFAR-10 on one device", Low: 84})
	},
	"search_curve_methods": func() ([]byte, error) {
		var curves []plots.Curve
		for i := range 12 {
			curves = append(curves, curve(fmt.Sprintf("method %d", i+1), 200, 91.6, 0.4+0.1*float64(i), 0.03-0.002*float64(i), 0))
			curves[i].Low, curves[i].High = nil, nil
		}
		return plots.SearchCurve(curves, plots.SearchCurveOptions{Optimum: 91.607})
	},
	"search_curve_highlight": func() ([]byte, error) {
		var curves []plots.Curve
		for i, name := range []string{"random search", "regularised evolution", "local search", "CR-LSO", "concave ensemble"} {
			curves = append(curves, curve(name, 200, 91.6, 1.2-0.1*float64(i), 0.008+0.004*float64(i), 0))
		}
		return plots.SearchCurve(curves, plots.SearchCurveOptions{
			Band:      "95 % interval of the mean",
			Highlight: []string{"CR-LSO", "local search"},
		})
	},
	"loss_curve": func() ([]byte, error) {
		return plots.LossCurve([]plots.Loss{
			loss("reconstruction", 60, 4.5, 0.01), loss("KL × β", 60, 0.2, 0.08), loss("ICNN", 60, 0.5, 0.003),
		}, plots.LossCurveOptions{Title: "Joint training"})
	},
}

func TestGolden(t *testing.T) {
	for name, draw := range pictures {
		t.Run(name, func(t *testing.T) {
			got, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			again, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, again) {
				t.Error("a second call gives other bytes")
			}
			file := filepath.Join("testdata", name+"_golden.png")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			equal, err := cmpimg.EqualApprox("png", got, want, tolerance)
			if err != nil {
				t.Fatal(err)
			}
			if !equal {
				shown := filepath.Join(t.ArtifactDir(), name+".png")
				if err := os.WriteFile(shown, got, 0o644); err != nil {
					t.Fatal(err)
				}
				t.Errorf("not like %s; see %s (kept with -artifacts), and run with -update if it is right", file, shown)
			}
		})
	}
}

// The tolerance of TestGolden must not hide a change in the data.
func TestGoldenSeesOneChangedValue(t *testing.T) {
	cell := nasbench201Cell()
	cell.Edges[0].Label = "nor_conv_1x1"
	got, err := plots.CellGraph(cell, plots.CellGraphOptions{Title: "Best cell on CIFAR-10"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := pictures["cell_nasbench201"]()
	if err != nil {
		t.Fatal(err)
	}
	equal, err := cmpimg.EqualApprox("png", got, want, tolerance)
	if err != nil {
		t.Fatal(err)
	}
	if equal {
		t.Error("a cell with another operation looks the same")
	}
}

func BenchmarkLatentScatter(b *testing.B) {
	all := latents("NAS-Bench-201", 15625, 1)
	for _, panels := range []int{1, 2} {
		b.Run(fmt.Sprintf("panels=%d", panels), func(b *testing.B) {
			two := []plots.Latents{all, all}
			for b.Loop() {
				if _, err := plots.LatentScatter(two[:panels], plots.LatentScatterOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

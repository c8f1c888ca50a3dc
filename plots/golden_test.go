package plots_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
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

// latents are n cells on a curved sheet in 8 dimensions, smoother with more order.
func latents(title string, n int, order float64) plots.Latents {
	r := rand.New(rand.NewPCG(1, 2))
	l := plots.Latents{Title: title}
	for range n {
		z := make([]float64, 8)
		for i := range z {
			z[i] = r.NormFloat64() / float64(1+i)
		}
		l.Points = append(l.Points, z)
		quality := order*(z[0]-z[1]*z[1]) + (1.2-order)*r.NormFloat64()
		l.Accuracy = append(l.Accuracy, 90+quality)
	}
	best, path := 0, []int{0}
	for i, a := range l.Accuracy {
		if a > l.Accuracy[best] {
			best = i
		}
		if i < 12 && a > l.Accuracy[path[len(path)-1]] {
			path = append(path, i)
		}
	}
	queried := make([]int, 12)
	for i := range queried {
		queried[i] = i
	}
	l.Marks = []plots.Mark{
		{Name: "queried", Rows: queried},
		{Name: "incumbents in order", Rows: path, Joined: true},
		{Name: "optimum", Rows: []int{best}},
	}
	return l
}

// curve rises (or, as a regret, falls) to top like exp(-rate query); after zeroFrom, if set, it is 0.
func curve(name string, queries int, top, drop, rate float64, zeroFrom int) plots.Curve {
	c := plots.Curve{Name: name}
	for i := range queries {
		y := top - drop*math.Exp(-rate*float64(i/3*3)) - 6*drop*math.Exp(-0.5*float64(i))
		band := 0.12 * math.Abs(y-top)
		if zeroFrom != 0 && i >= zeroFrom {
			y, band = 0, 0
		}
		c.Y = append(c.Y, y)
		c.Low = append(c.Low, y-band)
		c.High = append(c.High, y+band)
	}
	return c
}

func nasbench201Cell() plots.Cell {
	return plots.Cell{
		Nodes: []string{"in", "1", "2", "out"},
		Edges: []plots.Edge{
			{From: 0, To: 1, Label: "nor_conv_3x3"},
			{From: 0, To: 2, Label: "nor_conv_3x3"},
			{From: 1, To: 2, Label: "nor_conv_3x3"},
			{From: 0, To: 3, Label: "skip_connect"},
			{From: 1, To: 3, Label: "nor_conv_3x3"},
			{From: 2, To: 3, Label: "nor_conv_1x1"},
		},
	}
}

func nasbench101Cell() plots.Cell {
	return plots.Cell{
		Nodes: []string{"input", "conv3x3\nbn-relu", "conv1x1\nbn-relu", "conv3x3\nbn-relu", "maxpool\n3x3", "conv3x3\nbn-relu", "output"},
		Edges: []plots.Edge{
			{From: 0, To: 1}, {From: 0, To: 2}, {From: 0, To: 6}, {From: 1, To: 3}, {From: 2, To: 3},
			{From: 3, To: 4}, {From: 4, To: 5}, {From: 2, To: 5}, {From: 5, To: 6},
		},
	}
}

// dartsCell is the normal cell DARTS_V2 of Liu et al., "DARTS: Differentiable Architecture Search".
func dartsCell() plots.Cell {
	return plots.Cell{
		Nodes: []string{"k-2", "k-1", "0", "1", "2", "3", "out"},
		Edges: []plots.Edge{
			{From: 0, To: 2, Label: "sep_3x3"}, {From: 1, To: 2, Label: "sep_3x3"},
			{From: 0, To: 3, Label: "sep_3x3"}, {From: 1, To: 3, Label: "sep_3x3"},
			{From: 1, To: 4, Label: "sep_3x3"}, {From: 0, To: 4, Label: "skip"},
			{From: 0, To: 5, Label: "skip"}, {From: 2, To: 5, Label: "dil_3x3"},
		},
	}
}

func profile(title string, segments int, noise float64) plots.Profile {
	r := rand.New(rand.NewPCG(3, 4))
	p := plots.Profile{Title: title}
	for range segments {
		a, b := 2*r.NormFloat64(), 2*r.NormFloat64()
		values := make([]float64, 9)
		for i := range values {
			x := a + (b-a)*float64(i)/8
			values[i] = 90 - x*x + noise*r.NormFloat64()
		}
		p.Values = append(p.Values, values)
	}
	return p
}

func prediction(name string, n int, low, noise float64) plots.Prediction {
	r := rand.New(rand.NewPCG(5, 6))
	p := plots.Prediction{Name: name}
	for range n {
		accuracy := 94 - (94-low)*math.Pow(r.Float64(), 3)
		p.True = append(p.True, accuracy)
		p.Predicted = append(p.Predicted, accuracy+noise*r.NormFloat64()*math.Sqrt(1-accuracy/100))
	}
	return p
}

// similarities are those of n latents with n others, shared on average.
func similarities(title string, n int, shared float64) plots.Similarities {
	s := plots.Similarities{Title: title, Rows: "cells", Columns: "cells"}
	for i := range n {
		row := make([]float64, n)
		for j := range row {
			row[j] = shared + (1-math.Abs(shared))*math.Cos(float64(3*(i-j)))
		}
		s.Values = append(s.Values, row)
	}
	return s
}

// surface is a hill over n points, smoother with more order.
func surface(title string, n int, order float64) plots.Surface {
	r := rand.New(rand.NewPCG(9, 10))
	s := plots.Surface{Title: title}
	for range n {
		x, y := 2*r.NormFloat64(), r.NormFloat64()
		s.XY = append(s.XY, [2]float64{x, y})
		bumps := (1 - order) * 5 * math.Cos(2*x) * math.Sin(3*y)
		s.Accuracy = append(s.Accuracy, 91-x*x-2*y*y+bumps+r.NormFloat64())
	}
	return s
}

// tradeoff has n architectures, farther from the best accuracy at every cost with more distance.
func tradeoff(name string, n int, distance float64) plots.Tradeoff {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	m := plots.Tradeoff{Name: name}
	for range n {
		cost := 1 + 9*r.Float64()
		m.Cost = append(m.Cost, cost)
		m.Accuracy = append(m.Accuracy, 94-8/cost-distance*math.Abs(r.NormFloat64()))
	}
	return m
}

func loss(name string, epochs int, first, last float64) plots.Loss {
	r := rand.New(rand.NewPCG(7, uint64(len(name))))
	l := plots.Loss{Name: name}
	for i := range epochs {
		y := last + (first-last)*math.Exp(-float64(i)/6)
		l.Y = append(l.Y, y*math.Exp(0.05*r.NormFloat64()))
	}
	return l
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

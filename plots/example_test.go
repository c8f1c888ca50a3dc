package plots_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/cr-lso/cr-lso/plots"
)

func ExamplePCA() {
	_, explained, err := plots.PCA([][]float64{{2, 0, 0}, {-2, 0, 0}, {0, 1, 0}, {0, -1, 0}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.0f %% and %.0f %% of the variance\n", 100*explained[0], 100*explained[1])
	// Output: 80 % and 20 % of the variance
}

func ExampleLatentScatter() {
	png, err := plots.LatentScatter([]plots.Latents{{
		Title:    "with ICNN",
		Points:   [][]float64{{0.1, 0.9, 0.2}, {0.4, 0.3, 0.3}, {0.8, 0.1, 0.5}},
		Accuracy: []float64{88.2, 90.4, 91.6},
		Marks:    []plots.Mark{{Name: "queried", Rows: []int{0, 1}}, {Name: "incumbent", Rows: []int{1}}, {Name: "optimum", Rows: []int{2}}},
	}}, plots.LatentScatterOptions{Title: "NAS-Bench-201, CIFAR-10"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExampleSearchCurve() {
	png, err := plots.SearchCurve([]plots.Curve{
		{Name: "CR-LSO", Y: []float64{89.1, 91.2, 91.5}, Low: []float64{88.4, 90.9, 91.4}, High: []float64{89.8, 91.5, 91.6}},
		{Name: "random search", Y: []float64{88.7, 89.9, 90.3}},
	}, plots.SearchCurveOptions{Optimum: 91.607, Initial: 1, Band: "95 % interval of the mean"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

// Operations on the edges, as in NAS-Bench-201.
func ExampleCellGraph() {
	png, err := plots.CellGraph(plots.Cell{
		Nodes: []string{"in", "1", "out"},
		Edges: []plots.Edge{
			{From: 0, To: 1, Label: "nor_conv_3x3"},
			{From: 0, To: 2, Label: "skip_connect"},
			{From: 1, To: 2, Label: "none"},
		},
	}, plots.CellGraphOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

// Operations on the nodes, as in NAS-Bench-101.
func ExampleCellGraph_nodes() {
	png, err := plots.CellGraph(plots.Cell{
		Nodes: []string{"input", "conv3x3", "maxpool3x3", "output"},
		Edges: []plots.Edge{{From: 0, To: 1}, {From: 0, To: 2}, {From: 1, To: 3}, {From: 2, To: 3}},
	}, plots.CellGraphOptions{Operations: []string{"conv3x3", "conv1x1", "maxpool3x3"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

// A concave function lies above every chord.
func ExampleConvexityProfile() {
	png, err := plots.ConvexityProfile([]plots.Profile{{
		Title:  "P(z)",
		Values: [][]float64{{80, 89, 90, 91, 88}, {85, 88, 90, 89, 87}},
	}}, plots.ConvexityProfileOptions{Title: "two segments"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExamplePredictedVsTrue() {
	png, err := plots.PredictedVsTrue([]plots.Prediction{{
		Name:      "labelled cells, τ = 1.00",
		True:      []float64{88.2, 90.4, 91.6},
		Predicted: []float64{87.9, 90.1, 91.0},
	}}, plots.PredictedVsTrueOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExampleLossCurve() {
	png, err := plots.LossCurve([]plots.Loss{
		{Name: "reconstruction", Y: []float64{4.1, 1.2, 0.3}},
		{Name: "ICNN", Y: []float64{0.5, 0.02, 0.004}},
	}, plots.LossCurveOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExampleSimilarityHeatMap() {
	png, err := plots.SimilarityHeatMap([]plots.Similarities{{
		Title: "best and worst",
		Rows:  "best cells", Columns: "worst cells",
		Values: [][]float64{{0.2, -0.7}, {0.1, -0.4}}, // as by stats.CosineSimilarity
	}}, plots.SimilarityHeatMapOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExampleAccuracySurface() {
	xy, _, err := plots.PCA([][]float64{{0.1, 0.9, 0.2}, {0.4, 0.3, 0.3}, {0.8, 0.1, 0.5}})
	if err != nil {
		log.Fatal(err)
	}
	png, err := plots.AccuracySurface([]plots.Surface{{XY: xy, Accuracy: []float64{88.2, 90.4, 91.6}}},
		plots.AccuracySurfaceOptions{Title: "NAS-Bench-201, CIFAR-10"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExampleParetoFront() {
	png, err := plots.ParetoFront([]plots.Tradeoff{
		{Name: "CR-LSO", Cost: []float64{2.1, 3.4, 5.0}, Accuracy: []float64{89.1, 91.0, 90.2}},
		{Name: "random search", Cost: []float64{2.5, 4.8}, Accuracy: []float64{88.0, 90.1}},
	}, plots.ParetoFrontOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

// In a notebook, show.Chart shows the chart, together with the picture that stands in for it elsewhere.
func ExampleLatentScatterVega() {
	chart, err := plots.LatentScatterVega([]plots.Latents{{
		Points:   [][]float64{{0.1, 0.9, 0.2}, {0.4, 0.3, 0.3}, {0.8, 0.1, 0.5}},
		Accuracy: []float64{88.2, 90.4, 91.6},
		Names:    []string{"first cell", "second cell", "third cell"},
	}}, plots.LatentScatterOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plots.VegaLiteMIME, chart["$schema"])
	// Output: application/vnd.vegalite.v5+json https://vega.github.io/schema/vega-lite/v5.json
}

package plots_test

import (
	"fmt"
	"log"
	"math"
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

// Three groups of latents, of which each stays together in the plane.
func ExampleTSNE() {
	var latents [][]float64
	for i := range 60 {
		latent := make([]float64, 3)
		latent[i%3] = 9 + 0.1*float64(i)
		latents = append(latents, latent)
	}
	xy, err := plots.TSNE(latents, 10)
	if err != nil {
		log.Fatal(err)
	}
	distance := func(i, j int) float64 { return math.Hypot(xy[i][0]-xy[j][0], xy[i][1]-xy[j][1]) }
	fmt.Println(len(xy), "points; the first is nearer to the fourth than to the second:", distance(0, 3) < distance(0, 1))
	// Output: 60 points; the first is nearer to the fourth than to the second: true
}

func ExampleLatentScatter() {
	png, err := plots.LatentScatter([]plots.Latents{{
		Title:    "with ICNN",
		Points:   [][]float64{{0.1, 0.9, 0.2}, {0.4, 0.3, 0.3}, {0.8, 0.1, 0.5}},
		Accuracy: []float64{88.2, 90.4, 91.6},
		Marks: []plots.Mark{
			{Name: "queried, in order", Rows: []int{0, 1}, Joined: true},
			{Name: "incumbent", Rows: []int{1}},
			{Name: "optimum", Rows: []int{2}},
		},
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

// Of five regrets, two are in colour, and the others grey.
func ExampleSearchCurve_highlight() {
	png, err := plots.SearchCurve([]plots.Curve{
		{Name: "CR-LSO", Y: []float64{2.5, 0.4, 0.1}},
		{Name: "local search", Y: []float64{2.6, 0.3, 0}},
		{Name: "random search", Y: []float64{2.9, 1.7, 1.3}},
		{Name: "BANANAS", Y: []float64{2.8, 0.6, 0.2}},
		{Name: "NGAE", Y: []float64{2.7, 0.5, 0.1}},
	}, plots.SearchCurveOptions{Regret: true, Highlight: []string{"CR-LSO", "local search"}})
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
	}, plots.CellGraphOptions{HideNone: true})
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

// A map from above hides nothing; its axes are named after what they are.
func ExampleAccuracySurface_fromAbove() {
	png, err := plots.AccuracySurface([]plots.Surface{{
		XY:       [][2]float64{{1.1, 3.2}, {1.4, 2.0}, {2.3, 2.8}},
		Accuracy: []float64{88.2, 90.4, 91.6},
	}}, plots.AccuracySurfaceOptions{
		Cells: 4, FromAbove: true, XLabel: "parameters (millions)", YLabel: "latency (ms)", ZLabel: "accuracy (%)",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(png))
	// Output: image/png
}

func ExampleGrid() {
	fmt.Println(plots.Grid(-1, 1, 2))
	// Output: [[-1 -1] [1 -1] [-1 1] [1 1]]
}

// A bowl, and one step from its side to its bottom.
func ExampleDescent() {
	bowl := plots.Contour{Title: "a bowl", Low: -2, High: 2, Paths: [][][]float64{{{1.5, 1}, {0, 0}}}}
	for _, z := range plots.Grid(-2, 2, 21) {
		bowl.Values = append(bowl.Values, z[0]*z[0]+z[1]*z[1])
	}
	png, err := plots.Descent([]plots.Contour{bowl}, plots.DescentOptions{XLabel: "z₁", YLabel: "z₂"})
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

// In a notebook, show.Chart shows the chart, together with the picture that stands in for it
// elsewhere.
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

func ExampleSearchCurveVega() {
	chart, err := plots.SearchCurveVega([]plots.Curve{
		{Name: "CR-LSO", Y: []float64{89.1, 91.2, 91.5}},
		{Name: "random search", Y: []float64{88.7, 89.9, 90.3}},
	}, plots.SearchCurveOptions{Title: "NAS-Bench-201, CIFAR-10"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chart["title"])
	// Output: NAS-Bench-201, CIFAR-10
}

package plots_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
)

// charts are Vega-Lite charts, by name.
var charts = map[string]func() (map[string]any, error){
	"latent_scatter": func() (map[string]any, error) {
		panels := []plots.Latents{latents("without ICNN", 60, 0), latents("with ICNN", 60, 1)}
		for i := range panels {
			for j := range panels[i].Points {
				panels[i].Names = append(panels[i].Names, fmt.Sprintf("cell %d", j))
			}
		}
		return plots.LatentScatterVega(panels, plots.LatentScatterOptions{Title: "Latent space of 60 cells"})
	},
	"search_curve": func() (map[string]any, error) {
		return plots.SearchCurveVega([]plots.Curve{
			curve("CR-LSO", 200, 91.6, 1.1, 0.030, 0),
			curve("random search", 200, 91.6, 1.3, 0.008, 0),
		}, plots.SearchCurveOptions{Title: "NAS-Bench-201, CIFAR-10", Optimum: 91.607, Initial: 40})
	},
	"search_curve_regret": func() (map[string]any, error) {
		var curves []plots.Curve
		for i := range 12 {
			curves = append(curves, curve(fmt.Sprintf("method %d", i+1), 200, 0, -0.4-0.1*float64(i), 0.03-0.002*float64(i), 0))
		}
		curves[3] = curve("method 4", 150, 0, -1.2, 0.03, 120)
		return plots.SearchCurveVega(curves, plots.SearchCurveOptions{Regret: true})
	},
}

// A chart goes from a cell to the kernel by gob and from there to the browser as JSON: both must
// bring back the same value, which then asks for no address.
func TestVegaTravels(t *testing.T) {
	gob.Register(map[string]any{})
	gob.Register([]any{})
	for name, draw := range charts {
		t.Run(name, func(t *testing.T) {
			chart, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			var stream bytes.Buffer
			var byGob map[string]any
			if err := gob.NewEncoder(&stream).Encode(chart); err != nil {
				t.Fatal(err)
			}
			if err := gob.NewDecoder(&stream).Decode(&byGob); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(byGob)
			if err != nil {
				t.Fatal(err)
			}
			var byJSON map[string]any
			if err := json.Unmarshal(text, &byJSON); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(chart, byJSON) {
				t.Error("another chart arrives")
			}
			if n := bytes.Count(text, []byte(`"$`)); n != 1 { // $schema
				t.Errorf("%d strings begin with $, want 1: a value is missing", n)
			}
			if n := bytes.Count(text, []byte("://")); n != 1 || !strings.HasSuffix(chart["$schema"].(string), "/vega-lite/v5.json") {
				t.Errorf("%d addresses, want only $schema, which is %v", n, chart["$schema"])
			}
		})
	}
}

// Hovering needs the fields of the tooltip in the data, zooming a parameter bound to the scales.
func TestVegaHoverAndZoom(t *testing.T) {
	chart, err := charts["latent_scatter"]()
	if err != nil {
		t.Fatal(err)
	}
	panels := chart["hconcat"].([]any)
	if len(panels) != 2 {
		t.Fatalf("%d panels, want 2", len(panels))
	}
	zooms := map[any]bool{}
	for _, panel := range panels {
		layer := panel.(map[string]any)["layer"].([]any)[0].(map[string]any)
		rows := layer["data"].(map[string]any)["values"].([]any)
		if len(rows) != 60 {
			t.Errorf("%d points, want 60", len(rows))
		}
		if top := rows[len(rows)-1].(map[string]any); top["rank"] != 1.0 {
			t.Errorf("the last point, drawn over the others, has rank %v, want 1", top["rank"])
		}
		checkHover(t, layer, rows, "name", "accuracy", "rank")
		zooms[checkZoom(t, layer)] = true
	}
	if len(zooms) != 2 {
		t.Errorf("parameters %v, want two names", zooms)
	}

	chart, err = charts["search_curve_regret"]()
	if err != nil {
		t.Fatal(err)
	}
	rows := chart["data"].(map[string]any)["values"].([]any)
	if want := 11*200 + 150; len(rows) != want {
		t.Errorf("%d values, want %d", len(rows), want)
	}
	layers := chart["layer"].([]any)
	top := layers[len(layers)-1].(map[string]any)
	checkHover(t, top, rows, "method", "query", "value")
	checkZoom(t, top)
	last := slices.IndexFunc(rows, func(row any) bool {
		return row.(map[string]any)["method"] == "method 4" && row.(map[string]any)["query"] == 150.0
	})
	zero := rows[last].(map[string]any)
	if zero["value"] != 0.0 || !(zero["y"].(float64) > 0) {
		t.Errorf("a regret of zero is %v drawn at %v, want 0 at a place that a logarithmic axis has", zero["value"], zero["y"])
	}
}

// Of many points, the chart draws some, the best and every mark among them, where the chart of all
// would.
func TestVegaSample(t *testing.T) {
	panel := latents("many", 4000, 1)
	panel.Marks = []plots.Mark{{Name: "a mark", Rows: []int{17}}}
	chart, err := plots.LatentScatterVega([]plots.Latents{panel}, plots.LatentScatterOptions{Title: "Latents"})
	if err != nil {
		t.Fatal(err)
	}
	if title := chart["title"].(map[string]any); title["subtitle"] != "1000 of 4000 points" {
		t.Errorf("title %v does not say how many points are drawn", title)
	}
	layers := chart["hconcat"].([]any)[0].(map[string]any)["layer"].([]any)
	rows := layers[0].(map[string]any)["data"].(map[string]any)["values"].([]any)
	for i, row := range rows {
		if got, want := row.(map[string]any)["rank"], float64(4*(len(rows)-1-i)+1); got != want {
			t.Fatalf("point %d has rank %v, want %v", i, got, want)
		}
	}
	xy, _, err := plots.PCA(panel.Points)
	if err != nil {
		t.Fatal(err)
	}
	mark := layers[1].(map[string]any)["data"].(map[string]any)["values"].([]any)[0].(map[string]any)
	if x := mark["x"].(float64); math.Abs(x-xy[17][0]) > 1e-4*math.Abs(x) || mark["accuracy"] != panel.Accuracy[17] {
		t.Errorf("the mark is %v, want x %v and accuracy %v", mark, xy[17][0], panel.Accuracy[17])
	}
}

// checkHover asserts which fields a layer shows under the mouse, and that every row has them.
func checkHover(t *testing.T, layer map[string]any, rows []any, want ...string) {
	t.Helper()
	var fields []string
	for _, shown := range layer["encoding"].(map[string]any)["tooltip"].([]any) {
		fields = append(fields, shown.(map[string]any)["field"].(string))
	}
	if !reflect.DeepEqual(fields, want) {
		t.Errorf("shows %v, want %v", fields, want)
	}
	for i, row := range rows {
		for _, field := range fields {
			if row.(map[string]any)[field] == nil {
				t.Fatalf("row %d has no %s", i, field)
			}
		}
	}
}

// checkZoom asserts that a layer can be zoomed and returns the parameter's name.
func checkZoom(t *testing.T, layer map[string]any) any {
	t.Helper()
	zoom := layer["params"].([]any)[0].(map[string]any)
	if zoom["select"] != "interval" || zoom["bind"] != "scales" {
		t.Errorf("parameter %v, want an interval bound to the scales", zoom)
	}
	return zoom["name"]
}

func TestVegaBadInput(t *testing.T) {
	for want, draw := range map[string]func() (map[string]any, error){
		"no panels": func() (map[string]any, error) {
			return plots.LatentScatterVega(nil, plots.LatentScatterOptions{})
		},
		"1 names for 2 points": func() (map[string]any, error) {
			return plots.LatentScatterVega([]plots.Latents{{Points: [][]float64{{1, 2}, {3, 5}}, Accuracy: []float64{1, 2}, Names: []string{"a"}}},
				plots.LatentScatterOptions{})
		},
		"no curves": func() (map[string]any, error) {
			return plots.SearchCurveVega(nil, plots.SearchCurveOptions{})
		},
	} {
		if chart, err := draw(); chart != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v and error %v, want one line with %q", chart, err, want)
		}
	}
}

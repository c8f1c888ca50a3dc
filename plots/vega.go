package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// VegaLiteMIME is the MIME type under which JupyterLab draws the values of [LatentScatterVega] and
// [SearchCurveVega], with what it has installed and without a network.
const VegaLiteMIME = "application/vnd.vegalite.v5+json"

// vegaSchema names the version of the language; nothing fetches it.
const vegaSchema = "https://vega.github.io/schema/vega-lite/v5.json"

// object and list are JSON values. They are of the types that encoding/json decodes to, and no others,
// so that encoding/gob can carry a chart once map[string]any and []any are registered with it.
type (
	object = map[string]any
	list   = []any
)

// vegaShapes and vegaSizes are the looks of the marks of a panel, as markStyles.
var vegaShapes = list{"circle", "diamond", "M0,-1L.25,-.34L.95,-.31L.4,.13L.59,.81L0,.42L-.59,.81L-.4,.13L-.95,-.31L-.25,-.34Z", "triangle-up"}

var vegaSizes = list{90.0, 260.0, 420.0, 200.0}

// vegaPoints is the largest number of points in a panel of LatentScatterVega: a notebook holds each in a dozen lines.
const vegaPoints = 1000

// LatentScatterVega is [LatentScatter] as a Vega-Lite chart, a JSON object with the data inside. Where
// the mouse is, it shows a point's name, accuracy and rank; wheel and drag zoom and move, and a double
// click resets. Of more than 1,000 points it draws 1,000, at even steps of their rank and in the projection of all.
func LatentScatterVega(panels []Latents, o LatentScatterOptions) (map[string]any, error) {
	if len(panels) == 0 {
		return nil, errors.New("latent scatter: no panels")
	}
	side := 480.0
	if len(panels) > 1 {
		side = 320
	}
	var charts list
	for i, panel := range panels {
		chart, err := panel.vega(i, side, o)
		if err != nil {
			return nil, fmt.Errorf("latent scatter: panel %d (%q): %w", i, panel.Title, err)
		}
		if len(panel.Points) != len(panels[0].Points) {
			return nil, fmt.Errorf("latent scatter: panel %d has %d points, panel 0 has %d", i, len(panel.Points), len(panels[0].Points))
		}
		charts = append(charts, chart)
	}
	title := object{"text": o.Title, "anchor": "middle"}
	if n := len(panels[0].Points); n > vegaPoints {
		title["subtitle"] = fmt.Sprintf("%d of %d points", vegaPoints, n)
	}
	return object{"$schema": vegaSchema, "title": title, "hconcat": charts}, nil
}

// vega is one panel; its number keeps names apart.
func (l Latents) vega(number int, side float64, o LatentScatterOptions) (object, error) {
	xy, axes, err := o.project(l.Points)
	if err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	ranks, best := rank(l.Accuracy)
	row := func(i int) object {
		point := object{
			"x": significant(xy[i][0]), "y": significant(xy[i][1]),
			"accuracy": l.Accuracy[i], "rank": float64(ranks[i]),
		}
		if l.Names != nil {
			point["name"] = l.Names[i]
		}
		return point
	}
	var points list
	shown := min(len(best), vegaPoints)
	for i := range shown { // better points over worse ones
		points = append(points, row(best[(shown-1-i)*len(best)/shown]))
	}
	axis := func(field string, k int) object {
		return object{"field": field, "type": "quantitative", "scale": object{"zero": false}, "title": axes[k]}
	}
	tooltip := list{
		object{"field": "accuracy", "type": "quantitative", "title": "accuracy", "format": ".3f"},
		object{"field": "rank", "type": "quantitative", "title": "rank"},
	}
	if l.Names != nil {
		// Under this title it is the heading, which is not cut off as the other values are.
		tooltip = append(list{object{"field": "name", "type": "nominal", "title": "title"}}, tooltip...)
	}
	layers := list{object{
		"params": list{object{"name": "zoom" + strconv.Itoa(number), "select": "interval", "bind": "scales"}},
		"data":   object{"values": points},
		"mark":   object{"type": "circle", "size": 40.0, "opacity": 1.0, "clip": true},
		"encoding": object{
			"x": axis("x", 0), "y": axis("y", 1), "tooltip": tooltip,
			"color": object{"field": "rank", "type": "quantitative", "title": "accuracy rank (1 = best)",
				"scale": object{"scheme": "viridis", "domain": list{1.0, math.Max(2, float64(len(xy)))}}},
		},
	}}
	var names, shapes list
	for i, mark := range l.Marks {
		names, shapes = append(names, mark.Name), append(shapes, vegaShapes[i%len(vegaShapes)])
	}
	for i, mark := range l.Marks {
		if len(mark.Rows) == 0 {
			continue
		}
		style := markStyles[i%len(markStyles)]
		colour := hex(style.Color)
		var rows list
		for j, r := range mark.Rows {
			point := row(r)
			point["mark"], point["order"] = mark.Name, float64(j+1)
			rows = append(rows, point)
		}
		if mark.Joined {
			layers = append(layers, object{
				"data": object{"values": rows},
				"mark": object{"type": "line", "color": colour, "strokeWidth": 2.0, "clip": true},
				"encoding": object{"x": axis("x", 0), "y": axis("y", 1),
					"order": object{"field": "order", "type": "quantitative"}},
			})
		}
		glyph := object{"type": "point", "filled": true, "fill": colour, "stroke": "white", "strokeWidth": 1.0,
			"size": vegaSizes[i%len(vegaSizes)], "opacity": 1.0, "clip": true}
		if i%len(markStyles) == 0 { // rings
			glyph["fill"], glyph["stroke"], glyph["strokeWidth"] = "transparent", colour, 2.0
		}
		layers = append(layers, object{
			"data": object{"values": rows},
			"mark": glyph,
			"encoding": object{
				"x": axis("x", 0), "y": axis("y", 1),
				"tooltip": append(list{object{"field": "mark", "type": "nominal"}}, tooltip...),
				"shape": object{"field": "mark", "type": "nominal", "title": nil,
					"legend": object{"symbolStrokeColor": hex(ink)},
					"scale":  object{"domain": names, "range": shapes}},
			},
		})
	}
	return object{"title": l.Title, "width": side, "height": side, "layer": layers,
		"resolve": object{"scale": object{"color": "shared", "shape": "shared"}}}, nil
}

// SearchCurveVega is [SearchCurve] as a Vega-Lite chart, a JSON object with the data inside. Where the
// mouse is, it shows a curve's method, query and value; wheel and drag zoom and move, and a double
// click resets.
func SearchCurveVega(curves []Curve, o SearchCurveOptions) (map[string]any, error) {
	s, err := newSearchPicture(curves, o)
	if err != nil {
		return nil, fmt.Errorf("search curve: %w", err)
	}
	scale := object{"domain": list{s.low, s.high}, "zero": false, "nice": false}
	if o.Regret {
		scale = object{"type": "log", "domain": list{s.low, s.high}, "nice": false}
	}
	var values, names, colours, patterns, widths list
	bands := false
	for _, c := range s.listed {
		names = append(names, c.Name)
		colours = append(colours, hex(c.style.Color))
		pattern := list{1.0, 0.0}
		if c.style.Dashes != nil {
			pattern = nil
			for _, d := range c.style.Dashes {
				pattern = append(pattern, float64(d))
			}
		}
		patterns = append(patterns, pattern)
		widths = append(widths, 2*float64(c.style.Width/lineWidth))
	}
	for _, c := range s.drawn {
		for j, y := range c.Y {
			value := object{"method": c.Name, "query": float64(j + 1), "y": s.visible(y), "value": y}
			if c.Low != nil {
				bands = true
				value["low"], value["high"] = s.visible(c.Low[j]), s.visible(c.High[j])
			}
			values = append(values, value)
		}
	}
	strokes := object{"symbolType": "stroke", "symbolSize": 400.0, "symbolOpacity": 1.0, "symbolStrokeWidth": 2.0}
	x := object{"field": "query", "type": "quantitative", "title": "queries (distinct architectures)",
		"scale": object{"domain": list{0.0, float64(s.queries)}, "nice": false}}
	y := func(field string) object {
		return object{"field": field, "type": "quantitative", "title": o.label(), "scale": scale}
	}
	method := object{"field": "method", "type": "nominal", "title": nil, "scale": object{"domain": names, "range": colours},
		"legend": strokes}
	dash := object{"field": "method", "type": "nominal", "title": nil, "scale": object{"domain": names, "range": patterns},
		"legend": strokes}
	width := object{"field": "method", "type": "nominal", "legend": nil, "scale": object{"domain": names, "range": widths}}
	var layers list
	if bands {
		layers = append(layers, object{
			"transform": list{object{"filter": "isValid(datum.low)"}},
			"mark":      object{"type": "area", "interpolate": "step-after", "opacity": 0.18, "clip": true},
			"encoding":  object{"x": x, "y": y("low"), "y2": object{"field": "high"}, "color": method},
		})
	}
	if o.Optimum != 0 {
		layers = append(layers, object{
			"data":     object{"values": list{object{"y": s.visible(o.Optimum), "name": "optimum", "value": o.Optimum}}},
			"mark":     object{"type": "rule", "strokeDash": list{5.0, 3.0}, "clip": true},
			"encoding": object{"y": y("y"), "tooltip": list{object{"field": "name"}, object{"field": "value", "type": "quantitative"}}},
		})
	}
	if o.Initial != 0 {
		layers = append(layers, object{
			"data":     object{"values": list{object{"query": float64(o.Initial), "name": "end of the initial labelled set"}}},
			"mark":     object{"type": "rule", "color": "#808080", "strokeDash": list{1.2, 2.4}, "clip": true},
			"encoding": object{"x": x, "tooltip": list{object{"field": "name"}, object{"field": "query", "type": "quantitative"}}},
		})
	}
	layers = append(layers,
		object{
			"mark":     object{"type": "line", "interpolate": "step-after", "clip": true},
			"encoding": object{"x": x, "y": y("y"), "color": method, "strokeDash": dash, "strokeWidth": width},
		},
		object{ // what the mouse finds
			"params": list{object{"name": "zoom", "select": "interval", "bind": "scales"}},
			"mark":   object{"type": "point", "filled": true, "opacity": 0.0, "size": 60.0, "clip": true},
			"encoding": object{"x": x, "y": y("y"), "color": method, "tooltip": list{
				object{"field": "method", "type": "nominal"},
				object{"field": "query", "type": "quantitative"},
				object{"field": "value", "type": "quantitative", "title": o.label(), "format": ".4g"},
			}},
		})
	return object{"$schema": vegaSchema, "title": o.Title, "width": 640.0, "height": 380.0,
		"data": object{"values": values}, "layer": layers}, nil
}

// hex writes a colour as in CSS.
func hex(c color.Color) string {
	rgb := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", rgb.R, rgb.G, rgb.B)
}

// significant rounds x to five digits, which a screen does not show.
func significant(x float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return rounded
}

package plots

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg/draw"
)

// VegaLiteMIME is the MIME type of the charts of [LatentScatterVega] and [SearchCurveVega].
// JupyterLab draws them with what it has installed, without a network.
const VegaLiteMIME = "application/vnd.vegalite.v5+json"

// object and list are JSON values. They are of the types that encoding/json decodes to, and no
// others, so that encoding/gob can carry a chart once map[string]any and []any are registered with
// it.
type (
	object = map[string]any
	list   = []any
)

// charts are Vega-Lite specifications in which a string that begins with $ stands for a value.
//
//go:embed *.vl.json
var charts embed.FS

// specification returns the chart of a name, as it is in the file.
func specification(name string) object {
	text, err := charts.ReadFile(name + ".vl.json")
	if err != nil {
		panic(err) // no such file is embedded
	}
	var chart object
	if err := json.Unmarshal(text, &chart); err != nil {
		panic(fmt.Sprintf("%s.vl.json: %v", name, err))
	}
	return chart
}

// fill returns a copy of a JSON value with the values in the place of the strings that are their
// keys.
func fill(at any, values object) any {
	switch at := at.(type) {
	case object:
		filled := object{}
		for key, v := range at {
			filled[key] = fill(v, values)
		}
		return filled
	case list:
		filled := make(list, len(at))
		for i, v := range at {
			filled[i] = fill(v, values)
		}
		return filled
	case string:
		if v, ok := values[at]; ok {
			return v
		}
	}
	return at
}

// vegaShapes and vegaSizes are the looks of the marks of a panel, as markStyles.
var (
	vegaShapes = list{"circle", "diamond", vegaStar, "triangle-up"}
	vegaSizes  = list{90.0, 260.0, 420.0, 200.0}
)

const vegaStar = "M0,-1L.25,-.34L.95,-.31L.4,.13L.59,.81L0,.42L-.59,.81L-.4,.13L-.95,-.31L-.25,-.34Z"

// vegaPoints is the largest number of points in a panel of LatentScatterVega: a notebook holds each
// in a dozen lines.
const vegaPoints = 1000

// LatentScatterVega is [LatentScatter] as a Vega-Lite chart: a JSON object, with the data inside.
// Hovering shows the name, accuracy and rank of a point; wheel and drag zoom and move, and a double
// click resets. Of more than 1,000 points in a panel, 1,000 are drawn, at even steps of rank; all
// count for the projection. Its errors are those of [LatentScatter].
func LatentScatterVega(panels []Latents, o LatentScatterOptions) (map[string]any, error) {
	if len(panels) == 0 {
		return nil, errors.New("latent scatter: no panels")
	}
	side := 480.0
	if len(panels) > 1 {
		side = 320
	}
	chart := fill(specification("latent_scatter"), object{"$title": o.Title, "$side": side}).(object)
	template := chart["hconcat"].(list)[0].(object)
	var filled list
	for i, panel := range panels {
		f, err := panel.vega(template, o)
		if err != nil {
			return nil, fmt.Errorf("latent scatter: panel %d (%q): %w", i, panel.Title, err)
		}
		if n := len(panels[0].Points); len(panel.Points) != n {
			return nil, fmt.Errorf("latent scatter: panel %d has %d points, panel 0 has %d", i, len(panel.Points), n)
		}
		filled = append(filled, fill(f, object{"$zoom": "zoom" + strconv.Itoa(i)}))
	}
	chart["hconcat"] = filled
	if n := len(panels[0].Points); n > vegaPoints {
		chart["title"].(object)["subtitle"] = fmt.Sprintf("%d of %d points", vegaPoints, n)
	}
	return chart, nil
}

// vega is one panel. The template has a layer of points, one of a path and one of marks.
func (l Latents) vega(template object, o LatentScatterOptions) (object, error) {
	xy, axes, err := l.project(o)
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
	panel := fill(template, object{
		"$panel title": l.Title, "$x title": axes[0], "$y title": axes[1],
		"$points": points, "$last rank": math.Max(2, float64(len(xy))),
	}).(object)
	layers := panel["layer"].(list)
	layers = append(layers[:1], l.vegaMarks(layers[1], layers[2], row)...)
	if l.Names == nil {
		for _, layer := range layers {
			dropName(layer.(object)["encoding"].(object))
		}
	}
	panel["layer"] = layers
	return panel, nil
}

// dropName takes the name out of the tooltip, if there is one.
func dropName(encoding object) {
	if tooltip, ok := encoding["tooltip"].(list); ok {
		encoding["tooltip"] = slices.DeleteFunc(tooltip, func(shown any) bool {
			return shown.(object)["field"] == "name"
		})
	}
}

// vegaMarks returns the layers of the marks: of each its path, if it is joined, and its glyphs.
func (l Latents) vegaMarks(path, glyphs any, row func(int) object) (layers list) {
	var names, shapes list
	for i, mark := range l.Marks {
		names, shapes = append(names, mark.Name), append(shapes, vegaShapes[i%len(vegaShapes)])
	}
	for i, mark := range l.Marks {
		if len(mark.Rows) == 0 {
			continue
		}
		colour := hex(markStyles[i%len(markStyles)].Color)
		var rows list
		for j, r := range mark.Rows {
			point := row(r)
			point["mark"], point["order"] = mark.Name, float64(j+1)
			rows = append(rows, point)
		}
		values := object{
			"$rows": rows, "$names": names, "$shapes": shapes, "$size": vegaSizes[i%len(vegaSizes)],
			"$colour": colour, "$ink": hex(ink), "$fill": colour, "$stroke": "white", "$stroke width": 1.0,
		}
		if i%len(markStyles) == 0 { // rings
			values["$fill"], values["$stroke"], values["$stroke width"] = "transparent", colour, 2.0
		}
		if mark.Joined {
			layers = append(layers, fill(path, values))
		}
		layers = append(layers, fill(glyphs, values))
	}
	return layers
}

// SearchCurveVega is [SearchCurve] as a Vega-Lite chart: a JSON object, with the data inside.
// Hovering shows the method, query and value of a curve; wheel and drag zoom and move, and a double
// click resets. Its errors are those of [SearchCurve].
func SearchCurveVega(curves []Curve, o SearchCurveOptions) (map[string]any, error) {
	s, err := newSearchPicture(curves, o)
	if err != nil {
		return nil, fmt.Errorf("search curve: %w", err)
	}
	scale := "linear"
	if o.Regret {
		scale = "log"
	}
	var methods, colours, dashes, widths, values list
	for _, c := range s.listed {
		methods = append(methods, c.Name)
		colours = append(colours, hex(c.style.Color))
		dashes = append(dashes, vegaDashes(c.style))
		widths = append(widths, 2*float64(c.style.Width/lineWidth))
	}
	for _, c := range s.drawn {
		for j, y := range c.Y {
			value := object{"method": c.Name, "query": float64(j + 1), "y": s.visible(y), "value": y}
			if c.Low != nil {
				value["low"], value["high"] = s.visible(c.Low[j]), s.visible(c.High[j])
			}
			values = append(values, value)
		}
	}
	return fill(specification("search_curve"), object{
		"$title": o.Title, "$x title": queriesLabel, "$y title": o.label(),
		"$x scale": object{"domain": list{0.0, float64(s.queries)}, "nice": false},
		"$y scale": object{"type": scale, "domain": list{s.low, s.high}, "nice": false},
		"$methods": methods,
		"$colours": colours,
		"$dashes":  dashes,
		"$widths":  widths,
		"$values":  values,
		"$optimum": o.Optimum, "$optimum y": s.visible(o.Optimum),
		"$initial": float64(o.Initial),
	}).(object), nil
}

// vegaDashes are the lengths of the dashes and gaps of a line.
func vegaDashes(style draw.LineStyle) list {
	if style.Dashes == nil {
		return list{1.0, 0.0}
	}
	var lengths list
	for _, d := range style.Dashes {
		lengths = append(lengths, float64(d))
	}
	return lengths
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

// Package plots draws the pictures of the project, as PNG images and as Vega-Lite charts.
//
// A picture is one function: it takes data and a small options value, whose zero value is usable,
// and returns the bytes of a PNG image. The image is 1,200 pixels wide (that of a cell as wide as
// the cell needs), with text that can be read at 800. The same input gives the same bytes.
// [LatentScatterVega] and [SearchCurveVega] return Vega-Lite charts, in which a reader can hover
// and zoom.
//
// Data are slices of numbers. Latents are the rows of a matrix, one per architecture, all of one
// length. Accuracies are in percent and regrets in percentage points, unless an option names
// another unit. Rows and nodes count from 0, ranks, epochs and queries from 1.
//
// Input that cannot be drawn gives an error of one line, such as missing, NaN or infinite values,
// or lengths that differ. It names the picture, the panel or series, and the value.
//
// Colour-blind readers can tell the colours apart. Series have the colours of Okabe and Ito, then
// dashes. Ranks and accuracies run through viridis, similarities from blue to red.
package plots

import (
	"fmt"
	"math"
)

// checkFinite says that there are no values, or which is the first that is NaN or infinite.
func checkFinite(what string, values []float64) error {
	if len(values) == 0 {
		return fmt.Errorf("%s: no values", what)
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s[%d] is %v, want a finite number", what, i, v)
		}
	}
	return nil
}

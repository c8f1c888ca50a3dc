// Package plots draws the pictures of the project: numbers in, PNG bytes out.
//
// Every picture takes its data and a small options value whose zero value is usable, and returns
// the bytes of a PNG image: 1,200 pixels wide (a cell drawing is as wide as its cell needs), with
// text sized to be read at 800. The same input gives the same bytes. Input that cannot be drawn
// (nothing, NaN or infinite values, lengths that differ) gives an error that names it.
//
// [LatentScatterVega] and [SearchCurveVega] give the same pictures as Vega-Lite charts, in which a
// reader can hover and zoom.
//
// Colours can be told apart by colour-blind readers: categories have the colours of Okabe and Ito,
// and then dashes; ranks and accuracies run through viridis, similarities from blue to red.
package plots

import (
	"fmt"
	"math"
)

// checkFinite says which of values is NaN or infinite, or that there are none.
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

package stats

import "gonum.org/v1/gonum/stat"

// LocalLinear returns for each y what a line says at its x that is fitted to the 2 n + 1 points
// around it in the order of x, or at the ends to the first or last ones; to all if there are fewer.
//
// Source: Cleveland, "Robust Locally Weighted Regression and Smoothing Scatterplots", JASA 1979,
// without weights and robustness.
func LocalLinear(x, y []float64, n int) []float64 {
	order := Best(x, len(x))
	xs, ys := make([]float64, len(x)), make([]float64, len(x))
	for place, i := range order {
		xs[place], ys[place] = x[i], y[i]
	}
	smooth, width := make([]float64, len(x)), min(2*n+1, len(x))
	for place, i := range order {
		first := max(0, min(place-n, len(x)-width))
		wx, wy := xs[first:first+width], ys[first:first+width]
		if wx[0] == wx[width-1] { // no line
			smooth[i] = stat.Mean(wy, nil)
			continue
		}
		intercept, slope := stat.LinearRegression(wx, wy, nil, false)
		smooth[i] = intercept + slope*x[i]
	}
	return smooth
}

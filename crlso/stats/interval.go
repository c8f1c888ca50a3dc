package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval returns the mean of independent samples and the half-width of its confidence interval at
// the given level, such as 0.95, by Student's t distribution. With one sample the half-width is
// NaN.
func Interval(samples []float64, level float64) (mean, halfWidth float64) {
	mean, deviation := stat.MeanStdDev(samples, nil)
	n := float64(len(samples))
	if n < 2 {
		return mean, math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + level) / 2)
	return mean, t * deviation / math.Sqrt(n)
}

// Band returns the mean of equally long curves at each point, and the ends of its confidence
// interval. Where there is only one curve, low and high are nil. It panics if the lengths differ.
func Band(curves [][]float64, level float64) (mean, low, high []float64) {
	if len(curves) == 0 {
		return nil, nil, nil
	}
	for i := range curves[0] {
		samples := make([]float64, len(curves))
		for j, curve := range curves {
			if len(curve) != len(curves[0]) {
				panic(fmt.Sprintf("stats: curve %d has %d points, the first has %d", j, len(curve), len(curves[0])))
			}
			samples[j] = curve[i]
		}
		m, half := Interval(samples, level)
		mean = append(mean, m)
		if len(curves) > 1 {
			low, high = append(low, m-half), append(high, m+half)
		}
	}
	return mean, low, high
}

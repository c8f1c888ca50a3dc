package crlso

import "fmt"

// MidpointGaps measures how concave the performance model is between pairs of latents: for each pair a[i], b[i] it
// returns P((a+b)/2) - (P(a) + P(b))/2 in points of accuracy, where P = 1 - f. A concave model has no
// negative gap, up to rounding in single precision.
func (m *Model) MidpointGaps(a, b [][]float64) ([]float64, error) {
	middle, err := Between(a, b, 0.5)
	if err != nil {
		return nil, err
	}
	n := len(a)
	all := append(append(append(make([][]float64, 0, 3*n), a...), b...), middle...)
	values, err := m.Performance(all)
	if err != nil {
		return nil, err
	}
	gaps := make([]float64, n)
	for i := range gaps {
		gaps[i] = values[2*n+i] - (values[i]+values[n+i])/2
	}
	return gaps, nil
}

// Between returns the points a[i] + t (b[i] - a[i]) on the segments between pairs of latents.
func Between(a, b [][]float64, t float64) ([][]float64, error) {
	if len(a) != len(b) {
		return nil, fmt.Errorf("segments: %d starts and %d ends", len(a), len(b))
	}
	points := make([][]float64, len(a))
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return nil, fmt.Errorf("segment %d: latents with %d and %d dimensions", i, len(a[i]), len(b[i]))
		}
		points[i] = make([]float64, len(a[i]))
		for j := range a[i] {
			points[i][j] = a[i][j] + t*(b[i][j]-a[i][j])
		}
	}
	return points, nil
}

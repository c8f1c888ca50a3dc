package inspect

import (
	"fmt"
	"math"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/datasets"
	"gonum.org/v1/gonum/stat"
)

// Surface is a model of accuracy over latents, such as [crlso.Model] and [Probe].
type Surface interface {
	// Performance returns accuracies in percent, one for each latent.
	Performance(latents [][]float64) ([]float64, error)
}

// AlongSegments returns the performance model 1 - f, in percent, at equally spaced points of the
// segment from each a[i] to b[i], ends included: one row of length steps for each segment. steps
// must be at least 2.
func AlongSegments(surface Surface, a, b [][]float64, steps int) ([][]float64, error) {
	return alongSegments(a, b, steps, surface.Performance)
}

// MeasuredAlongSegments is AlongSegments for the validation accuracy that the benchmark measured
// for the architectures that the points decode to. Points that decode to none have accuracy 0.
func MeasuredAlongSegments(m *crlso.Model, benchmark datasets.Benchmark, a, b [][]float64, steps int) ([][]float64, error) {
	return alongSegments(a, b, steps, func(points [][]float64) ([]float64, error) {
		decoded, err := m.Decode(points)
		if err != nil {
			return nil, err
		}
		values := make([]float64, len(decoded))
		for i, d := range decoded {
			if d.Err != nil {
				continue
			}
			record, err := benchmark.Lookup(d.Arch)
			if err != nil {
				return nil, err
			}
			values[i] = record.Val
		}
		return values, nil
	})
}

// MidpointGaps measures how concave the performance model P = 1 - f is: for each pair of latents it
// returns P((a+b)/2) - (P(a) + P(b))/2 in points of accuracy. A concave model has no negative gap,
// up to rounding in single precision.
func MidpointGaps(surface Surface, a, b [][]float64) ([]float64, error) {
	values, err := AlongSegments(surface, a, b, 3)
	if err != nil {
		return nil, err
	}
	gaps := make([]float64, len(values))
	for i, v := range values {
		gaps[i] = v[1] - (v[0]+v[2])/2
	}
	return gaps, nil
}

// Spread is the scale of a set of latents, against which to hold the lengths of noise and steps:
// the root mean square of their distances to their mean.
func Spread(latents [][]float64) float64 {
	if len(latents) == 0 {
		return 0
	}
	sum := 0.0
	coordinate := make([]float64, len(latents))
	for j := range latents[0] {
		for i, z := range latents {
			coordinate[i] = z[j]
		}
		sum += stat.PopVariance(coordinate, nil)
	}
	return math.Sqrt(sum)
}

func alongSegments(a, b [][]float64, steps int, value func(points [][]float64) ([]float64, error)) ([][]float64, error) {
	if len(a) != len(b) || steps < 2 {
		return nil, fmt.Errorf("segments: %d starts, %d ends and %d steps; want as many ends as starts and at least 2 steps", len(a), len(b), steps)
	}
	points := make([][]float64, 0, len(a)*steps)
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return nil, fmt.Errorf("segments: segment %d joins latents of %d and %d dimensions", i, len(a[i]), len(b[i]))
		}
		for step := range steps {
			t := float64(step) / float64(steps-1)
			point := make([]float64, len(a[i]))
			for j := range point {
				point[j] = a[i][j] + t*(b[i][j]-a[i][j])
			}
			points = append(points, point)
		}
	}
	values, err := value(points)
	if err != nil {
		return nil, fmt.Errorf("segments: %w", err)
	}
	out := make([][]float64, len(a))
	for i := range out {
		out[i] = values[i*steps : (i+1)*steps]
	}
	return out, nil
}

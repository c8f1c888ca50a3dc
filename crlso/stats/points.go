package stats

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Nearest returns which of the points is the nearest to one, and how far away it is; -1 and
// infinity if there are no points.
func Nearest(points [][]float64, to []float64) (index int, distance float64) {
	index, distance = -1, math.Inf(1)
	for i, point := range points {
		if d := floats.Distance(point, to, 2); d < distance {
			index, distance = i, d
		}
	}
	return index, distance
}

// Distinct returns the points without those that are closer than distance to an earlier one.
func Distinct(points [][]float64, distance float64) (distinct [][]float64) {
	for _, point := range points {
		if _, d := Nearest(distinct, point); d >= distance {
			distinct = append(distinct, point)
		}
	}
	return distinct
}

// RiseAboveChords returns the most by which a function is above its chords: each row holds its
// values at equally spaced points of a segment, two or more. It is 0, up to rounding, for a convex
// function.
func RiseAboveChords(along [][]float64) float64 {
	most := math.Inf(-1)
	for _, values := range along {
		last := len(values) - 1
		for i, v := range values {
			s := float64(i) / float64(last)
			most = max(most, v-(1-s)*values[0]-s*values[last])
		}
	}
	return most
}

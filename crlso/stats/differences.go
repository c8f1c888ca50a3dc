package stats

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/floats"
)

// MeanDifference is the mean of |v_i - v_j| over all pairs of values, Gini's mean difference. It is
// NaN for fewer than two.
func MeanDifference(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := float64(len(sorted))
	sum := 0.0
	for i, v := range sorted {
		sum += (2*float64(i) + 1 - n) * v
	}
	return 2 * sum / (n * (n - 1))
}

// NeighbourDifference is the mean of |v_i - v_j| over the given rows i and, for each, the k rows j
// nearest to it, by Euclidean distance between their points: small, compared with [MeanDifference],
// where values are smooth. It panics if there are not as many values as points, or fewer than k
// other points.
func NeighbourDifference(points [][]float64, values []float64, rows []int, k int) float64 {
	if len(points) != len(values) || k < 1 || k >= len(points) {
		panic(fmt.Sprintf("stats: %d points, %d values, %d neighbours; want as many values as points, and more than neighbours",
			len(points), len(values), k))
	}
	sum := 0.0
	for _, i := range rows {
		for _, j := range nearest(points, i, k) {
			sum += math.Abs(values[i] - values[j])
		}
	}
	return sum / float64(len(rows)*k)
}

// nearest returns the k points nearest to point i, without it.
func nearest(points [][]float64, i, k int) []int {
	found, distances := make([]int, 0, k+1), make([]float64, 0, k+1)
	for j := range points {
		if j == i {
			continue
		}
		d := floats.Distance(points[i], points[j], 2)
		if len(found) == k && d >= distances[k-1] {
			continue
		}
		at := sort.Search(len(distances), func(at int) bool { return distances[at] > d })
		found, distances = slices.Insert(found, at, j), slices.Insert(distances, at, d)
		if len(found) > k {
			found, distances = found[:k], distances[:k]
		}
	}
	return found
}

// MidpointViolations is the share of segments on which a function breaks concavity at the middle:
// each row holds its values at an odd number of equally spaced points of a segment, three or more,
// and the middle one lies below the mean of the ends by more than the tolerance. It is NaN if there
// are no segments, and panics if a number of points is even or below three.
func MidpointViolations(along [][]float64, tolerance float64) float64 {
	violations := 0.0
	for i, v := range along {
		if len(v) < 3 || len(v)%2 == 0 {
			panic(fmt.Sprintf("stats: segment %d has %d points, want an odd number, 3 or more", i, len(v)))
		}
		if v[len(v)/2] < (v[0]+v[len(v)-1])/2-tolerance {
			violations++
		}
	}
	return violations / float64(len(along))
}

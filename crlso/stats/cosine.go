package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// CosineSimilarity returns the cosine of the angle between every row of a and every row of b,
//
//	s[i][j] = a[i] · b[j] / (|a[i]| |b[j]|),
//
// between -1 and 1. It is NaN where a row is zero, which has no direction. It panics if the lengths
// of rows differ.
func CosineSimilarity(a, b [][]float64) [][]float64 {
	s := make([][]float64, len(a))
	for i, x := range a {
		s[i] = make([]float64, len(b))
		for j, y := range b {
			if len(x) != len(y) {
				panic(fmt.Sprintf("stats: row %d of a has %d values, row %d of b has %d", i, len(x), j, len(y)))
			}
			cosine := floats.Dot(x, y) / floats.Norm(x, 2) / floats.Norm(y, 2)
			s[i][j] = math.Max(-1, math.Min(1, cosine))
		}
	}
	return s
}

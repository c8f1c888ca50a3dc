package stats

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// LinearPredictions fits y as a linear function of the rows of x, with an intercept, by least
// squares, and returns its values at the rows of at. Of many equally good fits it takes the one of
// least norm. It panics if the lengths of rows differ.
func LinearPredictions(x [][]float64, y []float64, at [][]float64) ([]float64, error) {
	if len(x) == 0 || len(x) != len(y) {
		return nil, fmt.Errorf("linear fit: %d rows and %d values, want equally many and at least one", len(x), len(y))
	}
	var svd mat.SVD
	if !svd.Factorize(withIntercept(x, len(x[0])), mat.SVDThin) {
		return nil, errors.New("linear fit: the singular values did not converge")
	}
	var coefficients, predictions mat.VecDense
	svd.SolveVecTo(&coefficients, mat.NewVecDense(len(y), y), svd.Rank(1e-12))
	if len(at) == 0 {
		return nil, nil
	}
	predictions.MulVec(withIntercept(at, len(x[0])), &coefficients)
	return predictions.RawVector().Data, nil
}

// withIntercept returns the rows with a 1 before each.
func withIntercept(rows [][]float64, length int) *mat.Dense {
	m := mat.NewDense(len(rows), length+1, nil)
	for i, row := range rows {
		if len(row) != length {
			panic(fmt.Sprintf("stats: row %d has %d values, want %d", i, len(row), length))
		}
		m.Set(i, 0, 1)
		copy(m.RawRowView(i)[1:], row)
	}
	return m
}

package stats

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// TestLinearPredictions compares with sklearn.linear_model.LinearRegression().fit(x, y).predict(at)
// (1.5.2).
func TestLinearPredictions(t *testing.T) {
	x := [][]float64{{1, 2}, {2, 1}, {3, 5}, {4, 3}, {5, 8}, {6, 1}}
	got, err := LinearPredictions(x, []float64{3.1, 2.9, 8.2, 7.4, 12.8, 6.9}, [][]float64{{0, 0}, {7, 7}})
	want := []float64{0.17007722007721782, 13.92818532818533}
	if err != nil || !floats.EqualApprox(got, want, 1e-9) {
		t.Errorf("%.12g, %v, sklearn has %.12g", got, err, want)
	}
}

// A column that repeats another leaves the fit open, but not its values.
func TestLinearPredictionsOfDependentColumns(t *testing.T) {
	x, at := [][]float64{{1, 2}, {2, 1}, {3, 5}, {4, 3}}, [][]float64{{9, 4}}
	y := []float64{1, 0, 2, 7}
	want, err := LinearPredictions(x, y, at)
	if err != nil {
		t.Fatal(err)
	}
	repeat := func(rows [][]float64) (wider [][]float64) {
		for _, row := range rows {
			wider = append(wider, []float64{row[0], row[1], row[0]})
		}
		return wider
	}
	got, err := LinearPredictions(repeat(x), y, repeat(at))
	if err != nil || math.Abs(got[0]-want[0]) > 1e-9 {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestLinearPredictionsErrors(t *testing.T) {
	if _, err := LinearPredictions([][]float64{{1}}, []float64{1, 2}, nil); err == nil {
		t.Error("two values for one row are no error")
	}
	if _, err := LinearPredictions(nil, nil, nil); err == nil {
		t.Error("no rows are no error")
	}
}

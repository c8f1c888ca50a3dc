package exercise

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Explained checks f, R²: the share of the variance of what is measured that predictions explain.
func Explained(f func(predicted, measured []float64) float64) {
	Check("explained", func() error {
		measured, predicted := []float64{1, 2, 3, 6}, []float64{2, 2, 4, 4}
		mean := []float64{3, 3, 3, 3}
		residual := floats.Distance(measured, predicted, 2)
		want := 1 - residual*residual/14
		switch got := f(predicted, measured); {
		case f(measured, measured) == 0:
			return errors.New("Predictions that are all right have R² = 1, and it returns 0.")
		case near(got, math.Pow(stat.Correlation(predicted, measured, nil), 2)):
			return errors.New("That is a correlation. It forgives predictions that are all 10 points too high; R² does not.")
		case near(got, 1-want):
			return errors.New("That is the share that is not explained; take it away from 1.")
		case !near(f(mean, measured), 0):
			return fmt.Errorf("Who always says the mean explains nothing, and it returns %.3f: divide by the squares of measured minus its mean.", f(mean, measured))
		case !near(got, want):
			return fmt.Errorf("Of predictions %v and measurements %v it makes %.3f, not %.3f.", predicted, measured, got, want)
		}
		return nil
	})
}

// Violations checks f, the share of segments on which accuracy violates concavity at the middle.
// Each has three accuracies: at one end, in the middle, at the other end.
func Violations(f func(segments [][]float64) float64) {
	Check("violations", func() error {
		segments := [][]float64{
			{90, 95, 92}, {60, 80, 94}, {93, 92, 90}, {80, 88, 90}, // above the mean of the ends
			{91, 91, 91}, {94, 77.5, 61}, // the mean
			{90, 88, 92}, {60, 75, 94}, {10, 10, 91}, // below
		}
		switch got := 9 * f(segments); math.Round(got*1e9) / 1e9 {
		case 3:
			return nil
		case 6:
			return errors.New("That is the share of segments that are as concavity wants them; asked is for the others.")
		case 27:
			return errors.New("That is how many they are; asked is for the share.")
		case 5, 4:
			return errors.New("A middle that is exactly the mean of its ends is allowed: a linear function is concave.")
		case 1:
			return errors.New("Those middles are below both ends. Concavity asks for more: not below the mean of the ends.")
		case 7:
			return errors.New("Those middles are below the better end. Concavity asks for less: not below the mean of the ends.")
		default:
			return fmt.Errorf("Of these nine segments it makes %.3f: %v", got/9, segments)
		}
	})
}

// Cosine checks f, the cosine similarity of two vectors that are not 0.
func Cosine(f func(a, b []float64) float64) {
	Check("cosine", func() error {
		a, b := []float64{3, 4}, []float64{1, 0}
		long := []float64{30, 40}
		switch got := f(a, b); {
		case got == 0:
			return errors.New("The vectors (3, 4) and (1, 0) are not orthogonal, and it returns 0.")
		case got == 3:
			return errors.New("That is the dot product; divide it by both lengths, so that only directions count.")
		case near(got, 0.8):
			return errors.New("That is the sine of the angle between (3, 4) and (1, 0).")
		case !near(got, 0.6):
			return fmt.Errorf("Of (3, 4) and (1, 0) it makes %.3f, not 3/5.", got)
		case !near(f(a, long), 1):
			return fmt.Errorf("Vectors of one direction have a similarity of 1, and of (3, 4) and (30, 40) it makes %.3f: divide by both lengths.", f(a, long))
		}
		return nil
	})
}

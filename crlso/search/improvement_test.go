package search

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// Targets drawn from a Gaussian process of a scale on the grid are the most likely under that scale
// or the next to it.
func TestLikeliestScale(t *testing.T) {
	rng := newSource(1)
	const n = 120
	l := LatentGP{Latents: make([][]float64, n)}
	squares, points := map[int][]float64{}, make([]int, n)
	for i := range l.Latents {
		l.Latents[i] = []float64{rng.NormFloat64(), rng.NormFloat64()}
		points[i] = i
	}
	for i := range l.Latents {
		squares[i] = l.squares(i)
	}
	const meanSquare = 4 // of the distance of two standard normal vectors in the plane
	for _, scale := range []float64{meanSquare / 8., meanSquare / 2., meanSquare * 2.} {
		covariance := mat.NewSymDense(n, nil)
		for i := range n {
			for j := range i {
				covariance.SetSym(i, j, math.Exp(-squares[i][j]/scale))
			}
			covariance.SetSym(i, i, 1+observationVariance)
		}
		normal, ok := distmv.NewNormal(make([]float64, n), covariance, rng)
		if !ok {
			t.Fatal("the covariance is not positive definite")
		}
		for range 10 {
			got := likeliestKernel(kernels(octaves(meanSquare, -5, 3), observationVariance), points, squares, normal.Rand(nil)).scale
			if octaves := math.Abs(math.Log2(got / scale)); octaves > 1 {
				t.Errorf("likeliest scale is %v, want %v within an octave", got, scale)
			}
		}
	}
	if want := (kernel{7, .5}); likeliestKernel([]kernel{want}, points, squares, make([]float64, n)) != want {
		t.Errorf("the likeliest of one kernel is another")
	}
}

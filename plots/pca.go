package plots

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// PCA projects latents, at least two rows of one length, onto their first two principal components.
// It returns the projections, in the order of the rows and with their mean at the origin, and the
// share of the total variance, 0 to 1, along each component. The sign of a component, which PCA
// leaves open, is the one that makes its largest loading positive. For latents of one dimension,
// the second coordinate is zero.
//
// The error says which latent is empty, of another length, or not finite, or that there are fewer
// than two different ones.
func PCA(latents [][]float64) (xy [][2]float64, explained [2]float64, err error) {
	if len(latents) < 2 {
		return nil, explained, fmt.Errorf("PCA: %d latents, want at least 2", len(latents))
	}
	n, dims := len(latents), len(latents[0])
	if dims == 0 {
		return nil, explained, errors.New("PCA: latents[0] is empty")
	}
	x := mat.NewDense(n, dims, nil)
	equal := true
	for i, latent := range latents {
		if len(latent) != dims {
			return nil, explained, fmt.Errorf("PCA: latents[%d] has %d dimensions, latents[0] has %d", i, len(latent), dims)
		}
		if err := checkFinite(fmt.Sprintf("PCA: latents[%d]", i), latent); err != nil {
			return nil, explained, err
		}
		x.SetRow(i, latent)
		equal = equal && slices.Equal(latent, latents[0])
	}
	if equal {
		return nil, explained, errors.New("PCA: all latents are equal")
	}

	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return nil, explained, errors.New("PCA: the singular values of the latents did not converge")
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	variances := pc.VarsTo(nil)
	total := floats.Sum(variances)

	xy = make([][2]float64, n)
	for k := range min(2, len(variances)) {
		explained[k] = variances[k] / total
		component := mat.Col(nil, k, &vectors)
		orient(component)
		var projection mat.VecDense
		projection.MulVec(x, mat.NewVecDense(dims, component))
		mean := stat.Mean(projection.RawVector().Data, nil)
		for i := range xy {
			xy[i][k] = projection.AtVec(i) - mean
		}
	}
	return xy, explained, nil
}

// orient flips v if its entry of largest size is negative. Of entries of nearly the same size the
// first decides, so that rounding does not.
func orient(v []float64) {
	largest := 0
	for i := range v {
		if math.Abs(v[i]) > math.Abs(v[largest])*(1+1e-6) {
			largest = i
		}
	}
	if v[largest] > 0 {
		return
	}
	for i := range v {
		v[i] = -v[i]
	}
}

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
	x, err := matrixOf(latents)
	if err != nil {
		return nil, explained, fmt.Errorf("PCA: %w", err)
	}
	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return nil, explained, errors.New("PCA: the singular values of the latents did not converge")
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	variances := pc.VarsTo(nil)
	total := floats.Sum(variances)

	n, dims := x.Dims()
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

// LinearFit fits accuracies as a linear function of latents, at least two rows of one length, by
// least squares. It returns the direction in which the fit rises, of length 1, or 0 where the fit
// is flat, and the R² of the fit: the share of the variance of the accuracies that it explains.
//
// The errors are those of [PCA], and that there is another number of accuracies.
func LinearFit(latents [][]float64, accuracy []float64) (direction []float64, rSquared float64, err error) {
	x, err := matrixOf(latents)
	if err != nil {
		return nil, 0, fmt.Errorf("linear fit: %w", err)
	}
	n, dims := x.Dims()
	if len(accuracy) != n {
		return nil, 0, fmt.Errorf("linear fit: %d accuracies for %d latents", len(accuracy), n)
	}
	for j := range dims {
		column := mat.Col(nil, j, x)
		floats.AddConst(-stat.Mean(column, nil), column)
		x.SetCol(j, column)
	}
	mean := stat.Mean(accuracy, nil)
	y := slices.Clone(accuracy)
	floats.AddConst(-mean, y)
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		return nil, 0, errors.New("linear fit: the singular values of the latents did not converge")
	}
	var slope, fit mat.VecDense
	svd.SolveVecTo(&slope, mat.NewVecDense(n, y), svd.Rank(1e-12))
	fit.MulVec(x, &slope)
	predicted := fit.RawVector().Data
	floats.AddConst(mean, predicted)
	direction = slope.RawVector().Data
	floats.Scale(1/max(floats.Norm(direction, 2), 1e-12), direction)
	return direction, stat.RSquaredFrom(predicted, accuracy, nil), nil
}

// matrixOf returns latents as the rows of a matrix.
func matrixOf(latents [][]float64) (*mat.Dense, error) {
	if len(latents) < 2 {
		return nil, fmt.Errorf("%d latents, want at least 2", len(latents))
	}
	dims := len(latents[0])
	if dims == 0 {
		return nil, errors.New("latents[0] is empty")
	}
	x := mat.NewDense(len(latents), dims, nil)
	equal := true
	for i, latent := range latents {
		if len(latent) != dims {
			return nil, fmt.Errorf("latents[%d] has %d dimensions, latents[0] has %d", i, len(latent), dims)
		}
		if err := checkFinite(fmt.Sprintf("latents[%d]", i), latent); err != nil {
			return nil, err
		}
		x.SetRow(i, latent)
		equal = equal && slices.Equal(latent, latents[0])
	}
	if equal {
		return nil, errors.New("all latents are equal")
	}
	return x, nil
}

package search

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// posterior is a Gaussian process on a fixed list of points, given noisy observations at some of
// them. The prior has mean 0 and variance 1.
//
// With L the Cholesky factor of the observations' covariance, noise included, it keeps the rows of
// L^-1 K(observed, all): a further observation adds one row, and no row changes.
type posterior struct {
	covariances func(point int) []float64 // prior covariances of one point with each, for the posterior to keep
	noise       float64                   // variance

	observed []int       // points, in the order of observation
	diagonal []float64   // of L; below it, L[n][m] is rows[m][observed[n]]
	rows     [][]float64 // one for each observation
	variance []float64   // of each point, noise not included
}

func newPosterior(points int, covariances func(point int) []float64, noise float64) *posterior {
	p := &posterior{covariances: covariances, noise: noise, variance: make([]float64, points)}
	for i := range p.variance {
		p.variance[i] = 1
	}
	return p
}

// observe adds observations at some points. Several at once are faster than one by one.
func (p *posterior) observe(points ...int) {
	for block := range slices.Chunk(points, 8) { // whose rows stay in the processor's cache
		p.observeBlock(block)
	}
}

func (p *posterior) observeBlock(points []int) {
	fresh := make([][]float64, len(points))
	for n, point := range points {
		fresh[n] = p.covariances(point)
	}
	for _, earlier := range p.rows {
		for n, point := range points {
			floats.AddScaled(fresh[n], -earlier[point], earlier)
		}
	}
	for n, point := range points {
		row := fresh[n]
		diagonal := math.Sqrt(p.variance[point] + p.noise)
		floats.Scale(1/diagonal, row)
		for i, x := range row {
			p.variance[i] -= x * x
		}
		for m := n + 1; m < len(points); m++ {
			floats.AddScaled(fresh[m], -row[points[m]], row)
		}
		p.observed = append(p.observed, point)
		p.diagonal = append(p.diagonal, diagonal)
		p.rows = append(p.rows, row)
	}
}

// mean returns the mean at each point when the observations are the targets.
func (p *posterior) mean(targets []float64) []float64 {
	mean := make([]float64, len(p.variance))
	whitened := make([]float64, len(targets)) // L^-1 targets
	for n, point := range p.observed {
		whitened[n] = targets[n]
		for m := range n {
			whitened[n] -= p.rows[m][point] * whitened[m]
		}
		whitened[n] /= p.diagonal[n]
		floats.AddScaled(mean, whitened[n], p.rows[n])
	}
	return mean
}

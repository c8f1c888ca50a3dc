package plots

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// maxTSNE is the largest number of points that [TSNE] takes: its time and memory grow with the
// square.
const maxTSNE = 5000

// The schedule of van der Maaten and Hinton (2008), with the learning rate of Belkina et al.
// (2019). Longer and stronger exaggeration, as is usual for many points, shrinks data without
// clusters, such as a lattice, to a line.
const (
	tsneSteps      = 1000
	tsneExaggerate = 4   // factor on attraction
	tsneEarly      = 50  // steps with it
	tsneMomentum   = 250 // steps with a momentum of 0.5, 0.8 from then on
)

// TSNE places latents, rows of one length, in the plane so that near ones stay near, by
// t-distributed stochastic neighbour embedding (van der Maaten and Hinton, "Visualizing Data using
// t-SNE", 2008). It returns a point per row. Distances between far points, areas and densities mean
// nothing.
//
// The perplexity is about the number of neighbours that count: above 1 and below the number of
// latents less 1; 30 is usual. The method is the exact one, whose time and memory grow with the
// square of the number of latents: it takes up to 5,000, so draw a sample of more. It starts from
// [PCA] and needs no random numbers.
//
// The error says which latent is empty, of another length or not finite, or what is wrong with
// their number or the perplexity.
func TSNE(latents [][]float64, perplexity float64) ([][2]float64, error) {
	n := len(latents)
	if n > maxTSNE {
		return nil, fmt.Errorf("t-SNE: %d latents, want at most %d; draw a sample", n, maxTSNE)
	}
	xy, _, err := PCA(latents)
	if err != nil {
		return nil, fmt.Errorf("t-SNE: %w", err)
	}
	if !(perplexity > 1 && perplexity < float64(n-1)) {
		return nil, fmt.Errorf("t-SNE: perplexity is %g, want above 1 and below %d for %d latents", perplexity, n-1, n)
	}
	first := make([]float64, n)
	for i := range xy {
		first[i] = xy[i][0]
	}
	scale := 1e-4 / stat.PopStdDev(first, nil)
	for i := range xy {
		xy[i][0] *= scale
		xy[i][1] *= scale
	}
	tsneDescend(affinities(latents, perplexity), xy)
	return xy, nil
}

// tsneDescend moves points of the plane to a minimum of the Kullback-Leibler divergence of p, by
// gradient descent with momentum and a gain for each coordinate.
func tsneDescend(p *mat.Dense, xy [][2]float64) {
	n := len(xy)
	rate := math.Max(float64(n)/48, 50)
	gains, velocity, gradient := make([][2]float64, n), make([][2]float64, n), make([][2]float64, n)
	for i := range gains {
		gains[i] = [2]float64{1, 1}
	}
	for step := range tsneSteps {
		exaggerate, momentum := 1.0, 0.8
		if step < tsneEarly {
			exaggerate = tsneExaggerate
		}
		if step < tsneMomentum {
			momentum = 0.5
		}
		tsneGradient(gradient, p, xy, exaggerate)
		for i, g := range gradient {
			for k := range 2 {
				if (g[k] > 0) == (velocity[i][k] > 0) {
					gains[i][k] = math.Max(0.01, gains[i][k]*0.8)
				} else {
					gains[i][k] += 0.2
				}
				velocity[i][k] = momentum*velocity[i][k] - rate*gains[i][k]*g[k]
				xy[i][k] += velocity[i][k]
			}
		}
	}
}

// affinities returns the n by n probabilities that t-SNE gives to pairs of points. Those of the
// neighbours of a point follow a normal distribution around it whose entropy is the logarithm of
// the perplexity; they are then made symmetric. Their sum is 1.
func affinities(points [][]float64, perplexity float64) *mat.Dense {
	n := len(points)
	conditional := mat.NewDense(n, n, nil)
	eachRow(n, func(i int) {
		row := conditional.RawRowView(i)
		nearest := math.Inf(1)
		squared := make([]float64, n)
		for j := range squared {
			d := floats.Distance(points[i], points[j], 2)
			squared[j] = d * d
			if j != i {
				nearest = math.Min(nearest, squared[j])
			}
		}
		precision, low, high := 1.0, 0.0, math.Inf(1)
		for range 100 {
			sum, weighted := 0.0, 0.0
			for j, d := range squared {
				row[j] = 0
				if j != i {
					row[j] = math.Exp(-(d - nearest) * precision)
				}
				sum += row[j]
				weighted += row[j] * (d - nearest)
			}
			floats.Scale(1/sum, row)
			excess := math.Log(sum) + precision*weighted/sum - math.Log(perplexity)
			switch {
			case math.Abs(excess) < 1e-6:
				return
			case excess < 0:
				high = precision
				precision = (low + high) / 2
			default:
				low = precision
				precision = math.Min(2*precision, (low+high)/2)
			}
		}
	})
	var p mat.Dense
	p.Add(conditional, conditional.T())
	p.Scale(1/(2*float64(n)), &p)
	return &p
}

// tsneGradient sets gradient, a row per point of xy, to that of the Kullback-Leibler divergence of
// p from the probabilities of pairs in the plane. Exaggerate is a factor on all values of p.
func tsneGradient(gradient [][2]float64, p *mat.Dense, xy [][2]float64, exaggerate float64) {
	n := len(xy)
	repulsion, sums := make([][2]float64, n), make([]float64, n)
	eachRow(n, func(i int) {
		var attract, repel [2]float64
		sum := 0.0
		for j, pij := range p.RawRowView(i) {
			dx, dy := xy[i][0]-xy[j][0], xy[i][1]-xy[j][1]
			w := 1 / (1 + dx*dx + dy*dy)
			attract[0] += pij * w * dx
			attract[1] += pij * w * dy
			repel[0] += w * w * dx
			repel[1] += w * w * dy
			sum += w
		}
		gradient[i], repulsion[i], sums[i] = attract, repel, sum-1 // without the point itself
	})
	total := floats.Sum(sums)
	for i := range gradient {
		for k := range 2 {
			gradient[i][k] = 4 * (exaggerate*gradient[i][k] - repulsion[i][k]/total)
		}
	}
}

// eachRow calls do for 0 up to n-1, on all processors.
func eachRow(n int, do func(i int)) {
	var workers sync.WaitGroup
	count := runtime.GOMAXPROCS(0)
	for worker := range count {
		workers.Go(func() {
			for i := worker; i < n; i += count {
				do(i)
			}
		})
	}
	workers.Wait()
}

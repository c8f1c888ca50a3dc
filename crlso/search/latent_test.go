package search

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// The formulas on two latents at a distance of 5: root mean square distance over all pairs, a latent and
// itself included, squared distance, and covariance by the length 5.
func TestSquaredExponential(t *testing.T) {
	l := LatentGP{Latents: [][]float64{{1, 1}, {4, 5}}}
	variance := (1.5*1.5 + 2*2)
	row := l.squares(0)
	wantClose(t, "squared distance from itself", row[0], 0)
	wantClose(t, "squared distance", row[1], 25)
	wantClose(t, "mean square distance", (row[0]+row[1]+l.squares(1)[0]+l.squares(1)[1])/4, 2*variance)
	covariances := squaredExponentials(row, 5)
	wantClose(t, "variance", covariances[0], 1)
	wantClose(t, "covariance", covariances[1], math.Exp(-0.5))
}

// Targets drawn from a Gaussian process of a length on the grid are the most likely under that length or the
// next to it.
func TestLikeliestLength(t *testing.T) {
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
	const spread = 2 // of two standard normal vectors in the plane
	for _, length := range []float64{spread / 4., spread / 2., spread} {
		covariance := mat.NewSymDense(n, nil)
		for i := range n {
			for j := range i {
				covariance.SetSym(i, j, math.Exp(-squares[i][j]/(2*length*length)))
			}
			covariance.SetSym(i, i, 1+observationVariance)
		}
		normal, ok := distmv.NewNormal(make([]float64, n), covariance, rng)
		if !ok {
			t.Fatal("the covariance is not positive definite")
		}
		for range 10 {
			got := likeliestLength(spread, points, squares, normal.Rand(nil))
			if octaves := math.Abs(math.Log2(got / length)); octaves > 0.51 {
				t.Errorf("likeliest length is %v, want %v within half an octave", got, length)
			}
		}
	}
}

// Latents that say what an architecture is worth lead to the best one sooner than the same latents dealt out at
// random.
func TestLatentGPFollowsLatents(t *testing.T) {
	queries := func(latents [][]float64) (total int) {
		for seed := range uint64(20) {
			oracle := newOracle(t, toy{toySpace{}}, 81)
			if err := (LatentGP{Latents: latents}).Search(oracle, newSource(seed)); err != nil {
				t.Fatal(err)
			}
			for _, query := range oracle.Log() {
				total++
				if query.Accuracy == 8 {
					break
				}
			}
		}
		return total
	}
	shuffled := toyLatents()
	newSource(1).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	with, without := queries(toyLatents()), queries(shuffled)
	if with > 20*20 || without < 20*30 {
		t.Errorf("the best of 81 is found after %d / 20 queries, with shuffled latents %d / 20; want at most 20 and at least 30",
			with, without)
	}
}

// oneHotLatents are vectors of NAS-Bench-201 of which two are the farther apart the more edges differ.
func oneHotLatents() [][]float64 {
	space := nasbench201.Space{}
	encode := oneHot(space)
	latents := make([][]float64, space.Len())
	for i := range latents {
		for _, x := range encode(space.At(i))[nasbench201.NumNodes*nasbench201.NumNodes:] {
			latents[i] = append(latents[i], float64(x))
		}
	}
	return latents
}

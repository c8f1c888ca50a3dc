package search

import (
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// The squared distance of two latents, and its mean over all pairs, a latent and itself included.
func TestSquaredDistances(t *testing.T) {
	row := LatentGP{Latents: [][]float64{{1, 1}, {4, 5}}}.squares(0)
	wantClose(t, "squared distance from itself", row[0], 0)
	wantClose(t, "squared distance", row[1], 25)

	l, mean := LatentGP{Latents: toy.Latents()}, 0.0
	for i := range l.Latents {
		mean += stat.Mean(l.squares(i), nil) / float64(len(l.Latents))
	}
	got, err := l.meanSquare(toy.Space{})
	if err != nil {
		t.Fatal(err)
	}
	wantClose(t, "mean square distance", got, mean)
}

// Latents that say what an architecture is worth lead to the best one sooner than the same latents
// dealt out at random.
func TestLatentGPFollowsLatents(t *testing.T) {
	queries := func(latents [][]float64) (total int) {
		for seed := range uint64(20) {
			oracle := newOracle(t, toy.Benchmark{Over: toy.Space{}}, 81)
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
	shuffled := toy.Latents()
	newSource(1).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	with, without := queries(toy.Latents()), queries(shuffled)
	if with > 20*20 || without < 20*30 {
		t.Errorf("the best of 81 is found after %d / 20 queries, with shuffled latents %d / 20; want at most 20 and at least 30",
			with, without)
	}
}

// oneHotLatents are vectors of NAS-Bench-201 of which two are the farther apart the more edges
// differ.
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

package testbed

import "math/rand/v2"

// Latents draws n latents with the given standard deviation.
func Latents(rng *rand.Rand, n, dim int, deviation float64) [][]float64 {
	latents := make([][]float64, n)
	for i := range latents {
		for range dim {
			latents[i] = append(latents[i], rng.NormFloat64()*deviation)
		}
	}
	return latents
}

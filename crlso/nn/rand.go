package nn

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// NewRand returns the random source for one part of the method, a function of its arguments alone.
func NewRand(seed uint64, part string, number int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", part, number)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// Normal draws n normal values with mean 0 and the given standard deviation.
func Normal(rng *rand.Rand, deviation float64, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64() * deviation)
	}
	return values
}

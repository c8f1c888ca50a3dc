// Package inspect looks at a trained latent space: how well it decodes, how concave the model of
// accuracy is, and how measured accuracy lies over it. It takes the accuracies of all
// architectures, so no search may use it.
package inspect

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Landscape says how measured validation accuracy lies over the latents of all architectures. It
// needs all of them, so it is for looking at a space and never for a search. R² is 1 - (mean
// squared error) / (variance), on the half of the architectures that a fit did not see.
type Landscape struct {
	LinearFit  float64 // R² of a linear function of the latent
	ConcaveFit float64 // R² of a [Probe] with an [ICNN], the most that a concave model of this size explains
	FreeFit    float64 // R² of a [Probe] with an [MLP]; above ConcaveFit by what concavity costs

	// Violations are the shares of midpoints that lie below the mean of their ends, on segments
	// between random and between good architectures.
	Violations struct {
		Model        float64 // of the MLP's values, random pairs
		Random, Good float64 // of the accuracies of the architectures that the points decode to
	}
	// MidpointExcess is the mean accuracy measured at midpoints minus that of the ends, points.
	MidpointExcess struct{ Random, Good float64 }

	// Mean absolute difference of accuracy, points.
	NeighbourDifference float64 // to the 10 architectures whose latents are nearest
	PairDifference      float64 // between all pairs
}

// What a Landscape is measured on.
const (
	landscapePairs      = 5000
	landscapeGood       = 100 // best architectures
	landscapeNeighbours = 10
	landscapeRows       = 1000 // architectures whose neighbours are looked at
)

// MeasureLandscape measures the model's latent space against a benchmark on its space. What is
// random in it comes from Config.Seed, and pairs and halves are the same for all models with that
// seed.
func MeasureLandscape(ctx context.Context, m *crlso.Model, benchmark datasets.Benchmark) (Landscape, error) {
	var l Landscape
	latents, err := m.Encode(m.TrainingSet()...)
	if err != nil {
		return l, err
	}
	accuracy, err := datasets.Validation(benchmark)
	if err != nil {
		return l, err
	}
	rng := nn.NewRand(m.Config.Seed, "landscape", 0)
	for _, measure := range []func() error{
		func() error { return l.fit(ctx, m, rng, latents, accuracy) },
		func() error { return l.walk(m, benchmark, rng, latents, accuracy) },
	} {
		if err := measure(); err != nil {
			return l, fmt.Errorf("landscape: %w", err)
		}
	}
	rows := rng.Perm(len(latents))
	l.NeighbourDifference = stats.NeighbourDifference(latents, accuracy, rows[:min(landscapeRows, len(rows))], landscapeNeighbours)
	l.PairDifference = stats.MeanDifference(accuracy)
	return l, nil
}

// fit fits functions on one half of the architectures and judges them on the other.
func (l *Landscape) fit(ctx context.Context, m *crlso.Model, rng *rand.Rand, latents [][]float64, accuracy []float64) error {
	latents = standardized(latents) // which changes neither linear nor concave functions into others
	order := rng.Perm(len(latents))
	half := len(order) / 2
	choose := func(rows []int) (z [][]float64, y []float64) {
		for _, row := range rows {
			z, y = append(z, latents[row]), append(y, accuracy[row])
		}
		return z, y
	}
	z, y := choose(order[:half])
	unseen, truth := choose(order[half:])

	linear, err := stats.LinearPredictions(z, y, unseen)
	if err != nil {
		return err
	}
	l.LinearFit = stat.RSquaredFrom(linear, truth, nil)
	for _, probe := range []struct {
		kind crlso.SurrogateKind
		fit  *float64
	}{{crlso.ICNNSurrogate, &l.ConcaveFit}, {crlso.MLPSurrogate, &l.FreeFit}} {
		config := m.Config
		config.Surrogate = probe.kind
		fitted, err := FitProbe(ctx, m.Backend(), config, z, y)
		if err != nil {
			return err
		}
		predicted, err := fitted.Performance(unseen)
		if err != nil {
			return err
		}
		*probe.fit = stat.RSquaredFrom(predicted, truth, nil)
		if probe.kind == crlso.MLPSurrogate {
			a, b := Pairs(rng, latents, landscapePairs)
			values, err := AlongSegments(fitted, a, b, 3)
			if err != nil {
				return err
			}
			l.Violations.Model = stats.MidpointViolations(values, 0)
		}
	}
	return nil
}

// walk measures accuracy along segments.
func (l *Landscape) walk(m *crlso.Model, benchmark datasets.Benchmark, rng *rand.Rand, latents [][]float64, accuracy []float64) error {
	for _, segments := range []struct {
		ends               [][]float64
		violations, middle *float64
	}{
		{latents, &l.Violations.Random, &l.MidpointExcess.Random},
		{rowsOf(latents, stats.Best(accuracy, landscapeGood)), &l.Violations.Good, &l.MidpointExcess.Good},
	} {
		a, b := Pairs(rng, segments.ends, landscapePairs)
		values, err := MeasuredAlongSegments(m, benchmark, a, b, 3)
		if err != nil {
			return err
		}
		*segments.violations = stats.MidpointViolations(values, 0)
		for _, v := range values {
			*segments.middle += (v[1] - (v[0]+v[2])/2) / float64(len(values))
		}
	}
	return nil
}

// Pairs draws n pairs of different rows of latents, at least two.
func Pairs(rng *rand.Rand, latents [][]float64, n int) (a, b [][]float64) {
	for range n {
		i, j := rng.IntN(len(latents)), rng.IntN(len(latents)-1)
		if j >= i {
			j++
		}
		a, b = append(a, latents[i]), append(b, latents[j])
	}
	return a, b
}

func rowsOf(latents [][]float64, rows []int) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		out[i] = latents[row]
	}
	return out
}

// standardized returns latents with mean 0 and standard deviation 1 along each dimension that is
// not constant.
func standardized(latents [][]float64) [][]float64 {
	out := make([][]float64, len(latents))
	for i, z := range latents {
		out[i] = slices.Clone(z)
	}
	column := make([]float64, len(latents))
	for j := range latents[0] {
		for i, z := range latents {
			column[i] = z[j]
		}
		mean, deviation := stat.PopMeanStdDev(column, nil)
		for i := range out {
			out[i][j] -= mean
			if deviation > 0 {
				out[i][j] /= deviation
			}
		}
	}
	return out
}

// Around says what latents decode to that lie around those of architectures.
type Around struct {
	Noise    float64 // root mean square length of the noise, as a share of the latents' [Spread]
	Valid    float64 // share of decodings that are architectures of the space
	Same     float64 // share that are the architecture itself
	Distinct float64 // different architectures for each decoding: distinct ones of all copies of one latent, divided by the copies
}

// DecodeAround adds normal noise of several sizes to the latents of n random architectures, copies
// times to each, and decodes them. noises are shares of the latents' [Spread]. What is random comes
// from Config.Seed.
func DecodeAround(m *crlso.Model, n, copies int, noises ...float64) ([]Around, error) {
	latents, err := m.Encode(m.TrainingSet()...)
	if err != nil {
		return nil, err
	}
	deviation := Spread(latents) / math.Sqrt(float64(m.Config.LatentDim))
	rng := nn.NewRand(m.Config.Seed, "decode around", 0)
	centres := rng.Perm(len(latents))[:min(n, len(latents))]
	var out []Around
	for _, noise := range noises {
		var points [][]float64
		for _, centre := range centres {
			for range copies {
				z := make([]float64, m.Config.LatentDim)
				for j := range z {
					z[j] = rng.NormFloat64()
				}
				floats.Scale(noise*deviation, z)
				floats.Add(z, latents[centre])
				points = append(points, z)
			}
		}
		decoded, err := m.Decode(points)
		if err != nil {
			return nil, err
		}
		around, total := Around{Noise: noise}, float64(len(points))
		for i, centre := range centres {
			seen := map[datasets.Arch]bool{}
			for _, d := range decoded[i*copies : (i+1)*copies] {
				if d.Err != nil {
					continue
				}
				around.Valid += 1 / total
				arch := m.Space.Canonical(d.Arch)
				if arch == m.Space.Canonical(m.TrainingSet()[centre]) {
					around.Same += 1 / total
				}
				seen[arch] = true
			}
			around.Distinct += float64(len(seen)) / total
		}
		out = append(out, around)
	}
	return out, nil
}

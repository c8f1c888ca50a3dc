package nasbench301

import (
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// StandIn is a benchmark for where the official surrogate is not at hand: the mean of some networks
// that were fitted to the predictions of [Reference], which hold the noise of the official
// surrogate xgb v0.9. Its accuracies must not be compared with those of the official surrogate. It
// implements [datasets.Benchmark] and may be used from several goroutines.
type StandIn struct {
	fit      Fit
	networks []network
}

var _ datasets.Benchmark = (*StandIn)(nil)

// Fit is what a [StandIn] is made of. Package crlso/standin fits it.
type Fit struct {
	Fitted          int     // cells that the networks were fitted to
	HeldOut         int     // others, on which they were judged
	Tau, RSquared   float64 // Kendall's tau and R^2 on those
	Mean, Deviation float64 // of the accuracies: networks predict (accuracy - Mean) / Deviation
	Networks        []map[string][]float32
}

// NewStandIn returns the stand-in that a fit makes, after a check of its weights.
func NewStandIn(fit Fit) (*StandIn, error) {
	s := &StandIn{fit: fit}
	for i, weights := range fit.Networks {
		if err := network(weights).check(); err != nil {
			return nil, fmt.Errorf("NAS-Bench-301 stand-in: network %d of %d: %w", i, len(fit.Networks), err)
		}
		s.networks = append(s.networks, network(weights))
	}
	if len(s.networks) == 0 || !plausible(float32(fit.Mean)) || !(fit.Deviation > 0) {
		return nil, fmt.Errorf("NAS-Bench-301 stand-in: %d networks for accuracies of mean %v and deviation %v, want some, and numbers",
			len(s.networks), fit.Mean, fit.Deviation)
	}
	return s, nil
}

// standInFile holds fit, the numbers of a Fit in the order of its fields, and the weights of
// network I as I_NAME. [PackStandIn] makes it, and embedded/README.md says how it was fitted.
//
//go:embed embedded/stand-in.npz
var standInFile []byte

// embeddedNetworks is how many networks the embedded stand-in is made of.
const embeddedNetworks = 3

// OpenStandIn returns the embedded stand-in: three networks that were fitted to 9,000 of the
// predictions of [Reference] and judged on the others.
func OpenStandIn() (*StandIn, error) {
	fit, err := unpackStandIn(standInFile)
	if err != nil {
		return nil, fmt.Errorf("open the embedded NAS-Bench-301 stand-in: %w", err)
	}
	return NewStandIn(fit)
}

func unpackStandIn(content []byte) (Fit, error) {
	file, err := source.OpenArrays(content)
	if err != nil {
		return Fit{}, err
	}
	n, err := source.ReadArray[float64](file, "fit", 6)
	if err != nil {
		return Fit{}, err
	}
	fit := Fit{Fitted: int(n[0]), HeldOut: int(n[1]), Tau: n[2], RSquared: n[3], Mean: n[4], Deviation: n[5]}
	for i := range embeddedNetworks {
		weights := make(map[string][]float32)
		for name, dims := range NetworkWeights() {
			if weights[name], err = source.ReadArray[float32](file, fmt.Sprintf("%d_%s", i, name), size(dims)); err != nil {
				return Fit{}, err
			}
		}
		fit.Networks = append(fit.Networks, weights)
	}
	return fit, nil
}

// PackStandIn returns the content of embedded/stand-in.npz.
func PackStandIn(fit Fit) ([]byte, error) {
	if len(fit.Networks) != embeddedNetworks {
		return nil, fmt.Errorf("pack the NAS-Bench-301 stand-in: it has %d networks, want %d", len(fit.Networks), embeddedNetworks)
	}
	numbers := []float64{float64(fit.Fitted), float64(fit.HeldOut), fit.Tau, fit.RSquared, fit.Mean, fit.Deviation}
	arrays := []source.Array{{Name: "fit", Values: numbers}}
	for i, weights := range fit.Networks {
		for _, name := range slices.Sorted(maps.Keys(weights)) {
			arrays = append(arrays, source.Array{Name: fmt.Sprintf("%d_%s", i, name), Values: weights[name]})
		}
	}
	return source.PackArrays(arrays)
}

// Predict returns mean and population standard deviation of the networks' predictions in percent.
// It panics if g is not of this space.
func (s *StandIn) Predict(g Genotype) Prediction {
	ops := Operations(g)
	values := make([]float64, len(s.networks))
	for i, network := range s.networks {
		values[i] = s.fit.Mean + s.fit.Deviation*network.predict(&ops)
	}
	return newPrediction(values)
}

// Fit returns what the stand-in is made of, to be read only.
func (s *StandIn) Fit() Fit { return s.fit }

// Name returns "NAS-Bench-301 stand-in".
func (s *StandIn) Name() string { return Space{}.Name() + " stand-in" }

// Source says what the stand-in is and what it is worth.
func (s *StandIn) Source() string {
	return fmt.Sprintf("stand-in for the official surrogate: mean of %d networks, fitted to %d noisy predictions of xgb v0.9; Kendall tau %.3f and R^2 %.3f on %d others",
		len(s.networks), s.fit.Fitted, s.fit.Tau, s.fit.RSquared, s.fit.HeldOut)
}

// Space returns a [Space].
func (s *StandIn) Space() datasets.Space { return Space{} }

// Lookup returns the predicted validation accuracy of a [Genotype], without noise.
func (s *StandIn) Lookup(a datasets.Arch) (datasets.Record, error) {
	_, p, err := lookup(s, a)
	if err != nil {
		return datasets.Record{}, err
	}
	return datasets.Record{Val: p.Mean, Test: math.NaN()}, nil
}

// HasTest returns false: the networks were fitted to validation accuracies.
func (s *StandIn) HasTest() bool { return false }

// Best returns NaN: nobody knows the best of about 10^18 architectures, and so no regret.
func (s *StandIn) Best() float64 { return math.NaN() }

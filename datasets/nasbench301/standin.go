package nasbench301

import (
	"fmt"
	"math"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// StandIn is a benchmark for where the official surrogate is not at hand: the mean of some networks that were
// fitted to the predictions in the reference table, which hold the noise of the official surrogate
// xgb v0.9. Its accuracies must not be compared with those of the official surrogate. It implements
// [datasets.Benchmark] and may be used from several goroutines.
type StandIn struct {
	fit      Fit
	networks []network
}

var _ datasets.Benchmark = (*StandIn)(nil)

// Fit is what a [StandIn] is made of. Package crlso/standin makes it.
type Fit struct {
	Reference       string  // SHA-256 of the reference table
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

// standInFile is a StandIn in its file, by source.WriteConverted.
type standInFile struct {
	Version int
	Fit     Fit
}

// standInVersion changes whenever an older file would be misread, or networks are fitted in another way.
const standInVersion = 1

// StandInPath is the usual place of a stand-in.
func StandInPath() string { return cached("stand-in.weights") }

// Save writes the stand-in to a file.
func (s *StandIn) Save(path string) error {
	return source.WriteConverted(path, standInFile{standInVersion, s.fit})
}

// OpenStandIn reads a stand-in from a file, from [StandInPath] if the path is empty. It is an error if the file was
// altered, has another version, or was fitted to another reference table than the one that is there. The
// error is fs.ErrNotExist if there is no file.
func OpenStandIn(path string) (*StandIn, error) {
	if path == "" {
		path = StandInPath()
	}
	s, err := readStandIn(path)
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-301 stand-in: %s: %w; %s", path, err, standInGet)
	}
	return s, nil
}

const standInGet = "go run ./notebooks stand-in fits it to the reference table"

func readStandIn(path string) (*StandIn, error) {
	var file standInFile
	if err := source.ReadConverted(path, &file); err != nil {
		return nil, err
	}
	if file.Version != standInVersion {
		return nil, fmt.Errorf("it has version %d, want %d", file.Version, standInVersion)
	}
	if exists(referencePath()) {
		sum, err := ReferenceSum("")
		if err != nil {
			return nil, err
		}
		if sum != file.Fit.Reference {
			return nil, fmt.Errorf("it was fitted to another table than %s", referencePath())
		}
	}
	return NewStandIn(file.Fit)
}

func standInInfo() Info {
	return Info{
		Name:    "NAS-Bench-301 stand-in",
		Holds:   "networks fitted to the reference table: a stand-in for the official surrogate, no test accuracy",
		Path:    StandInPath(),
		Present: exists(StandInPath()),
		Get:     standInGet,
	}
}

// Predict returns mean and population standard deviation of the networks' predictions in percent. It panics if
// g is not of this space.
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

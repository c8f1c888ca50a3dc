package crlso

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// seedSearch is the state of one search.
type seedSearch struct {
	seed     uint64
	known    search.Known
	ask      func(archs ...datasets.Arch) ([]float64, error) // queries
	labelled []entry
	err      error // why the search ended before its budget

	// Of the present round.
	round   SearchRound
	rng     *rand.Rand
	top     []entry   // where it starts from
	eta     []float32 // of each start
	pending []int     // starts that have led to nothing new
	found   []entry   // without accuracies until the end of the round
	archs   []datasets.Arch
}

// goesOn reports whether a search has a round before it.
func (m *Model) goesOn(s *seedSearch) bool {
	return s.err == nil && s.known.Remaining() > 0 && len(s.labelled) < m.Config.Budget
}

// searchRound makes a round of all searches that go on.
func (m *Model) searchRound(ctx context.Context, p *searchPrograms, searches []*seedSearch, number int, each func(uint64, SearchRound) error) error {
	losses, err := m.fineTune(ctx, p, searches, number)
	if err != nil {
		return fmt.Errorf("search, round %d: %w", number, err)
	}
	var running []*seedSearch
	for i, s := range searches {
		if m.goesOn(s) {
			s.beginRound(m.Config, number, losses[i])
			running = append(running, s)
		}
	}
	if err := m.propose(p, searches); err != nil {
		return fmt.Errorf("search, round %d: %w", number, err)
	}
	for _, s := range running {
		if s.label(); s.err != nil {
			continue
		}
		s.endRound(m.Config)
		if err := each(s.seed, s.round); err != nil {
			return err
		}
	}
	return nil
}

// fineTune trains the copied surrogates, each on the labelled set of its search, with fresh
// optimisers, in one call to the device, and returns for each search the mean loss of all epochs.
// Searches that are over have no examples.
func (m *Model) fineTune(ctx context.Context, p *searchPrograms, searches []*seedSearch, round int) ([]float64, error) {
	t, dim := m.Config.FineTune, m.Config.LatentDim
	z := slices.Repeat([][]float64{make([]float64, dim)}, p.searches*p.capacity)
	y := make([]float64, len(z))
	schedules := make([]nn.Schedule, len(searches))
	latentNoise, labelNoise := make([][]float32, len(searches)), make([][]float32, len(searches))
	for i, s := range searches {
		if !m.goesOn(s) {
			continue
		}
		row := i * p.capacity // the first of this search
		for j, e := range s.labelled {
			z[row+j] = e.latent
		}
		copy(y[row:], m.Config.LabelTransform.targets(accuracies(s.labelled)))
		rng := nn.NewRand(s.seed, "fine-tune", round)
		// As long as for this search alone, so that its noise is the same.
		schedules[i] = t.NewSchedule(rng, len(s.labelled), 0, t.Epochs, t.StepsPerEpoch(s.known.Budget())*t.Epochs)
		for j := range schedules[i].Indices {
			schedules[i].Indices[j] += int32(row)
		}
		examples := len(schedules[i].Indices)
		latentNoise[i] = nn.Normal(rng, m.Config.FineTuneNoise, examples*dim)
		labelNoise[i] = nn.Normal(rng, m.Config.LabelNoise, examples)
	}
	latents, err := nn.LatentTensor(z, len(z), m.Config.LatentDim)
	if err != nil {
		return nil, err
	}
	steps := t.StepsPerEpoch(p.capacity) * t.Epochs
	s := nn.SideBySide(schedules, t.Batch, steps)
	means, err := p.fineTune.Run(ctx, s, 0, []*tensors.Tensor{latents, nn.Fractions(y)}, []*tensors.Tensor{
		tensors.FromFlatDataAndDimensions(nn.Interleave(latentNoise, steps, t.Batch*dim), s.Dims(t.Batch, dim)...),
		tensors.FromFlatDataAndDimensions(nn.Interleave(labelNoise, steps, t.Batch), s.Dims(t.Batch)...),
	})
	if err != nil {
		return nil, fmt.Errorf("fine-tuning: %w", err)
	}
	return means, nil
}

// beginRound makes step 2 of a round.
func (s *seedSearch) beginRound(config Config, number int, fitLoss float64) {
	s.round = SearchRound{Number: number, FitLoss: fitLoss}
	s.rng = nn.NewRand(s.seed, "search", number)
	s.top = stats.Top(s.labelled, config.TopK, func(e entry) float64 { return e.accuracy })
	s.eta = slices.Repeat([]float32{float32(config.StepSize)}, config.TopK)
	s.pending = nn.UpTo(config.TopK)
	s.found, s.archs = nil, nil
}

// propose makes step 3 of a round. All starts that have not led to something new take their next
// attempt in one call to the device.
func (m *Model) propose(p *searchPrograms, searches []*seedSearch) error {
	k := m.Config.TopK
	open := func(s *seedSearch) bool { return len(s.pending) > 0 }
	for attempt := 0; attempt < m.Config.MaxRetries && slices.ContainsFunc(searches, open); attempt++ {
		starts := slices.Repeat([][]float64{make([]float64, m.Config.LatentDim)}, len(searches)*k)
		eta := make([]float32, len(starts))
		for i, s := range searches {
			if open(s) {
				copy(starts[i*k:], s.disturb(m.Config.SearchNoise))
				copy(eta[i*k:], s.eta)
			}
		}
		latents, scores, err := m.step(p, starts, eta)
		if err != nil {
			return err
		}
		for i, s := range searches {
			s.collect(m.Config, starts[i*k:], latents[i*k:], scores[i*k:])
		}
	}
	return nil
}

// disturb adds noise to where the round starts from.
func (s *seedSearch) disturb(deviation float64) [][]float64 {
	starts := make([][]float64, len(s.top))
	for i, e := range s.top {
		starts[i] = slices.Clone(e.latent)
		for j := range starts[i] {
			starts[i][j] += s.rng.NormFloat64() * deviation
		}
	}
	return starts
}

// collect decodes where an attempt from each pending start has led, and keeps what is new.
func (s *seedSearch) collect(config Config, starts, latents [][]float64, scores [][]float32) {
	var again []int
	for _, i := range s.pending {
		s.round.Attempts++
		s.round.NoiseLength += floats.Distance(s.top[i].latent, starts[i], 2)
		s.round.StepLength += floats.Distance(starts[i], latents[i], 2)
		arch, err := s.known.Space().Decode(scores[i])
		switch {
		case err != nil:
			again = append(again, i)
		case s.asked(arch):
			s.eta[i] += float32(config.StepIncrement)
			again = append(again, i)
		case s.known.Remaining() == len(s.found) || len(s.labelled)+len(s.found) == config.Budget:
			s.pending = nil
			return
		default:
			s.found, s.archs = append(s.found, entry{latent: latents[i]}), append(s.archs, arch)
		}
	}
	s.pending = again
}

// asked reports whether an architecture was asked for, before this round or in it.
func (s *seedSearch) asked(a datasets.Arch) bool {
	space := s.known.Space()
	same := func(b datasets.Arch) bool { return space.Canonical(b) == space.Canonical(a) }
	return s.known.Asked(a) || slices.ContainsFunc(s.archs, same)
}

// label queries what the round has found.
func (s *seedSearch) label() {
	accuracies, err := s.ask(s.archs...)
	if err != nil {
		s.err = fmt.Errorf("search %d, round %d: %w", s.seed, s.round.Number, err)
		return
	}
	for i, accuracy := range accuracies {
		s.found[i].accuracy = accuracy
	}
}

// endRound enters what the round found into the labelled set, and makes its report.
func (s *seedSearch) endRound(config Config) {
	r := &s.round
	r.NoiseLength /= float64(r.Attempts)
	r.StepLength /= float64(r.Attempts)
	r.GaveUp = len(s.pending)
	r.MeanAccuracy = stat.Mean(accuracies(s.found), nil)
	s.pending = nil
	s.labelled = append(s.labelled, s.found...)
	r.Queries = len(s.labelled)
	r.Best = slices.Max(accuracies(s.labelled))
	if len(s.found) == 0 {
		s.err = fmt.Errorf("search %d, round %d: none of %d starts led to a new architecture in %d attempts; raise SearchNoise, StepSize or MaxRetries",
			s.seed, r.Number, config.TopK, config.MaxRetries)
	}
}

// step makes a SearchStep from each start, as many of one search as of another, and returns the
// scores of where it ends.
func (m *Model) step(p *searchPrograms, starts [][]float64, eta []float32) (latents [][]float64, scores [][]float32, err error) {
	n, dim := p.searches, m.Config.LatentDim
	z := tensors.FromFlatDataAndDimensions(nn.Float32s(slices.Concat(starts...)), n, len(starts)/n, dim)
	moved, decoded, err := p.step.Call2(z, tensors.FromFlatDataAndDimensions(eta, n, len(eta)/n))
	if err != nil {
		return nil, nil, err
	}
	latents = nn.Rows(nn.AppendRows(nil, moved, n), dim)
	return latents, slices.Collect(slices.Chunk(nn.AppendRows(nil, decoded, n), m.schema.Outputs())), nil
}

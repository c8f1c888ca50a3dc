package crlso

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// SearchStep moves latents z, [B, Z], by eta, [B], along the gradient of predicted accuracy:
//
//	z' = z - direction * eta * grad f(z)
//
// Source: CRLSO.main_loop in crlso.py of the released code, which has the direction Descend.
func SearchStep(scope *model.Scope, config Config, z, eta *Node) *Node {
	gradient := Gradient(ReduceAllSum(Surrogate(scope, config, z)), z)[0]
	return Sub(z, MulScalar(Mul(InsertAxes(eta, -1), gradient), float64(config.Direction)))
}

// SearchRound reports on one round of the search.
type SearchRound struct {
	Number       int
	Queries      int     // distinct queries so far, the initial set included
	Best         float64 // highest accuracy that the oracle has answered, percent
	FitLoss      float64 // mean squared error of the fine-tuned surrogate, fractions
	MeanAccuracy float64 // of the architectures that this round queried, percent; NaN if there were none
	Attempts     int     // latents decoded
	GaveUp       int     // starts that led to nothing new in MaxRetries attempts
	NoiseLength  float64 // mean Euclidean length of the noise on a start
	StepLength   float64 // mean Euclidean length of the gradient step
}

// searchScope is where the surrogate that a search fine-tunes stands, a copy of the jointly trained one.
const searchScope = "/search/icnn"

// searchPrograms are the compiled parts of the search, for labelled sets up to a certain size.
type searchPrograms struct {
	capacity int
	fineTune *trainer
	step     *model.Exec // (starts [K, Z], eta [K]) -> latents [K, Z], scores [K, outputs]
}

// entry is a labelled architecture: one element of the search's set D.
type entry struct {
	latent   []float64
	accuracy float64 // percent
}

// Search spends the oracle's budget, up to Config.Budget queries in all. It starts from all architectures
// that the oracle has answered already, the initial set, at their latents mu(a), and in every round
//
//  1. fine-tunes a copy of the surrogate on the labelled latents,
//  2. takes the TopK labelled latents by accuracy,
//  3. from each of them adds noise, makes a [SearchStep], decodes, and queries what is new, with a
//     longer step after a decoding that is labelled already and with other noise after an invalid one.
//
// A queried architecture enters the labelled set with the latent that led to it. each is called after every
// round, unless it is nil. The error says if nothing new could be found, if ctx was cancelled, or what
// is wrong with the oracle; its log keeps all that was queried.
//
// Source: CRLSO.main_loop in crlso.py of the released code; the cap on retries is ours.
func (m *Model) Search(ctx context.Context, oracle *datasets.Oracle, each func(SearchRound) error) error {
	labelled, err := m.startingSet(oracle)
	if err != nil {
		return err
	}
	if err := m.prepareSearch(oracle.Budget()); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	for number := 1; oracle.Remaining() > 0 && len(labelled) < m.Config.Budget; number++ {
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("search, after %d queries: %w", len(labelled), err)
		}
		round := SearchRound{Number: number}
		if round.FitLoss, err = m.fineTune(ctx, labelled, number); err != nil {
			return fmt.Errorf("search, round %d: %w", number, err)
		}
		found, err := m.propose(oracle, labelled, &round)
		if err != nil {
			return fmt.Errorf("search, round %d: %w", number, err)
		}
		labelled = append(labelled, found...)
		round.Queries = len(labelled)
		round.MeanAccuracy = stat.Mean(accuracies(found), nil)
		round.Best = slices.Max(accuracies(labelled))
		if each != nil {
			if err := each(round); err != nil {
				return err
			}
		}
		if len(found) == 0 {
			return fmt.Errorf("search, round %d: none of %d starts led to a new architecture in %d attempts; raise SearchNoise, StepSize or MaxRetries",
				number, m.Config.TopK, m.Config.MaxRetries)
		}
	}
	return nil
}

// startingSet returns the labelled set D of the oracle's log.
func (m *Model) startingSet(oracle *datasets.Oracle) ([]entry, error) {
	log := oracle.Log()
	if len(log) < m.Config.TopK {
		return nil, fmt.Errorf("search: the oracle has answered %d queries, but a round starts from %d; label the initial set first",
			len(log), m.Config.TopK)
	}
	latents, err := m.Encode(archsOf(log)...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	labelled := make([]entry, len(log))
	for i, q := range log {
		labelled[i] = entry{latents[i], q.Accuracy}
	}
	return labelled, nil
}

// prepareSearch copies the surrogate and makes the programs for labelled sets of up to capacity architectures.
func (m *Model) prepareSearch(capacity int) error {
	for v := range m.store.Scope(icnnScope).IterVariables() {
		value, err := v.MustValue().Clone()
		if err != nil {
			return err
		}
		path := searchScope + v.Path()[len(icnnScope):]
		if copied := m.store.GetVariable(path); copied != nil {
			err = copied.SetValue(value)
		} else {
			_, err = m.store.CreateVariable(path, value)
		}
		if err != nil {
			return err
		}
	}
	programs := m.current()
	if programs.search != nil && programs.search.capacity == capacity {
		return nil
	}
	scope := func() *model.Scope { return m.store.Scope(searchScope) }
	fineTune, err := newTrainer(m.backend, m.store, m.Config.FineTune, 2, objective{
		scope: searchScope,
		names: []string{"squared error"},
		loss: func(tables, batch []*Node) []*Node {
			z, y := tables[0], tables[1]
			weights, at := batch[0], InsertAxes(batch[1], -1)
			z = Add(Gather(z, at), batch[2])
			y = Add(Gather(y, at), batch[3])
			return []*Node{weightedMean(Square(Sub(Performance(scope(), m.Config, z), y)), weights)}
		},
		project: func(g *Graph) { ProjectICNN(scope(), m.Config, g) },
	})
	if err != nil {
		return err
	}
	step, err := model.NewExec(m.backend, m.store, func(_ *model.Scope, starts, eta *Node) (latents, scores *Node) {
		latents = SearchStep(scope(), m.Config, starts, eta)
		return latents, Decoder(m.store.Scope(decoderScope), m.Config, latents, m.schema.Outputs())
	})
	if err != nil {
		return err
	}
	programs.search = &searchPrograms{capacity: capacity, fineTune: fineTune, step: step}
	return nil
}

// fineTune trains the copied surrogate on the labelled set with a fresh optimiser, in one call to the device,
// and returns the mean loss of all its epochs.
func (m *Model) fineTune(ctx context.Context, labelled []entry, round int) (float64, error) {
	t, search := m.Config.FineTune, m.programs.search
	capacity := search.capacity
	latents := make([][]float64, len(labelled))
	for i, e := range labelled {
		latents[i] = e.latent
	}
	z, err := m.latentTensor(latents, capacity)
	if err != nil {
		return 0, err
	}
	rng := newRand(m.Config.SearchSeed, "fine-tune", round)
	s := t.newSchedule(rng, len(labelled), 0, t.Epochs, t.stepsPerEpoch(capacity)*t.Epochs)
	y := make([]float64, capacity)
	copy(y, m.Config.LabelTransform.targets(accuracies(labelled)))
	means, err := search.fineTune.run(ctx, s, 0, []*tensors.Tensor{z, fractions(y)}, []*tensors.Tensor{
		normal(rng, m.Config.FineTuneNoise, len(s.rates), s.batch, m.Config.LatentDim),
		normal(rng, m.Config.LabelNoise, len(s.rates), s.batch),
	})
	if err != nil {
		return 0, fmt.Errorf("fine-tuning: %w", err)
	}
	return means[0], nil
}

// propose makes steps 2 and 3 of a round and returns what it queried. All starts that have not led to
// something new take their next attempt in one call to the device.
func (m *Model) propose(oracle *datasets.Oracle, labelled []entry, round *SearchRound) ([]entry, error) {
	rng := newRand(m.Config.SearchSeed, "search", round.Number)
	k, dim := m.Config.TopK, m.Config.LatentDim
	top := topK(labelled, k, func(e entry) float64 { return e.accuracy })
	eta := make([]float32, k)
	for i := range eta {
		eta[i] = float32(m.Config.StepSize)
	}
	pending := make([]int, k)
	for i := range pending {
		pending[i] = i
	}

	defer func() {
		round.NoiseLength /= float64(round.Attempts)
		round.StepLength /= float64(round.Attempts)
	}()
	var found []entry
	for attempt := 0; len(pending) > 0 && attempt < m.Config.MaxRetries; attempt++ {
		starts, noises := make([][]float64, k), make([]float64, k)
		for i, t := range top {
			noise := make([]float64, dim)
			starts[i] = make([]float64, dim)
			for j := range dim {
				noise[j] = rng.NormFloat64() * m.Config.SearchNoise
				starts[i][j] = t.latent[j] + noise[j]
			}
			noises[i] = floats.Norm(noise, 2)
		}
		latents, decoded, err := m.step(starts, eta)
		if err != nil {
			return found, err
		}
		var again []int
		for _, i := range pending {
			round.Attempts++
			round.NoiseLength += noises[i]
			round.StepLength += floats.Distance(starts[i], latents[i], 2)
			switch d := decoded[i]; {
			case d.Err != nil:
				again = append(again, i)
			case oracle.Seen(d.Arch):
				eta[i] += float32(m.Config.StepIncrement)
				again = append(again, i)
			default:
				if oracle.Remaining() == 0 || len(labelled)+len(found) == m.Config.Budget {
					return found, nil
				}
				accuracy, err := oracle.Query(d.Arch)
				if err != nil {
					return found, err
				}
				found = append(found, entry{latents[i], accuracy})
			}
		}
		pending = again
	}
	round.GaveUp = len(pending)
	return found, nil
}

// step makes a SearchStep from each start and decodes where it ends.
func (m *Model) step(starts [][]float64, eta []float32) ([][]float64, []Decoding, error) {
	z, err := m.latentTensor(starts, len(starts))
	if err != nil {
		return nil, nil, err
	}
	moved, scores, err := m.programs.search.step.Exec2(z, eta)
	if err != nil {
		return nil, nil, err
	}
	latents := rows(appendRows(nil, moved, len(starts)), m.Config.LatentDim)
	return latents, m.decodings(appendRows(nil, scores, len(starts))), nil
}

// topK returns the k items of the highest values, the earliest first among equals; all if there are fewer.
func topK[T any](items []T, k int, value func(T) float64) []T {
	type valued struct {
		item  T
		value float64
	}
	sorted := make([]valued, len(items))
	for i, item := range items {
		sorted[i] = valued{item, value(item)}
	}
	slices.SortStableFunc(sorted, func(a, b valued) int { return cmp.Compare(b.value, a.value) })
	top := make([]T, max(0, min(k, len(items))))
	for i := range top {
		top[i] = sorted[i].item
	}
	return top
}

// upTo returns 0, 1, ..., n-1.
func upTo(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

func accuracies(entries []entry) []float64 {
	values := make([]float64, len(entries))
	for i, e := range entries {
		values[i] = e.accuracy
	}
	return values
}

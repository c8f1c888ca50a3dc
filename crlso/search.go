package crlso

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// SearchStep moves latents z, [..., Z], by eta, [...], along the gradient of predicted accuracy:
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

// searchScope is where the surrogates that searches fine-tune stand, copies of the jointly trained one: below it, for each
// number S of searches side by side, a network whose weights have a leading axis S.
const searchScope = "/search"

// searchPrograms are the compiled parts of S searches side by side, for labelled sets up to a certain size.
type searchPrograms struct {
	searches, capacity int
	fineTune           *trainer
	step               *model.Exec // (starts [S, K, Z], eta [S, K]) -> latents [S, K, Z], scores [S, K, outputs]
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
	return m.SearchSeeds(ctx, map[uint64]*datasets.Oracle{m.Config.SearchSeed: oracle}, func(_ uint64, round SearchRound) error {
		if each == nil {
			return nil
		}
		return each(round)
	})
}

// SearchSeeds makes several searches side by side, each round of all of them in one batched program. The keys of oracles are
// search seeds, in place of Config.SearchSeed; each search makes the queries of [Model.Search] with that seed, up to
// rounding. One that finds nothing new, or whose oracle fails, leaves the others to go on, and the error joins what went
// wrong. each is called after every round of every search, unless it is nil; an error from it, a cancelled ctx
// or a fine-tuning that diverges ends all.
//
// It is for devices that have more to give than one search takes. On two cores, ten searches at the size of Released201
// take 0.87 of the time that they take one after another (BenchmarkSearchSeeds), and more processor time.
func (m *Model) SearchSeeds(ctx context.Context, oracles map[uint64]*datasets.Oracle,
	each func(seed uint64, round SearchRound) error) error {
	var searches []*seedSearch
	capacity := 0
	for _, seed := range slices.Sorted(maps.Keys(oracles)) {
		labelled, err := m.startingSet(oracles[seed])
		if err != nil {
			return err
		}
		searches = append(searches, &seedSearch{seed: seed, oracle: oracles[seed], labelled: labelled})
		capacity = max(capacity, oracles[seed].Budget())
	}
	if len(searches) == 0 {
		return nil
	}
	if err := m.prepareSearch(len(searches), capacity); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	var err error
	for number := 1; err == nil && slices.ContainsFunc(searches, m.goesOn); number++ {
		err = m.searchRound(ctx, searches, number, each)
	}
	var errs []error
	for _, s := range searches {
		errs = append(errs, s.err)
	}
	return errors.Join(append(errs, err)...)
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

// prepareSearch copies the surrogate for so many searches, and makes their programs for labelled sets of up to capacity
// architectures.
func (m *Model) prepareSearch(searches, capacity int) error {
	path := fmt.Sprintf("%s/%d", searchScope, searches)
	for v := range m.store.Scope(icnnScope).IterVariables() {
		one := tensors.MustCopyFlatData[float32](v.MustValue())
		dims := append([]int{searches}, v.Shape().Dimensions...)
		copies := tensors.FromFlatDataAndDimensions(slices.Repeat(one, searches), dims...)
		name := path + v.Path()[len(icnnScope):]
		var err error
		if copied := m.store.GetVariable(name); copied != nil {
			err = copied.SetValue(copies)
		} else {
			_, err = m.store.CreateVariable(name, copies)
		}
		if err != nil {
			return err
		}
	}
	programs := m.current()
	if p := programs.search; p != nil && p.searches == searches && p.capacity == capacity {
		return nil
	}
	scope := func() *model.Scope { return m.store.Scope(path) }
	fineTune, err := newTrainer(m.backend, m.store, m.Config.FineTune, 2, objective{
		scope: path,
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
	programs.search = &searchPrograms{searches: searches, capacity: capacity, fineTune: fineTune, step: step}
	return nil
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

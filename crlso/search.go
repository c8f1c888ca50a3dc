package crlso

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
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
	gradient := Gradient(ReduceAllSum(Surrogate(scope, config.Networks, z)), z)[0]
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

// searchPrograms are the compiled parts of S searches side by side, for labelled sets up to a
// certain size, with weights of their own: S copies of the jointly trained surrogate, along a
// leading axis, for the searches to fine-tune, and the decoder.
type searchPrograms struct {
	searchSize
	store    *model.Store
	fineTune *nn.Trainer
	step     *model.Exec // (starts [S, K, Z], eta [S, K]) -> latents [S, K, Z], scores [S, K, outputs]
}

type searchSize struct {
	searches int // S
	capacity int // architectures in a labelled set, at most
}

// entry is a labelled architecture: one element of the search's set D.
type entry struct {
	latent   []float64
	accuracy float64 // percent
}

// Search spends the oracle's budget, up to Config.Budget queries in all. It starts from all
// architectures that the oracle has answered already, the initial set, at their latents mu(a), and
// in every round
//
//  1. fine-tunes a copy of the surrogate on the labelled latents,
//  2. takes the TopK labelled latents by accuracy,
//  3. from each of them adds noise, makes a [SearchStep], decodes, and queries what is new, with a
//     longer step after a decoding that is labelled already and with other noise after an invalid one.
//
// A queried architecture enters the labelled set with the latent that led to it. each is called
// after every round, unless it is nil. The error says if nothing new could be found, if ctx was
// cancelled, or what is wrong with the oracle; its log keeps all that was queried.
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

// SearchSeeds makes several searches. The keys of oracles are search seeds, in place of
// Config.SearchSeed; each search makes the queries of [Model.Search] with that seed, up to
// rounding. One that finds nothing new, or whose oracle fails, leaves the others to go on, and the
// error joins what went wrong. each is called after every round of every search, never twice at
// once, unless it is nil; an error from it, a cancelled ctx or a fine-tuning that diverges ends
// all.
//
// On a GPU, which has more to give than one search takes, each round of all searches is one batched
// program. On a CPU, as many searches as Go may use processors run at the same time, each in
// programs of its own, which is faster there: on two cores a search then takes 0.6 of the time that
// it takes alone (BenchmarkSearchSeeds).
func (m *Model) SearchSeeds(ctx context.Context, oracles map[uint64]*datasets.Oracle,
	each func(seed uint64, round SearchRound) error) error {
	searches, err := m.newSearches(oracles)
	if err != nil || len(searches) == 0 {
		return err
	}
	if backend.OnCPU(m.backend) {
		return m.searchAll(ctx, searches, 1, runtime.GOMAXPROCS(0), each)
	}
	return m.searchAll(ctx, searches, len(searches), 1, each)
}

// newSearches returns a search for each oracle, in the order of seeds.
func (m *Model) newSearches(oracles map[uint64]*datasets.Oracle) ([]*seedSearch, error) {
	var searches []*seedSearch
	for _, seed := range slices.Sorted(maps.Keys(oracles)) {
		labelled, err := m.startingSet(oracles[seed].Log())
		if err != nil {
			return nil, err
		}
		searches = append(searches, &seedSearch{seed: seed, known: oracles[seed], ask: oracles[seed].QueryAll, labelled: labelled})
	}
	return searches, nil
}

// searchAll makes searches, so many side by side in one program, so many programs at once.
func (m *Model) searchAll(ctx context.Context, searches []*seedSearch, beside, atOnce int, each func(uint64, SearchRound) error) error {
	capacity := 0
	for _, s := range searches {
		capacity = max(capacity, s.known.Budget())
	}
	groups := slices.Collect(slices.Chunk(searches, beside))
	queue := make(chan []*seedSearch, len(groups))
	for _, group := range groups {
		queue <- group
	}
	close(queue)
	var reporting sync.Mutex
	report := func(seed uint64, round SearchRound) error {
		if each == nil {
			return nil
		}
		reporting.Lock()
		defer reporting.Unlock()
		return each(seed, round)
	}
	programs := make([]*searchPrograms, min(atOnce, len(groups)))
	for i := range programs {
		var err error
		if programs[i], err = m.searchPrograms(searchSize{beside, capacity}); err != nil {
			return fmt.Errorf("search: %w", err)
		}
		defer m.programs.search.Put(programs[i].searchSize, programs[i])
	}
	fatal := m.workOn(ctx, queue, programs, report)
	var errs []error
	for _, s := range searches {
		errs = append(errs, s.err)
	}
	return errors.Join(append(errs, fatal)...)
}

// workOn makes the searches of a queue, each group with one of the programs. It returns the first
// error that ended all of them.
func (m *Model) workOn(ctx context.Context, queue <-chan []*seedSearch, programs []*searchPrograms, each func(uint64, SearchRound) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	fatal := make(chan error, len(programs))
	var workers sync.WaitGroup
	for _, p := range programs {
		workers.Go(func() {
			for group := range queue {
				if err := m.searchGroup(ctx, p, group, each); err != nil {
					fatal <- err
					cancel(err)
					return
				}
			}
		})
	}
	workers.Wait()
	select {
	case err := <-fatal: // others, if any, are of the cancellation that it made
		return err
	default:
		return nil
	}
}

// searchGroup makes searches side by side.
func (m *Model) searchGroup(ctx context.Context, p *searchPrograms, searches []*seedSearch, each func(uint64, SearchRound) error) error {
	if err := m.copyWeights(p); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	for number := 1; slices.ContainsFunc(searches, m.goesOn); number++ {
		if err := m.searchRound(ctx, p, searches, number, each); err != nil {
			return err
		}
	}
	return nil
}

// startingSet returns the labelled set D of the oracle's log.
func (m *Model) startingSet(log []datasets.Query) ([]entry, error) {
	if len(log) < m.Config.TopK {
		return nil, fmt.Errorf("search: the oracle has answered %d queries, but a round starts from %d; label the initial set first",
			len(log), m.Config.TopK)
	}
	latents, err := m.Encode(datasets.Archs(log)...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	labelled := make([]entry, len(log))
	for i, q := range log {
		labelled[i] = entry{latents[i], q.Accuracy}
	}
	return labelled, nil
}

// proposeRound returns what a round of a search finds from what is known: see [Model.Search].
func (m *Model) proposeRound(ctx context.Context, known search.Known, seed uint64) ([]datasets.Arch, error) {
	labelled, err := m.startingSet(known.Log())
	if err != nil {
		return nil, err
	}
	p, err := m.searchPrograms(searchSize{1, known.Budget()})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	defer m.programs.search.Put(p.searchSize, p)
	if err := m.copyWeights(p); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	var archs []datasets.Arch
	one := &seedSearch{seed: seed, known: known, labelled: labelled, ask: func(found ...datasets.Arch) ([]float64, error) {
		archs = found
		return make([]float64, len(found)), nil
	}}
	if !m.goesOn(one) {
		return nil, fmt.Errorf("search: Config.Budget is %d, and %d queries are answered; raise it", m.Config.Budget, len(labelled))
	}
	err = m.searchRound(ctx, p, []*seedSearch{one}, 1, func(uint64, SearchRound) error { return nil })
	return archs, errors.Join(err, one.err)
}

// searchPrograms returns programs, with the weights that they last had: see copyWeights. They are
// the caller's until it puts them back.
func (m *Model) searchPrograms(size searchSize) (*searchPrograms, error) {
	return m.current().search.Take(size, m.backend, func(backend compute.Backend) (*searchPrograms, error) {
		p := &searchPrograms{searchSize: size, store: model.NewStore()}
		if err := m.copyWeights(p); err != nil {
			return nil, err
		}
		icnn := func() *model.Scope { return p.store.Scope(icnnScope) }
		var err error
		p.fineTune, err = nn.NewTrainer(backend, p.store, m.Config.FineTune, 2, nn.Objective{
			Scope: icnnScope,
			Names: []string{"squared error"},
			Loss: func(tables, batch []*Node) []*Node {
				z, y := tables[0], tables[1]
				weights, at := batch[0], InsertAxes(batch[1], -1)
				z = Add(Gather(z, at), batch[2])
				y = Add(Gather(y, at), batch[3])
				return []*Node{nn.WeightedMean(Square(Sub(Performance(icnn(), m.Config.Networks, z), y)), weights)}
			},
			Project: func(g *Graph) { ProjectICNN(icnn(), m.Config.Networks, g) },
		})
		if err != nil {
			return nil, err
		}
		p.step, err = model.NewExec(backend, p.store, func(_ *model.Scope, starts, eta *Node) (latents, scores *Node) {
			latents = SearchStep(icnn(), m.Config, starts, eta)
			return latents, Decoder(p.store.Scope(decoderScope), m.Config.Networks, m.schema, latents, nil)
		})
		return p, err
	})
}

// copyWeights gives programs the present surrogate, once for each search, and the decoder.
func (m *Model) copyWeights(p *searchPrograms) error {
	set := func(path string, value *tensors.Tensor) error {
		if v := p.store.GetVariable(path); v != nil {
			return v.SetValue(value)
		}
		_, err := p.store.CreateVariable(path, value)
		return err
	}
	for _, scope := range []string{icnnScope, decoderScope} {
		for v := range m.store.Scope(scope).IterVariables() {
			values, dims := tensors.MustCopyFlatData[float32](v.MustValue()), v.Shape().Dimensions
			if scope == icnnScope {
				values, dims = slices.Repeat(values, p.searches), append([]int{p.searches}, dims...)
			}
			if err := set(v.Path(), tensors.FromFlatDataAndDimensions(values, dims...)); err != nil {
				return err
			}
		}
	}
	return nil
}

func accuracies(entries []entry) []float64 {
	values := make([]float64, len(entries))
	for i, e := range entries {
		values[i] = e.accuracy
	}
	return values
}

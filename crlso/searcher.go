package crlso

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

// Searcher is the whole method as a search.Searcher: it labels an initial set, trains predictor,
// graph VAE and surrogate, and spends what is left of the budget.
//
// Graph VAE and surrogate begin with weights of their own in each search, and nothing is left of
// one search in the next, with one exception: if Config.Pretrain has epochs, the graph VAE begins
// with weights that were trained without any label, once for all searches on a space, from
// Config.Seed. A training set that is not the whole space is drawn from Config.Seed too; each
// search puts the architectures that it has labelled into it.
//
// Several goroutines may use a Searcher at once. It keeps its models, as many as there were
// searches at once, so that programs are compiled once for each and not once for each search; a
// model at the released sizes takes some 200 MB. Its fields must not be changed while it is in use,
// and it must not be copied after first use.
type Searcher struct {
	Backend compute.Backend
	Config  Config // SearchSeed is ignored, and Seed is that of pretraining and training set alone: each search draws its own

	models backend.Pool[modelKey, *Model]

	mu         sync.Mutex
	pretrained map[modelKey]map[string][]float32 // weights of the graph VAE by path
}

type modelKey struct {
	space  datasets.Space
	config Config
}

// Kind implements search.Searcher.
func (*Searcher) Kind() string { return "CR-LSO" }

// Search implements search.Searcher. What the oracle has answered already counts towards the
// initial set.
func (s *Searcher) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	space := oracle.Space()
	if err := s.Config.ValidateFor(space); err != nil {
		return err
	}
	if err := search.DrawInitialSet(oracle, rng, s.Config.InitialSet); err != nil {
		return err
	}
	key := modelKey{space, s.Config}
	m, err := s.models.Take(key, s.Backend, func(backend compute.Backend) (*Model, error) {
		return NewModel(backend, space, s.Config)
	})
	if err != nil {
		return err
	}
	weights, err := s.pretrain(key, m)
	if err != nil {
		return err
	}
	if err := m.Restart(rng.Uint64(), rng.Uint64(), weights); err != nil {
		return err
	}
	if err := m.Include(oracle.Log()); err != nil {
		return err
	}
	if err := m.trainAndSearch(context.Background(), oracle); err != nil {
		return err // without the model: its moments may be infinite
	}
	s.models.Put(key, m)
	return nil
}

// BackendDescription says what the searches compute on, for the records of package experiment.
func (s *Searcher) BackendDescription() string { return s.Backend.Description() }

// pretrain returns the weights that the searches of a key begin with, none without pretraining. The
// first search trains them on its model, and those that come meanwhile wait.
func (s *Searcher) pretrain(key modelKey, m *Model) (map[string][]float32, error) {
	if key.config.Pretrain.Epochs == 0 {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pretrained[key] == nil {
		m.Config.Seed = key.config.Seed // another search may have had the model
		if err := m.Pretrain(context.Background(), 0, nil); err != nil {
			return nil, err
		}
		if s.pretrained == nil {
			s.pretrained = make(map[modelKey]map[string][]float32)
		}
		s.pretrained[key] = m.vaeWeights()
	}
	return s.pretrained[key], nil
}

// vaeWeights copies the weights of encoder and decoder.
func (m *Model) vaeWeights() map[string][]float32 {
	weights := make(map[string][]float32)
	for _, scope := range []string{encoderScope, decoderScope} {
		for v := range m.store.Scope(scope).IterVariables() {
			weights[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
		}
	}
	return weights
}

// Restart makes the model as good as new: with other seeds, with initial weights drawn from the
// first of them, and with the given weights, by path, in place of some.
func (m *Model) Restart(seed, searchSeed uint64, weights map[string][]float32) error {
	m.Config.Seed, m.Config.SearchSeed = seed, searchSeed
	for _, scope := range []string{gvaeScope, predictorScope} {
		if err := nn.DrawAgain(m.store.Scope(scope), seed); err != nil {
			return err
		}
	}
	for path, values := range weights {
		v := m.store.GetVariable(path)
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
			return err
		}
	}
	return nil
}

// trainAndSearch makes all stages after the labelling of the initial set.
func (m *Model) trainAndSearch(ctx context.Context, oracle *datasets.Oracle) error {
	for _, stage := range m.Config.Stages() {
		if stage == PretrainingStage {
			continue // shared: see Searcher.pretrain
		}
		if err := m.Train(ctx, stage, oracle.Log(), 0, nil); err != nil {
			return err
		}
	}
	return m.Search(ctx, oracle, nil)
}

// LabelInitialSet queries architectures drawn from Config.Seed until the oracle has answered
// Config.InitialSet distinct ones. It is an error if the oracle's budget is smaller.
func (m *Model) LabelInitialSet(oracle *datasets.Oracle) error {
	return search.DrawInitialSet(oracle, nn.NewRand(m.Config.Seed, "initial set", 0), m.Config.InitialSet)
}

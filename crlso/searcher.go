package crlso

import (
	"context"
	"fmt"
	"hash/fnv"
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

	models  backend.Pool[modelKey, *Model]
	trained backend.Pool[trainedKey, *Model] // of Propose

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
	err = m.trainAll(oracle.Context(), oracle.Log())
	if err == nil {
		err = m.Search(oracle.Context(), oracle, nil)
	}
	if err != nil {
		return err // without the model: its moments may be infinite
	}
	s.models.Put(key, m)
	return nil
}

// Propose implements search.Proposer: one round of the search. The latent space is trained on the
// first Config.InitialSet queries, from a seed that these give, so every process has the same one;
// the next calls with the same first queries use it again. Where the release goes on from the
// latents that led to what was queried, a search by proposals goes on from the latents of what was
// queried.
func (s *Searcher) Propose(known search.Known, _ int, rng *rand.Rand) ([]datasets.Arch, error) {
	space := known.Space()
	if err := s.Config.ValidateFor(space); err != nil {
		return nil, err
	}
	if archs, err := search.InitialSet(known, s.Config.InitialSet, rng); err != nil || archs != nil {
		return archs, err
	}
	initial := known.Log()[:min(s.Config.InitialSet, len(known.Log()))]
	key := trainedKey{modelKey{space, s.Config}, seedOf(initial)}
	m, err := s.trained.Take(key, s.Backend, func(backend compute.Backend) (*Model, error) {
		return s.trainOn(backend, initial, key)
	})
	if err != nil {
		return nil, err
	}
	archs, err := m.proposeRound(context.Background(), known, rng.Uint64())
	if err != nil {
		return nil, err
	}
	s.trained.Put(key, m)
	return archs, nil
}

// trainedKey is what a trained model depends on.
type trainedKey struct {
	modelKey
	seed uint64
}

// seedOf is a hash of queries.
func seedOf(queries []datasets.Query) uint64 {
	hash := fnv.New64a()
	for _, q := range queries {
		fmt.Fprintln(hash, q.Arch, q.Accuracy)
	}
	return hash.Sum64()
}

// trainOn returns a model that is trained on an initial set.
func (s *Searcher) trainOn(backend compute.Backend, initial []datasets.Query, key trainedKey) (*Model, error) {
	m, err := NewModel(backend, key.space, s.Config)
	if err != nil {
		return nil, err
	}
	weights, err := s.pretrain(key.modelKey, m)
	if err != nil {
		return nil, err
	}
	if err := m.Restart(key.seed, key.seed, weights); err != nil {
		return nil, err
	}
	if err := m.Include(initial); err != nil {
		return nil, err
	}
	return m, m.trainAll(context.Background(), initial)
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

// trainAll makes all stages on what is labelled but the pretraining, which is shared.
func (m *Model) trainAll(ctx context.Context, labelled []datasets.Query) error {
	for _, stage := range m.Config.Stages() {
		if stage == PretrainingStage {
			continue
		}
		if err := m.Train(ctx, stage, labelled, 0, nil); err != nil {
			return err
		}
	}
	return nil
}

// LabelInitialSet queries architectures drawn from Config.Seed until the oracle has answered
// Config.InitialSet distinct ones. It is an error if the oracle's budget is smaller.
func (m *Model) LabelInitialSet(oracle *datasets.Oracle) error {
	return search.DrawInitialSet(oracle, nn.NewRand(m.Config.Seed, "initial set", 0), m.Config.InitialSet)
}

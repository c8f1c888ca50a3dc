package crlso

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat"
)

// Ensemble is a relative of CR-LSO for budgets of tens of queries, this project's own, as a search.Searcher on finite
// spaces. In every round it trains several pairs of [Encoder] and [ICNN] from fresh weights on what is
// labelled, so that each pair shapes a latent space of its own in which accuracy is concave; then it queries the
// architectures for which the pairs together expect the largest improvement.
//
// It departs from the paper in this: labels are the measured ones and no pseudo-labels, mapped to normal
// quantiles, which keeps their order and resolves the top; the latent space is learned from the labels alone,
// without a decoder; and the models are evaluated at the latents of all architectures instead of followed
// along their gradient.
type Ensemble struct {
	Backend compute.Backend
	Config  EnsembleConfig
}

// EnsembleConfig holds the hyperparameters of an [Ensemble].
type EnsembleConfig struct {
	Networks Config // of which LatentDim, HiddenDim, EncoderLayers, StateScale and ICNN* count
	Members  int    // pairs of encoder and ICNN
	Initial  int    // random queries before the first round
	Batch    int    // queries per round
	Training Training
}

// Ensemble201 is the configuration that was chosen on NAS-Bench-201, CIFAR-10.
func Ensemble201() EnsembleConfig {
	networks := Released201()
	networks.LatentDim, networks.HiddenDim, networks.StateScale = 8, 32, 0.5
	networks.ICNNWidth, networks.ICNNLayers = 32, 2
	return EnsembleConfig{
		Networks: networks,
		Members:  5,
		Initial:  10,
		Batch:    5,
		Training: Training{Epochs: 150, LearningRate: 5e-3, Beta1: 0.9, Beta2: 0.99},
	}
}

// The scopes of the pair of networks that is being trained.
const (
	memberScope        = "/member"
	memberEncoderScope = "/member/encoder"
	memberICNNScope    = "/member/icnn"
)

// Search implements search.Searcher. An oracle that has answered queries already is searched on from there.
func (e Ensemble) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	space, ok := oracle.Space().(datasets.FiniteSpace)
	if !ok {
		return fmt.Errorf("ensemble: %s cannot be enumerated", oracle.Space().Name())
	}
	if e.Config.Members < 1 || e.Config.Initial < 1 || e.Config.Batch < 1 {
		return fmt.Errorf("ensemble: %d members, %d initial queries and batches of %d, want at least 1 of each", e.Config.Members, e.Config.Initial, e.Config.Batch)
	}
	if oracle.Budget() < e.Config.Initial {
		return fmt.Errorf("ensemble: the oracle's budget is %d, below the %d initial queries", oracle.Budget(), e.Config.Initial)
	}
	if err := sampleUntil(oracle, rng, e.Config.Initial); err != nil {
		return fmt.Errorf("ensemble: %w", err)
	}
	pair, err := newConcavePair(e.Backend, space, e.Config, oracle.Budget())
	if err != nil {
		return fmt.Errorf("ensemble: %w", err)
	}
	for oracle.Remaining() > 0 {
		labelled := slices.Clone(oracle.Log())
		models := make([][]float64, e.Config.Members)
		for i := range models {
			if models[i], err = pair.fit(labelled, rng); err != nil {
				return fmt.Errorf("ensemble, after %d queries: %w", len(labelled), err)
			}
		}
		batch := mostPromising(oracle, space, models, min(e.Config.Batch, oracle.Remaining()))
		if len(batch) == 0 {
			return fmt.Errorf("ensemble: all of %s is known after %d of %d queries; use a smaller budget", space.Name(), len(labelled), oracle.Budget())
		}
		for _, arch := range batch {
			if _, err := oracle.Query(arch); err != nil {
				return fmt.Errorf("ensemble: %w", err)
			}
		}
	}
	return nil
}

// mostPromising returns the n architectures of highest expected improvement over the best labelled one, among
// those that the oracle has not answered. For each architecture the models' predictions are taken for a
// normal distribution.
func mostPromising(oracle *datasets.Oracle, space datasets.FiniteSpace, models [][]float64, n int) []datasets.Arch {
	means, deviations := make([]float64, space.Len()), make([]float64, space.Len())
	predictions := make([]float64, len(models))
	best := math.Inf(-1)
	for i := range means {
		for j, model := range models {
			predictions[j] = model[i]
		}
		means[i], deviations[i] = stat.PopMeanStdDev(predictions, nil)
		if oracle.Seen(space.At(i)) {
			best = max(best, means[i])
		}
	}
	type candidate struct {
		arch        datasets.Arch
		improvement float64
	}
	var candidates []candidate
	for i := range means {
		if arch := space.At(i); !oracle.Seen(arch) {
			deviation := deviations[i] + 1e-6 // all models may agree
			candidates = append(candidates, candidate{arch, stats.ExpectedImprovement(means[i], deviation, best)})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.improvement, a.improvement) })
	archs := make([]datasets.Arch, min(n, len(candidates)))
	for i := range archs {
		archs[i] = candidates[i].arch
	}
	return archs
}

// concavePair is an encoder and an ICNN on its latents, trained from fresh weights as often as one likes by the
// same compiled programs.
type concavePair struct {
	model   *Model // for the graphs of the space
	config  EnsembleConfig
	size    int // most labelled architectures
	trainer *trainer
	apply   *model.Exec
}

func newConcavePair(backend compute.Backend, space datasets.FiniteSpace, config EnsembleConfig, size int) (*concavePair, error) {
	m, err := NewModel(backend, space, config.Networks)
	if err != nil {
		return nil, err
	}
	p := &concavePair{model: m, config: config, size: size}
	p.config.Training.Batch = size
	performance := func(graphs Graphs) *Node {
		mu, _ := Encoder(m.store.Scope(memberEncoderScope), config.Networks, graphs)
		return Performance(m.store.Scope(memberICNNScope), config.Networks, mu)
	}
	all := m.orAll(nil)
	indices := int32s(all)
	p.apply, err = model.NewExec(backend, m.store, func(_ *model.Scope, nodes, edges *Node) *Node {
		return performance(m.gather(nodes, edges, ConstTensor(nodes.Graph(), indices)))
	})
	if err != nil {
		return nil, err
	}
	if _, err := p.apply.Exec1(m.nodes, m.edges); err != nil { // creates the weights
		return nil, err
	}
	p.trainer, err = newTrainer(backend, m.store, p.config.Training, 4, objective{
		scope: memberScope,
		names: []string{"squared error"},
		loss: func(tables, batch []*Node) []*Node {
			nodes, edges, labelled, y := tables[0], tables[1], tables[2], tables[3]
			weights, at := batch[0], InsertAxes(batch[1], -1)
			predicted := performance(m.gather(nodes, edges, Gather(labelled, at)))
			return []*Node{weightedMean(Square(Sub(predicted, Gather(y, at))), weights)}
		},
		project: func(g *Graph) { ProjectICNN(m.store.Scope(memberICNNScope), config.Networks, g) },
	})
	return p, err
}

// fit trains a fresh pair on labelled architectures and returns its performance model for the whole space.
func (p *concavePair) fit(labelled []datasets.Query, rng *rand.Rand) ([]float64, error) {
	if len(labelled) > p.size {
		return nil, errors.New("more labelled architectures than the programs were made for")
	}
	if err := drawAgain(p.model.store.Scope(memberScope), rng.Uint64()); err != nil {
		return nil, err
	}
	indices, y := make([]int, p.size), make([]float32, p.size)
	accuracies := make([]float64, len(labelled))
	for i, q := range labelled {
		indices[i], accuracies[i] = p.model.Space.Index(q.Arch), q.Accuracy
	}
	for i, quantile := range stats.NormalQuantiles(accuracies) {
		y[i] = float32(quantile)
	}
	t := p.config.Training
	s := t.newSchedule(rng, len(labelled), 0, t.Epochs, t.Epochs)
	tables := []*tensors.Tensor{p.model.nodes, p.model.edges, int32s(indices), tensors.FromFlatDataAndDimensions(y, p.size)}
	if _, err := p.trainer.run(context.Background(), s, 0, tables, nil); err != nil {
		return nil, err
	}
	result, err := p.apply.Exec1(p.model.nodes, p.model.edges)
	if err != nil {
		return nil, err
	}
	return float64s(appendRows(nil, result, p.model.Space.Len())), nil
}

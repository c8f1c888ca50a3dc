package crlso

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
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
//
// Several goroutines may use an Ensemble at once. Like a [Searcher] it keeps its compiled programs, so its fields must
// not be changed while it is in use, and it must not be copied after first use.
type Ensemble struct {
	Backend compute.Backend
	Config  EnsembleConfig

	pairs freeList[pairKey, *concavePair]
}

type pairKey struct {
	space  string
	config EnsembleConfig
}

// EnsembleConfig holds the hyperparameters of an [Ensemble].
type EnsembleConfig struct {
	// Networks describes encoder and surrogate by LatentDim, HiddenDim, EncoderLayers, StateScale, Surrogate
	// and ICNN*, and by LabelTransform what they learn: normal quantiles of the accuracies, or for
	// FractionLabels the accuracies less their mean, over their standard deviation.
	Networks Config
	Members  int // pairs of encoder and surrogate
	Initial  int // random queries before the first round
	Batch    int // queries in a round, while Growth is less
	// Growth is the least share of the queries so far that a round adds to them.
	Growth float64
	// Local is how many queries of a round are for neighbours of the incumbent, as long as there are new ones. All
	// members may agree in the same mistake; these queries find out.
	Local          int
	LocalDeviation float64  // factor on the members' standard deviation when a neighbour is chosen
	Training       Training // of each member, in each round
}

// Ensemble201 is the configuration that was chosen on NAS-Bench-201, CIFAR-10.
func Ensemble201() EnsembleConfig {
	networks := Released201()
	networks.LatentDim, networks.HiddenDim, networks.StateScale = 8, 16, 0.5
	networks.ICNNWidth, networks.ICNNLayers = 32, 2
	networks.LabelTransform = QuantileLabels
	return EnsembleConfig{
		Networks: networks,
		Members:  5,
		Initial:  10,
		Batch:    5,
		Growth:   0.1,
		Local:    1, LocalDeviation: 3,
		Training: Training{Epochs: 150, Batch: 64, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.99},
	}
}

// The scopes of the pair of networks that is being trained.
const (
	memberScope        = "/member"
	memberEncoderScope = "/member/encoder"
	memberICNNScope    = "/member/icnn"
)

// Search implements search.Searcher. An oracle that has answered queries already is searched on from there.
func (e *Ensemble) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	space, ok := oracle.Space().(datasets.FiniteSpace)
	if !ok {
		return fmt.Errorf("ensemble: %s cannot be enumerated", oracle.Space().Name())
	}
	if err := e.Config.validate(); err != nil {
		return fmt.Errorf("ensemble: %w", err)
	}
	if oracle.Budget() < e.Config.Initial {
		return fmt.Errorf("ensemble: the oracle's budget is %d, below the %d initial queries", oracle.Budget(), e.Config.Initial)
	}
	if err := sampleUntil(oracle, rng, e.Config.Initial); err != nil {
		return fmt.Errorf("ensemble: %w", err)
	}
	for oracle.Remaining() > 0 {
		log := oracle.Log()
		beliefs, err := e.Fit(space, log, rng)
		if err != nil {
			return fmt.Errorf("ensemble, after %d queries: %w", len(log), err)
		}
		n := max(e.Config.Batch, int(e.Config.Growth*float64(len(log))))
		batch := e.propose(oracle, space, beliefs, min(n, oracle.Remaining()))
		if len(batch) == 0 {
			return fmt.Errorf("ensemble: all of %s is known after %d of %d queries; use a smaller budget", space.Name(), len(log), oracle.Budget())
		}
		for _, arch := range batch {
			if _, err := oracle.Query(arch); err != nil {
				return fmt.Errorf("ensemble: %w", err)
			}
		}
	}
	return nil
}

func (c EnsembleConfig) validate() error {
	if c.Members < 1 || c.Initial < 1 || c.Batch < 1 {
		return fmt.Errorf("%d members, %d initial queries and batches of %d, want at least 1 of each", c.Members, c.Initial, c.Batch)
	}
	if c.Local < 0 || c.Local > c.Batch || c.LocalDeviation < 0 || c.Growth < 0 {
		return fmt.Errorf("Local is %d, LocalDeviation %g and Growth %g, want 0 or more each and Local not above the Batch of %d",
			c.Local, c.LocalDeviation, c.Growth, c.Batch)
	}
	return nil
}

// Beliefs are what an ensemble's members together expect of each architecture of a space, in its order, on the
// scale of their labels.
type Beliefs struct {
	Mean, Deviation []float64
}

// Fit trains all members from fresh weights on labelled architectures.
func (e *Ensemble) Fit(space datasets.FiniteSpace, labelled []datasets.Query, rng *rand.Rand) (Beliefs, error) {
	key := pairKey{space.Name(), e.Config}
	pair, err := e.pairs.take(key, func() (*concavePair, error) { return newConcavePair(e.Backend, space, e.Config) })
	if err != nil {
		return Beliefs{}, err
	}
	models := make([][]float64, e.Config.Members)
	for i := range models {
		if models[i], err = pair.fit(labelled, rng); err != nil {
			return Beliefs{}, err
		}
	}
	e.pairs.put(key, pair)
	b := Beliefs{make([]float64, space.Len()), make([]float64, space.Len())}
	predictions := make([]float64, len(models))
	for i := range b.Mean {
		for j, model := range models {
			predictions[j] = model[i]
		}
		b.Mean[i], b.Deviation[i] = stat.PopMeanStdDev(predictions, nil)
	}
	return b, nil
}

// propose returns n architectures that the oracle has not answered, fewer if there are no more: those of the highest expected
// improvement over the best labelled one, of which Local are neighbours of the incumbent if it has new ones.
func (e *Ensemble) propose(oracle *datasets.Oracle, space datasets.FiniteSpace, b Beliefs, n int) []datasets.Arch {
	best := math.Inf(-1)
	var unknown, neighbours []int
	for i := range space.Len() {
		if oracle.Seen(space.At(i)) {
			best = max(best, b.Mean[i])
		} else {
			unknown = append(unknown, i)
		}
	}
	incumbent := slices.MaxFunc(oracle.Log(), func(x, y datasets.Query) int { return cmp.Compare(x.Accuracy, y.Accuracy) })
	for _, a := range space.Neighbours(incumbent.Arch) {
		if !oracle.Seen(a) {
			neighbours = append(neighbours, space.Index(a))
		}
	}
	improvement := func(factor float64) func(i int) float64 {
		return func(i int) float64 {
			deviation := factor*b.Deviation[i] + 1e-6 // all members may agree
			return stats.ExpectedImprovement(b.Mean[i], deviation, best)
		}
	}
	chosen := highest(unknown, min(n, len(unknown))-min(e.Config.Local, len(neighbours), n), improvement(1))
	neighbours = slices.DeleteFunc(neighbours, func(i int) bool { return slices.Contains(chosen, i) })
	chosen = append(chosen, highest(neighbours, min(e.Config.Local, n-len(chosen)), improvement(e.Config.LocalDeviation))...)
	archs := make([]datasets.Arch, len(chosen))
	for i, index := range chosen {
		archs[i] = space.At(index)
	}
	return archs
}

// highest returns the n indices of the highest values, the first ones among equals; all if there are fewer.
func highest(indices []int, n int, value func(int) float64) []int {
	values := make(map[int]float64, len(indices))
	for _, i := range indices {
		values[i] = value(i)
	}
	sorted := slices.Clone(indices)
	slices.SortStableFunc(sorted, func(i, j int) int { return cmp.Compare(values[j], values[i]) })
	return sorted[:max(0, min(n, len(sorted)))]
}

// concavePair is an encoder and a surrogate on its latents, trained from fresh weights as often as one likes by the
// same compiled programs.
type concavePair struct {
	model   *Model // for the graphs of the space
	config  EnsembleConfig
	trainer *trainer
	apply   *model.Exec
}

func newConcavePair(backend compute.Backend, space datasets.FiniteSpace, config EnsembleConfig) (*concavePair, error) {
	m, err := NewModel(backend, space, config.Networks)
	if err != nil {
		return nil, err
	}
	p := &concavePair{model: m, config: config}
	performance := func(graphs Graphs) *Node {
		mu, _ := Encoder(m.store.Scope(memberEncoderScope), config.Networks, graphs)
		return Performance(m.store.Scope(memberICNNScope), config.Networks, mu)
	}
	indices := int32s(m.orAll(nil))
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
	if err := drawAgain(p.model.store.Scope(memberScope), rng.Uint64()); err != nil {
		return nil, err
	}
	// Labelled sets are filled up to a power of two, and short batches to a whole one, so that few programs serve all
	// sizes.
	size := 1 << bits.Len(uint(len(labelled)-1))
	indices, y := make([]int, size), make([]float32, size)
	for i, target := range p.config.targets(labelled) {
		indices[i], y[i] = p.model.Space.Index(labelled[i].Arch), float32(target)
	}
	t := p.config.Training
	s := t.newSchedule(rng, len(labelled), 0, t.Epochs, t.Epochs*t.stepsPerEpoch(size))
	tables := []*tensors.Tensor{p.model.nodes, p.model.edges, int32s(indices), tensors.FromFlatDataAndDimensions(y, size)}
	if _, err := p.trainer.run(context.Background(), s, 0, tables, nil); err != nil {
		return nil, err
	}
	result, err := p.apply.Exec1(p.model.nodes, p.model.edges)
	if err != nil {
		return nil, err
	}
	return float64s(appendRows(nil, result, p.model.Space.Len())), nil
}

// targets returns what the members learn of labelled architectures.
func (c EnsembleConfig) targets(labelled []datasets.Query) []float64 {
	y := make([]float64, len(labelled))
	for i, q := range labelled {
		y[i] = q.Accuracy
	}
	if c.Networks.LabelTransform == QuantileLabels {
		return stats.NormalQuantiles(y)
	}
	mean, deviation := stat.PopMeanStdDev(y, nil)
	for i := range y {
		y[i] = (y[i] - mean) / max(deviation, 1e-6) // all may be equal
	}
	return y
}

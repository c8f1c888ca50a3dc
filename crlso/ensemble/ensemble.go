// Package ensemble has two relatives of CR-LSO, this project's own, for budgets of tens of queries:
// [Ensemble] for accuracy, and [TradeoffEnsemble] for accuracy and latency.
package ensemble

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"
)

// Ensemble is a relative of CR-LSO for budgets of tens of queries, this project's own, as a
// search.Searcher. In every round it trains several pairs of [Encoder] and [ICNN] from fresh
// weights on what is labelled, so that each pair shapes a latent space of its own in which accuracy
// is concave; then it queries the architectures for which the pairs together expect the largest
// improvement.
//
// It departs from the paper in this: labels are the measured ones and no pseudo-labels, mapped to
// normal quantiles, which keeps their order and resolves the top; the latent space is learned from
// the labels alone, without a decoder; and the models are evaluated at the latents of all
// architectures instead of followed along their gradient.
//
// Several goroutines may use an Ensemble at once. Like a [Searcher] it keeps its compiled programs,
// so its fields must not be changed while it is in use, and it must not be copied after first use.
type Ensemble struct {
	Backend compute.Backend
	Config  Config

	pairs backend.Pool[pairsKey, *concavePairs]
}

type pairsKey struct {
	space  datasets.Space
	config Config
}

// Config holds the hyperparameters of an [Ensemble].
type Config struct {
	Networks crlso.Networks
	// LabelTransform is what the members learn: normal quantiles of the accuracies, or for
	// FractionLabels the accuracies less their mean, over their standard deviation.
	LabelTransform crlso.LabelTransform
	Members        int // pairs of encoder and surrogate
	// Process adds a Gaussian process on the subtrees of the graphs, which has as much of a say as
	// all pairs together.
	Process bool
	Initial int // random queries before the first round
	Batch   int // queries in a round, while Growth is less
	// Growth is the least share of the queries so far that a round adds to them.
	Growth float64
	// Local is how many queries of a round are for neighbours of the incumbent, as long as there
	// are new ones. All members may agree in the same mistake; these queries find out.
	Local          int
	LocalDeviation float64     // factor on the members' standard deviation when a neighbour is chosen
	Training       nn.Training // of each member, in each round
	// Enumerated is how many architectures a space may have to be scored as a whole in each round;
	// 0 is 20,000.
	Enumerated int
}

// scoresAll reports whether a space is scored as a whole.
func (c Config) scoresAll(space datasets.Space) bool {
	finite, ok := space.(datasets.FiniteSpace)
	return ok && finite.Len() <= cmp.Or(c.Enumerated, maxEnumerated)
}

// Ensemble201 is the configuration that was chosen on NAS-Bench-201, CIFAR-10. Up to 30 labels,
// every second query is for a neighbour of the incumbent.
func Ensemble201() Config {
	networks := crlso.Released201().Networks
	networks.LatentDim, networks.HiddenDim, networks.StateScale = 8, 16, 0.5
	networks.ICNNWidth, networks.ICNNLayers = 32, 2
	return Config{
		Networks: networks, LabelTransform: crlso.QuantileLabels,
		Members: 5,
		Initial: 10,
		Batch:   2,
		Growth:  0.1,
		Local:   1, LocalDeviation: 3,
		Training: nn.Training{Epochs: 150, Batch: 64, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.99},
	}
}

// Committee is one configuration for all spaces: [Ensemble201] with a Gaussian process beside the
// pairs, and weights that decay, which keeps pairs from learning noise. Both were chosen on
// NAS-Bench-201, CIFAR-10, and NAS-Bench-101 alone: see notebook 10_unseen.
func Committee() Config {
	c := Ensemble201()
	c.Process, c.Training.WeightDecay = true, 1e-2
	return c
}

// The scopes of the pair of networks that is being trained.
const (
	memberScope        = "/member"
	memberEncoderScope = "/member/encoder"
	memberICNNScope    = "/member/icnn"
)

// BackendDescription says what the searches compute on, for the records of package experiment.
func (e *Ensemble) BackendDescription() string { return e.Backend.Description() }

// Kind implements search.Searcher.
func (*Ensemble) Kind() string { return "concave ensemble" }

// Search implements search.Searcher. An oracle that has answered queries already is searched on
// from there.
func (e *Ensemble) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := e.Config.validate(); err != nil {
		return fmt.Errorf("ensemble: %w", err)
	}
	if err := search.DrawInitialSet(oracle, rng, e.Config.Initial); err != nil {
		return fmt.Errorf("ensemble: %w", err)
	}
	return search.Spend(oracle, rng, e.Propose)
}

// Propose implements search.Proposer.
//
// It scores all architectures of a space that has no more than Config.Enumerated; of a larger one
// the neighbours of the ten best labelled architectures and random ones, 5,000 in all.
func (e *Ensemble) Propose(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	if err := e.Config.validate(); err != nil {
		return nil, fmt.Errorf("ensemble: %w", err)
	}
	if archs, err := search.InitialSet(known, e.Config.Initial, rng); err != nil || archs != nil {
		return archs, err
	}
	log := known.Log()
	beliefs, err := e.fit(known.Space(), log, e.Config.scoresAll(known.Space()), rng)
	if err != nil {
		return nil, fmt.Errorf("ensemble, after %d queries: %w", len(log), err)
	}
	n = max(n, e.Config.Batch, int(e.Config.Growth*float64(len(log))))
	batch := e.mostPromising(known, beliefs, min(n, known.Remaining()))
	if len(batch) == 0 {
		return nil, fmt.Errorf("ensemble: nothing new to query after %d of %d queries of %s; use a smaller budget",
			len(log), known.Budget(), known.Space().Name())
	}
	return batch, nil
}

func (c Config) validate() error {
	if c.Members < 1 || c.Initial < 1 || c.Batch < 1 {
		return fmt.Errorf("%d members, %d initial queries and batches of %d, want at least 1 of each", c.Members, c.Initial, c.Batch)
	}
	if c.Local < 0 || c.Local > c.Batch || c.LocalDeviation < 0 || c.Growth < 0 || c.Enumerated < 0 {
		return fmt.Errorf("Local is %d, LocalDeviation %g, Growth %g and Enumerated %d, want 0 or more each and Local not above the Batch of %d",
			c.Local, c.LocalDeviation, c.Growth, c.Enumerated, c.Batch)
	}
	return nil
}

// Fit trains all members from fresh weights on labelled architectures, and returns what they
// believe of all architectures of the space, in its order, however many there are.
func (e *Ensemble) Fit(space datasets.FiniteSpace, labelled []datasets.Query, rng *rand.Rand) (Beliefs, error) {
	return e.fit(space, labelled, true, rng)
}

// fit is Fit for any space, and believes something of all architectures or of drawn candidates.
func (e *Ensemble) fit(space datasets.Space, labelled []datasets.Query, all bool, rng *rand.Rand) (Beliefs, error) {
	key := pairsKey{space, e.Config}
	pairs, err := e.pairs.Take(key, e.Backend, func(backend compute.Backend) (*concavePairs, error) {
		return newConcavePairs(backend, space, e.Config)
	})
	if err != nil {
		return Beliefs{}, err
	}
	candidates := pairs.all
	switch {
	case !all:
		candidates = []crlso.Table{crlso.NewTable(space, search.DrawCandidates(space, labelled, maxDrawn, maxDrawn, rng), maxDrawn)}
	case candidates == nil:
		candidates = tables(space, datasets.All(space.(datasets.FiniteSpace)))
	}
	graphs := crlso.NewTable(space, datasets.Archs(labelled), powerOfTwo(len(labelled)))
	members, err := pairs.fit(graphs, e.Config.targets(labelled), candidates, rng)
	if err != nil {
		return Beliefs{}, err
	}
	var archs []datasets.Arch
	for _, table := range candidates {
		archs = append(archs, table.Archs...)
	}
	beliefs := newBeliefs(archs, members)
	if e.Config.Process {
		process, err := pairs.processOn(space, archs, all)
		if err != nil {
			return Beliefs{}, err
		}
		beliefs = beliefs.mixed(process.Believe(places(space, labelled, archs, all), e.Config.targets(labelled)))
	}
	e.pairs.Put(key, pairs)
	return beliefs, nil
}

// places returns where labelled architectures are among the candidates: all of the space, or drawn
// ones, of which they are the first.
func places(space datasets.Space, labelled []datasets.Query, candidates []datasets.Arch, all bool) []int {
	observed := make([]int, len(labelled))
	if all {
		for i, q := range labelled {
			observed[i] = space.(datasets.FiniteSpace).Index(q.Arch)
		}
		return observed
	}
	at := make(map[datasets.Arch]int, len(labelled))
	for i, a := range candidates[:min(len(labelled), len(candidates))] {
		at[space.Canonical(a)] = i
	}
	for i, q := range labelled {
		observed[i] = at[space.Canonical(q.Arch)]
	}
	return observed
}

// mostPromising returns n architectures that were not asked for, fewer if there are no more:
// those of the highest expected improvement over the best labelled one, of which Local are
// neighbours of the incumbent if it has new ones.
func (e *Ensemble) mostPromising(known search.Known, b Beliefs, n int) []datasets.Arch {
	best := math.Inf(-1)
	var unknown, neighbours []int
	canonical := known.Space().Canonical
	at := make(map[datasets.Arch]int, len(b.Archs))
	for i, a := range b.Archs {
		at[canonical(a)] = i
		if known.Asked(a) {
			best = max(best, b.Mean[i])
		} else {
			unknown = append(unknown, i)
		}
	}
	for _, a := range known.Space().Neighbours(mostAccurate(known.Log(), 1)[0].Arch) {
		if i, ok := at[canonical(a)]; ok && !known.Asked(a) && !slices.Contains(neighbours, i) {
			neighbours = append(neighbours, i)
		}
	}
	improvement := func(factor float64) func(i int) float64 {
		return func(i int) float64 {
			deviation := factor*b.Deviation[i] + 1e-6 // all members may agree
			return stats.ExpectedImprovement(b.Mean[i], deviation, best)
		}
	}
	chosen := stats.Top(unknown, min(n, len(unknown))-min(e.Config.Local, len(neighbours), n), improvement(1))
	neighbours = slices.DeleteFunc(neighbours, func(i int) bool { return slices.Contains(chosen, i) })
	chosen = append(chosen, stats.Top(neighbours, min(e.Config.Local, n-len(chosen)), improvement(e.Config.LocalDeviation))...)
	archs := make([]datasets.Arch, len(chosen))
	for i, index := range chosen {
		archs[i] = b.Archs[index]
	}
	return archs
}

// mostAccurate returns the n labelled architectures of the highest accuracies.
func mostAccurate(labelled []datasets.Query, n int) []datasets.Query {
	return stats.Top(labelled, n, func(q datasets.Query) float64 { return q.Accuracy })
}

// A space that has no more than maxEnumerated architectures is scored as a whole, unless
// Config.Enumerated says otherwise; of another one, maxDrawn.
const (
	maxEnumerated = 20_000
	maxDrawn      = 5_000
)

// targets returns what the members learn of labelled architectures.
func (c Config) targets(labelled []datasets.Query) []float64 {
	y := make([]float64, len(labelled))
	for i, q := range labelled {
		y[i] = q.Accuracy
	}
	if c.LabelTransform == crlso.QuantileLabels {
		return stats.NormalQuantiles(y)
	}
	mean, deviation := stat.PopMeanStdDev(y, nil)
	for i := range y {
		y[i] = (y[i] - mean) / max(deviation, 1e-6) // all may be equal
	}
	return y
}

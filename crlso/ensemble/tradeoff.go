package ensemble

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// TradeoffEnsemble is the [Ensemble]'s relative for accuracy and cost, this project's own, as a
// search.Searcher. Each member is one encoder with two ICNNs on its latents: one models
// accuracy as 1 - f(z), concave, the other cost as g(z), convex. The most accurate architecture
// within a limit on cost is then the solution of a convex problem in the latent space,
//
//	maximise 1 - f(z)  subject to  g(z) <= limit,  z in the box of all latents,
//
// that each member solves for several limits in every round, from fresh weights. The architectures
// whose latents are nearest to the solutions are scored by all members together, by the expected
// improvement over the best architecture within the limit times the probability to be within it
// (Gardner et al., "Bayesian Optimization with Inequality Constraints", 2014), and the best for
// each limit is queried.
//
// Several goroutines may use a TradeoffEnsemble at once; see [Ensemble].
type TradeoffEnsemble struct {
	Backend compute.Backend
	Config  TradeoffConfig

	members backend.Pool[tradeoffKey, *tradeoffMember]
}

type tradeoffKey struct {
	space  datasets.Space
	config TradeoffConfig
}

// TradeoffConfig holds the hyperparameters of a [TradeoffEnsemble].
type TradeoffConfig struct {
	Config // Growth and Process are not used

	Steps    int     // of the solver, from each start
	StepSize float64 // length of its first step, as a share of the diagonal of the box
	Starts   int     // for each limit: the most accurate labelled architectures, within the limit if there are so many
	Nearest  int     // architectures to score around each solution; 0 means all of the space, and no convex problem is solved
}

// Tradeoff201 is [Ensemble201] with batches of 10, one for each of ten limits.
func Tradeoff201() TradeoffConfig {
	c := TradeoffConfig{Config: Ensemble201(), Steps: 60, StepSize: 0.1, Starts: 4, Nearest: 10}
	c.Batch, c.Local = 10, 2
	return c
}

// Kind implements search.Searcher.
func (*TradeoffEnsemble) Kind() string { return "concave and convex ensemble" }

// Search implements search.Searcher, for finite spaces. One query of a round is for the most
// accurate architecture without a limit, the limits of the others are spread over the front so far,
// and Local of them go to neighbours of the front.
func (e *TradeoffEnsemble) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	return search.Spend(oracle, rng, e.Propose)
}

func (c TradeoffConfig) validate() error {
	if c.Steps < 1 || c.Starts < 1 || c.Nearest < 0 || c.StepSize <= 0 {
		return fmt.Errorf("Steps is %d, Starts %d, Nearest %d and StepSize %g, want above 0, and 0 or more for Nearest",
			c.Steps, c.Starts, c.Nearest, c.StepSize)
	}
	return c.Config.validate()
}

// Propose implements search.Proposer.
func (e *TradeoffEnsemble) Propose(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	space, ok := known.Space().(datasets.FiniteSpace)
	switch {
	case !known.HasCost():
		return nil, fmt.Errorf("tradeoff ensemble: the oracle for %s tells no costs; use a datasets.CostBenchmark", known.Space().Name())
	case !ok:
		return nil, fmt.Errorf("tradeoff ensemble: %s cannot be enumerated", known.Space().Name())
	}
	if err := e.Config.validate(); err != nil {
		return nil, fmt.Errorf("tradeoff ensemble: %w", err)
	}
	if archs, err := search.InitialSet(known, e.Config.Initial, rng); err != nil || archs != nil {
		return archs, err
	}
	archs, err := e.mostPromising(space, known, min(max(n, e.Config.Batch), known.Remaining()), rng)
	if err != nil {
		return nil, fmt.Errorf("tradeoff ensemble, after %d queries: %w", len(known.Log()), err)
	}
	return archs, nil
}

// mostPromising fits all members, and returns the best of what is new for each of n limits.
func (e *TradeoffEnsemble) mostPromising(space datasets.FiniteSpace, known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	labels := newTradeoffLabels(known.Log())
	limits := labels.limits(n, rng)
	beliefs, err := e.fit(space, known.Log(), labels, limits, rng)
	if err != nil {
		return nil, err
	}
	chosen := make(map[int]bool)
	var archs []datasets.Arch
	for k, limit := range limits {
		candidates, factor := beliefs.near[k], 1.0
		if k >= n-e.Config.Local {
			candidates, factor = frontNeighbours(space, known.Log(), rng), e.Config.LocalDeviation
		}
		fresh := func(i int) bool { return !chosen[i] && !known.Asked(space.At(i)) }
		best, ok := beliefs.best(candidates, fresh, limit, labels.incumbent(limit), factor)
		if !ok { // all of them are known
			best, ok = beliefs.best(nn.UpTo(space.Len()), fresh, limit, labels.incumbent(limit), 1)
		}
		if !ok {
			return nil, fmt.Errorf("nothing new to query in %s; use a smaller budget", space.Name())
		}
		chosen[best] = true
		archs = append(archs, space.At(best))
	}
	return archs, nil
}

// frontNeighbours are the indices of all neighbours of a random member of the front.
func frontNeighbours(space datasets.FiniteSpace, log []datasets.Query, rng *rand.Rand) []int {
	front := search.Front(log)
	var indices []int
	for _, a := range space.Neighbours(front[rng.IntN(len(front))].Arch) {
		indices = append(indices, space.Index(a))
	}
	return indices
}

// tradeoffLabels are what members learn of the labelled architectures: normal quantiles of the
// accuracies, and costs less their mean, over their standard deviation.
type tradeoffLabels struct {
	accuracy, cost []float64
	front          []int
}

func newTradeoffLabels(log []datasets.Query) tradeoffLabels {
	var l tradeoffLabels
	for _, m := range log {
		l.accuracy, l.cost = append(l.accuracy, m.Accuracy), append(l.cost, m.Cost)
	}
	l.accuracy = stats.NormalQuantiles(l.accuracy)
	mean, deviation := stat.PopMeanStdDev(l.cost, nil)
	for i := range l.cost {
		l.cost[i] = (l.cost[i] - mean) / max(deviation, 1e-6)
	}
	l.front = stats.ParetoFront(l.cost, l.accuracy)
	return l
}

// limits returns n limits on cost in random order: none at all, which is infinite, and a random
// place in each of n-1 equal stretches from the fastest to the slowest member of the front.
func (l tradeoffLabels) limits(n int, rng *rand.Rand) []float64 {
	low, high := l.cost[l.front[0]], l.cost[l.front[len(l.front)-1]]
	limits := make([]float64, n)
	limits[0] = math.Inf(1)
	for k := range n - 1 {
		limits[k+1] = low + (float64(k)+rng.Float64())/float64(n-1)*(high-low)
	}
	rng.Shuffle(n, func(i, j int) { limits[i], limits[j] = limits[j], limits[i] })
	return limits
}

// incumbent is the best accuracy within a limit that is not below the fastest member of the front.
func (l tradeoffLabels) incumbent(limit float64) float64 {
	best := math.Inf(-1)
	for _, i := range l.front {
		if l.cost[i] <= limit {
			best = max(best, l.accuracy[i])
		}
	}
	return best
}

// tradeoffBeliefs are what the members together expect of all architectures, on the scales of their
// labels, and which architectures are near the solutions for each limit.
type tradeoffBeliefs struct {
	accuracy, cost Beliefs
	near           [][]int
}

// best returns the candidate with the highest expected improvement on the incumbent within the
// limit; not ok if none is fresh.
func (b tradeoffBeliefs) best(candidates []int, fresh func(int) bool, limit, incumbent, factor float64) (index int, ok bool) {
	highest := math.Inf(-1)
	for _, i := range candidates {
		if !fresh(i) {
			continue
		}
		within := distuv.UnitNormal.CDF((limit - b.cost.Mean[i]) / (factor*b.cost.Deviation[i] + 1e-3))
		score := within * stats.ExpectedImprovement(b.accuracy.Mean[i], factor*b.accuracy.Deviation[i]+1e-6, incumbent)
		if score > highest {
			index, highest, ok = i, score, true
		}
	}
	return index, ok
}

// Fit trains all members from fresh weights on measured architectures, and returns what they
// believe of all architectures of the space, in its order: accuracies as normal quantiles of the
// measured ones, costs less the mean of the measured ones, over their standard deviation.
func (e *TradeoffEnsemble) Fit(space datasets.FiniteSpace, measured []datasets.Query, rng *rand.Rand) (accuracy, cost Beliefs, err error) {
	beliefs, err := e.fit(space, measured, newTradeoffLabels(measured), nil, rng)
	return beliefs.accuracy, beliefs.cost, err
}

// fit trains all members from fresh weights and solves their convex problems.
func (e *TradeoffEnsemble) fit(space datasets.FiniteSpace, log []datasets.Query, labels tradeoffLabels, limits []float64, rng *rand.Rand) (tradeoffBeliefs, error) {
	key := tradeoffKey{space, e.Config}
	member, err := e.members.Take(key, e.Backend, func(backend compute.Backend) (*tradeoffMember, error) {
		return newTradeoffMember(backend, space, e.Config)
	})
	if err != nil {
		return tradeoffBeliefs{}, err
	}
	accuracies, costs := make([][]float64, e.Config.Members), make([][]float64, e.Config.Members)
	near := make([][]int, len(limits))
	for i := range e.Config.Members {
		if err := member.fit(context.Background(), log, labels, rng); err != nil {
			return tradeoffBeliefs{}, err
		}
		accuracies[i], costs[i] = member.accuracy, member.cost
		if e.Config.Nearest == 0 || len(limits) == 0 {
			continue
		}
		solutions, err := member.solve(log, labels, limits)
		if err != nil {
			return tradeoffBeliefs{}, err
		}
		for k, z := range solutions {
			if z != nil {
				near[k] = append(near[k], member.nearest(z, e.Config.Nearest)...)
			}
		}
	}
	e.members.Put(key, member)
	for k := range near {
		if slices.Sort(near[k]); e.Config.Nearest == 0 {
			near[k] = nn.UpTo(space.Len())
		}
		near[k] = slices.Compact(near[k])
	}
	archs := member.all.Archs
	return tradeoffBeliefs{newBeliefs(archs, accuracies), newBeliefs(archs, costs), near}, nil
}

package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// GaussianProcess is Bayesian optimisation. It queries a random initial set; then, round by round,
// it fits a Gaussian process to the normal quantiles of the accuracies' ranks and queries the
// architectures of the highest expected improvement: of all in a finite space, else of the
// neighbours of the ten best so far and 1,000 random ones, drawn anew in each round.
//
// The covariance of two architectures is exp(-d / Length), where d counts the features in which
// they differ. With k(x, x') the number of features that agree, that is exp(-(k(x,x) - k(x,x')) /
// Length), a squared-exponential kernel on one-hot features. Unless Length is given, each round
// takes the one of the highest marginal likelihood among four: 1/2, 1, 2 and 4 times the mean of d
// over all pairs. Shorter ones, which may be the likeliest while there are few accuracies, lead to
// a random search.
//
// Sources: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, Algorithm 2.1
// and, for the marginal likelihood, equation 5.8; Jones, Schonlau and Welch, "Efficient Global
// Optimization of Expensive Black-Box Functions", 1998, equation 15. The kernel and the quantiles
// are this project's choice.
//
// A search of NAS-Bench-201 with 200 queries needs 50 MB: 16 bytes for each query and architecture.
type GaussianProcess struct {
	// Features describes an architecture by classes, as many for each, of which only equality
	// counts. nil means the classes of nodes and edges of Space.Encode and the numbers of those;
	// nasbench201.PathFeatures adds the classes of paths for NAS-Bench-201.
	Features func(datasets.Arch) []int32
	// Subtrees is up to how many edges around its nodes architectures are compared, in place of
	// Features: then d counts what is around a node of one and around none of the other. 0 compares
	// features.
	Subtrees int

	Length  float64 // differing features by which the covariance falls to 1/e; 0 means the likeliest in each round
	Initial int     // random architectures queried first; 0 means 10
	Batch   int     // queries in a round; 0 means 5
}

// Kind implements Searcher.
func (GaussianProcess) Kind() string { return "Gaussian process" }

// Search implements [Searcher]. The budget must not be below the initial set. Whatever the oracle
// has answered before counts towards the initial set.
func (g GaussianProcess) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	propose, err := g.proposer(oracle.Space())
	if err != nil {
		return err
	}
	if err := checkBudget(oracle, "Gaussian process", cmp.Or(g.Initial, 10)); err != nil {
		return err
	}
	return Spend(oracle, rng, propose)
}

// Propose implements [Proposer].
func (g GaussianProcess) Propose(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	propose, err := g.proposer(known.Space())
	if err != nil {
		return nil, err
	}
	return propose(known, n, rng)
}

// proposer returns what proposes in a space.
func (g GaussianProcess) proposer(space datasets.Space) (Propose, error) {
	const name = "Gaussian process"
	g.Initial, g.Batch = cmp.Or(g.Initial, 10), cmp.Or(g.Batch, 5)
	if !(g.Length >= 0) || math.IsInf(g.Length, 1) || g.Initial < 1 || g.Batch < 1 || g.Subtrees < 0 {
		return nil, fmt.Errorf("%s: Length is %v, Initial %d, Batch %d and Subtrees %d; want them finite and positive, or 0 for what is usual",
			name, g.Length, g.Initial, g.Batch, g.Subtrees)
	}
	finite, ok := space.(datasets.FiniteSpace)
	if !ok {
		return g.proposeDrawn, nil
	}
	if g.Subtrees > 0 && finite.Len() > maxSubtrees {
		return g.proposeDrawn, nil
	}
	model, err := g.newModel(space, finite.Len(), finite.At)
	if err != nil {
		return nil, err
	}
	return improvementSearch{name, g.Initial, g.Batch, model.points.from, model.kernels}.learner().propose, nil
}

// proposeDrawn proposes in a space that is not scored as a whole.
func (g GaussianProcess) proposeDrawn(known Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	if archs, err := InitialSet(known, g.Initial, rng); err != nil || archs != nil {
		return archs, err
	}
	log := known.Log()
	archs := DrawCandidates(known.Space(), log, math.MaxInt, drawnRandom, rng)
	at := func(point int) datasets.Arch { return archs[point] }
	model, err := g.newModel(known.Space(), len(archs), at)
	if err != nil {
		return nil, err
	}
	points, accuracies := make([]int, len(log)), make([]float64, len(log))
	for i, query := range log {
		points[i], accuracies[i] = i, query.Accuracy
	}
	targets := stats.NormalQuantiles(accuracies)
	chosen, err := mostPromising(known, at, model.posterior(points, targets), targets, max(n, g.Batch))
	if err != nil {
		return nil, fmt.Errorf("Gaussian process: %w", err)
	}
	return chosen, nil
}

// drawnRandom is how many random architectures a round draws in a space that cannot be enumerated.
const drawnRandom = 1000

// maxSubtrees is how many architectures a finite space may have to be scored as a whole by their
// subtrees, which need memory.
const maxSubtrees = 50_000

// ProcessModel is the model of a [GaussianProcess] by itself, on a list of architectures. Several
// goroutines may use it at once.
type ProcessModel struct {
	points  described
	kernels []kernel // to choose from
}

func (g GaussianProcess) newModel(space datasets.Space, n int, at func(i int) datasets.Arch) (ProcessModel, error) {
	points, err := g.describe(space, n, at)
	if err != nil {
		return ProcessModel{}, err
	}
	lengths, noises := []float64{g.Length}, []float64{observationVariance}
	if g.Length == 0 {
		mean := points.meanDistance()
		if mean == 0 {
			return ProcessModel{}, fmt.Errorf("Gaussian process: all architectures of %s have the same features", space.Name())
		}
		lengths = octaves(mean, -1, 2)
	}
	if g.Subtrees > 0 {
		noises = []float64{0.01, 0.03, 0.1, 0.3}
	}
	return ProcessModel{points, kernels(lengths, noises...)}, nil
}

// NewModel returns the model on architectures of a space.
func (g GaussianProcess) NewModel(space datasets.Space, archs []datasets.Arch) (ProcessModel, error) {
	return g.newModel(space, len(archs), func(i int) datasets.Arch { return archs[i] })
}

// Believe returns mean and standard deviation of what is expected of each architecture, noise not
// included, when targets were observed at some of them, by number. Targets have a mean of 0 and a
// variance of 1, as normal quantiles do.
func (m ProcessModel) Believe(observed []int, targets []float64) (mean, deviation []float64) {
	p := m.posterior(observed, targets)
	for i, variance := range p.variance {
		p.variance[i] = math.Sqrt(max(variance, 0))
	}
	return p.mean(targets), p.variance
}

// posterior returns the posterior of the likeliest kernel, given targets at some points.
func (m ProcessModel) posterior(observed []int, targets []float64) *posterior {
	distances := map[int][]float64{}
	for _, point := range observed {
		distances[point] = m.points.from(point)
	}
	likeliest := likeliestKernel(m.kernels, observed, distances, targets)
	p := newPosterior(m.points.len(), func(point int) []float64 {
		return covariances(distances[point], likeliest.scale)
	}, likeliest.noise)
	p.observe(observed...)
	return p
}

// described are architectures between which there are distances.
type described interface {
	len() int
	from(point int) []float64 // the distances of one from each
	meanDistance() float64    // of two random ones
}

func (g GaussianProcess) describe(space datasets.Space, n int, at func(i int) datasets.Arch) (described, error) {
	if g.Subtrees == 0 {
		features, err := g.features(space, n, at)
		return byFeatures(features), err
	}
	schema, points := space.Schema(), make(bySubtrees, n)
	for i := range points {
		points[i] = subtrees(schema, space.Encode(at(i)), g.Subtrees)
	}
	return points, nil
}

// features returns the features of n architectures of a space.
func (g GaussianProcess) features(space datasets.Space, n int, at func(i int) datasets.Arch) ([][]int32, error) {
	describe := g.Features
	if describe == nil {
		schema := space.Schema()
		describe = func(a datasets.Arch) []int32 {
			graph := space.Encode(a)
			features := append(graph.Nodes, graph.Edges...)
			for _, x := range numbers(schema, graph) {
				features = append(features, int32(math.Float32bits(x)))
			}
			return features
		}
	}
	features := make([][]int32, n)
	for i := range features {
		features[i] = describe(at(i))
		if len(features[i]) != len(features[0]) {
			return nil, fmt.Errorf("Gaussian process: %v has %d features and %v %d; want as many for each architecture",
				at(0), len(features[0]), at(i), len(features[i]))
		}
	}
	return features, nil
}

// byFeatures are architectures by their features, as many for each.
type byFeatures [][]int32

func (b byFeatures) len() int { return len(b) }

// from returns the number of features in which one point differs from each.
func (b byFeatures) from(point int) []float64 {
	row := make([]float64, len(b))
	for i, other := range b {
		differing := 0
		for j, feature := range b[point] {
			if other[j] != feature {
				differing++
			}
		}
		row[i] = float64(differing)
	}
	return row
}

// meanDistance implements described.
func (b byFeatures) meanDistance() float64 {
	pairs := 0
	for j := range b[0] {
		points := map[int32]int{} // of each class
		for _, f := range b {
			points[f[j]]++
		}
		for _, n := range points {
			pairs += n * (len(b) - n)
		}
	}
	return float64(pairs) / float64(len(b)*len(b))
}

package ensemble

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// LatentSearch asks whether a concave model of accuracy is a good source of candidates. It searches
// in the latents of a graph VAE that was trained without labels. In each round it trains several
// networks, concave in these latents, from fresh weights on what is labelled. Candidates are
// mutants of the best architectures, or what decodes from ascents of the networks' mean. In either
// case they are encoded again, and those of the highest expected improvement are queried, so two
// searches with candidates from elsewhere differ in nothing else.
//
// Searches take turns, as there is one graph VAE.
type LatentSearch struct {
	// GraphVAE encodes and decodes, and is not changed. Its Config says what the networks are like.
	GraphVAE *crlso.Model
	Config   LatentConfig

	mu       sync.Mutex
	networks *latentNetworks
}

// LatentConfig holds the hyperparameters of a [LatentSearch].
type LatentConfig struct {
	Ascent, Mutation bool // where candidates come from; of both, half of a round's queries each

	Members  int     // networks
	Initial  int     // random queries before the first round
	Batch    int     // queries in a round, while Growth is less
	Growth   float64 // the least share of the queries so far that a round adds to them
	Training nn.Training

	Candidates int // mutants in a round, and latents that it decodes
	// Steps is the length of an ascent. Step k goes StepSize / sqrt(k) times the diagonal of the
	// box of latents along the gradient. Ascents begin at the latents of the best architectures and
	// of random ones.
	Steps    int
	StepSize float64
}

// Latent is the configuration of a [LatentSearch] that was used on NAS-Bench-101 and -301, and not
// tuned: training is that of [Ensemble201], rounds grow as in [For], steps are those of
// [Tradeoff201].
func Latent() LatentConfig {
	return LatentConfig{
		Members: 5, Initial: 10, Batch: 2, Growth: 0.2, Training: Ensemble201().Training,
		Candidates: 600, Steps: 32, StepSize: 0.1,
	}
}

func (c LatentConfig) validate() error {
	if c.Members < 1 || c.Initial < 1 || c.Batch < 1 || c.Candidates < 1 || c.Steps < 1 || c.Growth < 0 {
		return fmt.Errorf("%d members, %d initial queries, batches of %d, %d candidates, %d steps and Growth %g, want at least 1 of each, and no Growth below 0",
			c.Members, c.Initial, c.Batch, c.Candidates, c.Steps, c.Growth)
	}
	if !c.Ascent && !c.Mutation {
		return fmt.Errorf("there are no candidates; want Ascent, Mutation or both")
	}
	return nil
}

// Kind implements search.Searcher.
func (*LatentSearch) Kind() string { return "latent search" }

// BackendDescription says what the searches compute on.
func (l *LatentSearch) BackendDescription() string { return l.GraphVAE.Backend().Description() }

// Search implements search.Searcher.
func (l *LatentSearch) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := search.DrawInitialSet(oracle, rng, l.Config.Initial); err != nil {
		return fmt.Errorf("latent search: %w", err)
	}
	return search.Spend(oracle, rng, l.Propose)
}

// Propose implements search.Proposer.
func (l *LatentSearch) Propose(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	if err := l.Config.validate(); err != nil {
		return nil, fmt.Errorf("latent search: %w", err)
	}
	if archs, err := search.InitialSet(known, l.Config.Initial, rng); err != nil || archs != nil {
		return archs, err
	}
	queries := len(known.Log())
	n = min(max(n, l.Config.Batch, int(l.Config.Growth*float64(queries))), known.Remaining())
	proposals, err := l.round(known, n, rng)
	if err != nil {
		return nil, fmt.Errorf("latent search, after %d queries: %w", queries, err)
	}
	if len(proposals) == 0 {
		return nil, fmt.Errorf("latent search: nothing new to query after %d of %d queries of %s; use a smaller budget",
			queries, known.Budget(), known.Space().Name())
	}
	var archs []datasets.Arch
	for _, p := range proposals {
		archs = append(archs, p.arch)
	}
	return archs, nil
}

// proposal is an architecture, and whether it comes from an ascent.
type proposal struct {
	arch   datasets.Arch
	ascent bool
}

// round trains the networks, and returns n proposals or fewer. With both sources of candidates, the
// best of one and of the other take turns.
func (l *LatentSearch) round(known search.Known, n int, rng *rand.Rand) ([]proposal, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.networks == nil {
		var err error
		if l.networks, err = newLatentNetworks(l.GraphVAE, l.Config); err != nil {
			return nil, err
		}
	}
	best, err := l.networks.fit(known.Log(), rng)
	if err != nil {
		return nil, err
	}
	var sources [2][]datasets.Arch
	if l.Config.Mutation {
		sources[0] = mutants(known, l.Config.Candidates, rng)
	}
	if l.Config.Ascent {
		if sources[1], err = l.networks.ascents(known, l.Config.Candidates, rng); err != nil {
			return nil, err
		}
	}
	for i, candidates := range sources {
		if sources[i], err = l.networks.mostPromising(candidates, best, n); err != nil {
			return nil, err
		}
	}
	return takeTurns(known, sources, n), nil
}

// takeTurns returns n proposals or fewer, from each source as long as it has some, each once.
func takeTurns(known search.Known, sources [2][]datasets.Arch, n int) (chosen []proposal) {
	taken := map[datasets.Arch]bool{}
	for len(chosen) < n && len(sources[0])+len(sources[1]) > 0 {
		for i := range sources {
			for len(sources[i]) > 0 && len(chosen) < n {
				a := sources[i][0]
				sources[i] = sources[i][1:]
				if c := known.Space().Canonical(a); !taken[c] {
					taken[c] = true
					chosen = append(chosen, proposal{a, i == 1})
					break
				}
			}
		}
	}
	return chosen
}

// parents is how many of the best architectures candidates come from.
const parents = 10

// mutants returns up to n different ones that were not asked for, of the best architectures in
// turn: one change, and another one with probability 1/2 after each.
func mutants(known search.Known, n int, rng *rand.Rand) []datasets.Arch {
	fresh, best := newOnes(known), mostAccurate(known.Log(), min(parents, len(known.Log())))
	for i := 0; len(fresh.archs) < n && i < 10*n; i++ { // a small space has no more
		mutant := known.Space().Mutate(best[i%len(best)].Arch, rng)
		for rng.IntN(2) == 0 {
			mutant = known.Space().Mutate(mutant, rng)
		}
		fresh.add(mutant)
	}
	return fresh.archs
}

// fresh collects architectures that were not asked for, each once.
type fresh struct {
	known search.Known
	has   map[datasets.Arch]bool
	archs []datasets.Arch
}

func newOnes(known search.Known) *fresh { return &fresh{known: known, has: map[datasets.Arch]bool{}} }

func (f *fresh) add(a datasets.Arch) {
	if c := f.known.Space().Canonical(a); !f.has[c] && !f.known.Asked(a) {
		f.has[c] = true
		f.archs = append(f.archs, a)
	}
}

// mostPromising returns the n candidates of the highest expected improvement, in that order.
func (m *latentNetworks) mostPromising(candidates []datasets.Arch, best float64, n int) ([]datasets.Arch, error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	b, err := m.believe(candidates)
	if err != nil {
		return nil, err
	}
	chosen := stats.Top(nn.UpTo(len(candidates)), min(n, len(candidates)), func(i int) float64 {
		return stats.ExpectedImprovement(b.Mean[i], b.Deviation[i]+1e-6, best)
	})
	var archs []datasets.Arch
	for _, i := range chosen {
		archs = append(archs, candidates[i])
	}
	return archs, nil
}

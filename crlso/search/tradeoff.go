package search

import (
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// TradeoffSearcher looks for architectures that are accurate and fast on a device: for the Pareto
// front of the two.
type TradeoffSearcher interface {
	// Kind names the method: see [Searcher].
	Kind() string

	// SearchTradeoff queries the oracle until its budget is spent; the oracle's log is the result.
	// For randomness and errors see [Searcher].
	SearchTradeoff(oracle *datasets.DeviceOracle, rng *rand.Rand) error
}

// SearchTradeoff implements [TradeoffSearcher].
func (Random) SearchTradeoff(oracle *datasets.DeviceOracle, rng *rand.Rand) error {
	return sampleMore(oracle, rng, oracle.Budget())
}

// Front returns the measurements that none dominates, from the fastest to the most accurate.
func Front(log []datasets.Measurement) []datasets.Measurement {
	latencies, accuracies := make([]float64, len(log)), make([]float64, len(log))
	for i, m := range log {
		latencies[i], accuracies[i] = m.Latency, m.Accuracy
	}
	var front []datasets.Measurement
	for _, i := range stats.ParetoFront(latencies, accuracies) {
		front = append(front, log[i])
	}
	return front
}

// SearchTradeoff implements [TradeoffSearcher] by Pareto local search: it visits the neighbours of
// a random member of the front whose neighbours it has not all seen, one by one, and moves on to
// another such member as soon as a neighbour enters the front. Where all neighbours of the whole
// front are known, it queries a random architecture. Initial random architectures come first.
//
// Source: Paquete, Chiarandini and Stützle, "Pareto Local Optimum Sets in the Biobjective Traveling
// Salesman Problem", 2004. The paper visits all neighbours of a member; moving at once is what
// [LocalSearch] does.
func (l LocalSearch) SearchTradeoff(oracle *datasets.DeviceOracle, rng *rand.Rand) error {
	if err := sampleMore(oracle, rng, max(l.Initial, 1)); err != nil {
		return err
	}
	for oracle.Remaining() > 0 {
		front := Front(oracle.Log())
		improved := false
		for _, i := range rng.Perm(len(front)) {
			var err error
			if improved, err = l.visit(oracle, rng, front[i].Arch); err != nil {
				return err
			}
			if improved || oracle.Remaining() == 0 {
				break
			}
		}
		if !improved && oracle.Remaining() > 0 {
			if err := sampleMore(oracle, rng, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// visit queries the unknown neighbours of an architecture until one of them enters the front.
func (LocalSearch) visit(oracle *datasets.DeviceOracle, rng *rand.Rand, a datasets.Arch) (improved bool, err error) {
	neighbours := oracle.Space().Neighbours(a)
	for _, i := range rng.Perm(len(neighbours)) {
		if oracle.Seen(neighbours[i]) {
			continue
		}
		if oracle.Remaining() == 0 {
			return false, nil
		}
		m, err := oracle.Query(neighbours[i])
		if err != nil {
			return false, err
		}
		for _, member := range Front(oracle.Log()) {
			if member == m {
				return true, nil
			}
		}
	}
	return false, nil
}

package ensemble

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
)

// tradeoffMember is an encoder with two surrogates on its latents, trained from fresh weights as
// often as one likes by the same compiled programs.
type tradeoffMember struct {
	space   datasets.FiniteSpace
	config  TradeoffConfig
	store   *model.Store
	trainer *nn.Trainer
	apply   *model.Exec // (nodes, edges) -> latents [B, Z], accuracy [B], cost [B]
	ascend  *model.Exec // advances an ascent by some steps

	all            crlso.Table
	latents        [][]float64 // of all architectures
	accuracy, cost []float64   // as the member believes, on the scales of its labels
}

const (
	tradeoffScope         = "/tradeoff"
	tradeoffEncoderScope  = "/tradeoff/encoder"
	tradeoffAccuracyScope = "/tradeoff/accuracy"
	tradeoffCostScope     = "/tradeoff/latency" // seeds depend on it
)

func newTradeoffMember(backend compute.Backend, space datasets.FiniteSpace, config TradeoffConfig) (*tradeoffMember, error) {
	if err := config.Networks.ValidateFor(space); err != nil {
		return nil, err
	}
	m := &tradeoffMember{space: space, config: config, store: model.NewStore()}
	archs := datasets.All(space)
	m.all = crlso.NewTable(space, archs, len(archs))
	schema := space.Schema()
	latents := func(nodes, edges *Node) *Node {
		mu, _ := crlso.Encoder(m.store.Scope(tradeoffEncoderScope), config.Networks, crlso.NewGraphs(schema, m.all.Complete, nodes, edges))
		return mu
	}
	var err error
	m.apply, err = model.NewExec(backend, m.store, func(_ *model.Scope, nodes, edges *Node) (z, accuracy, cost *Node) {
		z = latents(nodes, edges)
		return z, m.accuracyOf(z), m.costOf(z)
	})
	if err != nil {
		return nil, err
	}
	one := crlso.NewTable(space, archs[:1], 1)
	if _, err := m.apply.Exec(one.Nodes, one.Edges); err != nil { // creates the weights
		return nil, err
	}
	m.trainer, err = nn.NewTrainer(backend, m.store, config.Training, 4, nn.Objective{
		Scope: tradeoffScope,
		Names: []string{"squared error"},
		Loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			z := latents(Gather(tables[0], at), Gather(tables[1], at))
			loss := Add(Square(Sub(m.accuracyOf(z), Gather(tables[2], at))), Square(Sub(m.costOf(z), Gather(tables[3], at))))
			return []*Node{nn.WeightedMean(loss, weights)}
		},
		Project: func(g *Graph) {
			crlso.ProjectICNN(m.store.Scope(tradeoffAccuracyScope), config.Networks, g)
			crlso.ProjectICNN(m.store.Scope(tradeoffCostScope), config.Networks, g)
		},
	})
	if err != nil {
		return nil, err
	}
	m.ascend, err = model.NewExec(backend, m.store, m.ascent)
	return m, err
}

// ascent makes some steps of the solver. The inputs are its state, z [B, Z], best [B, Z], value [B]
// and step; the limits [B]; the corners of the box, [Z] each; and the size of the first step.
func (m *tradeoffMember) ascent(_ *model.Scope, inputs []*Node) []*Node {
	p := constrainedProblem{m.accuracyOf, m.costOf, inputs[5], inputs[6]}
	s := ascent{inputs[0], inputs[1], inputs[2], inputs[3]}
	for range stepsPerCall {
		s = p.advance(s, inputs[4], inputs[7])
	}
	return []*Node{s.z, s.best, s.value, s.step}
}

func (m *tradeoffMember) accuracyOf(z *Node) *Node {
	return crlso.Performance(m.store.Scope(tradeoffAccuracyScope), m.config.Networks, z)
}

func (m *tradeoffMember) costOf(z *Node) *Node {
	return crlso.Surrogate(m.store.Scope(tradeoffCostScope), m.config.Networks, z)
}

// fit trains the member from fresh weights, and sets what it believes of all architectures.
func (m *tradeoffMember) fit(ctx context.Context, log []datasets.Query, labels tradeoffLabels, rng *rand.Rand) error {
	if err := nn.DrawAgain(m.store.Scope(tradeoffScope), rng.Uint64()); err != nil {
		return err
	}
	archs := make([]datasets.Arch, len(log))
	for i, measured := range log {
		archs[i] = measured.Arch
	}
	size := powerOfTwo(len(log))
	graphs := crlso.NewTable(m.space, archs, size)
	t := m.config.Training
	s := t.NewSchedule(rng, len(log), 0, t.Epochs, t.Epochs*t.StepsPerEpoch(size))
	tables := []*tensors.Tensor{graphs.Nodes, graphs.Edges, nn.PaddedVector(labels.accuracy, size), nn.PaddedVector(labels.cost, size)}
	if _, err := m.trainer.Run(ctx, s, 0, tables, nil); err != nil {
		return err
	}
	results, err := m.apply.Exec(m.all.Nodes, m.all.Edges)
	if err != nil {
		return err
	}
	n := m.space.Len()
	m.latents = nn.Rows(nn.AppendRows(nil, results[0], n), m.config.Networks.LatentDim)
	m.accuracy = nn.Float64s(nn.AppendRows(nil, results[1], n))
	m.cost = nn.Float64s(nn.AppendRows(nil, results[2], n))
	return nil
}

// stepsPerCall is how many steps of the solver make one program.
const stepsPerCall = 10

// solve returns the solution of the member's convex problem for each limit, the best of all starts;
// nil if none led to a point within the limit.
func (m *tradeoffMember) solve(log []datasets.Query, labels tradeoffLabels, limits []float64) ([][]float64, error) {
	dim := m.config.Networks.LatentDim
	low, high := append([]float64{}, m.latents[0]...), append([]float64{}, m.latents[0]...)
	for _, z := range m.latents {
		for j, x := range z {
			low[j], high[j] = min(low[j], x), max(high[j], x)
		}
	}
	var starts [][]float64
	var limitOf []float64
	for _, limit := range limits {
		for _, i := range labels.starts(limit, m.config.Starts) {
			starts, limitOf = append(starts, m.latents[m.space.Index(log[i].Arch)]), append(limitOf, limit)
		}
	}
	n := len(starts)
	const none = -1e30
	vector := func(values []float64) *tensors.Tensor { return nn.PaddedVector(values, len(values)) }
	state := []any{nn.TensorOf(starts...), nn.TensorOf(starts...), vector(slices.Repeat([]float64{none}, n)), float32(0)}
	size := float32(m.config.StepSize * floats.Distance(low, high, 2))
	for range (m.config.Steps + stepsPerCall - 1) / stepsPerCall {
		results, err := m.ascend.Exec(append(state, vector(limitOf), vector(low), vector(high), size)...)
		if err != nil {
			return nil, err
		}
		state = []any{results[0], results[1], results[2], results[3]}
	}
	best := nn.Rows(nn.AppendRows(nil, state[1].(*tensors.Tensor), n), dim)
	values := nn.AppendRows(nil, state[2].(*tensors.Tensor), n)
	solutions, highest := make([][]float64, len(limits)), slices.Repeat([]float32{none}, len(limits))
	for i, z := range best {
		if k := i / m.config.Starts; values[i] > highest[k] {
			solutions[k], highest[k] = z, values[i]
		}
	}
	return solutions, nil
}

// starts returns the n most accurate labelled architectures within a limit, or else the fastest
// ones too, over and over if there are too few.
func (l tradeoffLabels) starts(limit float64, n int) []int {
	best := stats.Top(nn.UpTo(len(l.accuracy)), n, func(i int) float64 {
		if l.cost[i] <= limit {
			return l.accuracy[i]
		}
		return -1e6 - l.cost[i]
	})
	for len(best) < n {
		best = append(best, best[0])
	}
	return best
}

// nearest returns the indices of the n architectures whose latents are closest to a point.
func (m *tradeoffMember) nearest(z []float64, n int) []int {
	distances, order := make([]float64, len(m.latents)), make([]int, len(m.latents))
	for i, latent := range m.latents {
		distances[i] = floats.Distance(latent, z, 2)
	}
	floats.Argsort(distances, order)
	return order[:min(n, len(order))]
}

package ensemble

import (
	"context"
	"math/bits"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// powerOfTwo returns the lowest one that is not below n: few programs serve labelled sets of all
// sizes.
func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// concavePair is an encoder and a surrogate on its latents, trained from fresh weights as often as
// one likes by the same compiled programs.
type concavePair struct {
	all     crlso.Table // of the space, if it is small
	config  Config
	store   *model.Store
	trainer *nn.Trainer
	apply   *model.Exec // (nodes, edges) -> performance
}

func newConcavePair(backend compute.Backend, space datasets.Space, config Config) (*concavePair, error) {
	if err := config.Networks.Validate(); err != nil {
		return nil, err
	}
	p := &concavePair{config: config, store: model.NewStore()}
	if finite, ok := space.(datasets.FiniteSpace); ok && finite.Len() <= maxEnumerated {
		archs := datasets.All(finite)
		p.all = crlso.NewTable(space, archs, len(archs))
	}
	schema := space.Schema()
	performance := func(nodes, edges *Node) *Node {
		mu, _ := crlso.Encoder(p.store.Scope(memberEncoderScope), config.Networks, crlso.NewGraphs(schema, p.all.Complete, nodes, edges))
		return crlso.Performance(p.store.Scope(memberICNNScope), config.Networks, mu)
	}
	var err error
	p.apply, err = model.NewExec(backend, p.store, func(_ *model.Scope, nodes, edges *Node) *Node {
		return performance(nodes, edges)
	})
	if err != nil {
		return nil, err
	}
	one := crlso.NewTable(space, []datasets.Arch{space.Sample(rand.New(rand.NewPCG(0, 0)))}, 1)
	if _, err := p.apply.Call1(one.Nodes, one.Edges); err != nil { // creates the weights
		return nil, err
	}
	p.trainer, err = nn.NewTrainer(backend, p.store, p.config.Training, 3, nn.RegressionOn(memberScope,
		func(rows []*Node) *Node { return performance(rows[0], rows[1]) },
		func(g *Graph) { crlso.ProjectICNN(p.store.Scope(memberICNNScope), config.Networks, g) }))
	return p, err
}

// fit trains a fresh pair on labelled graphs and returns its performance model for the candidates.
func (p *concavePair) fit(labelled crlso.Table, targets []float64, candidates crlso.Table, rng *rand.Rand) ([]float64, error) {
	if err := nn.DrawAgain(p.store.Scope(memberScope), rng.Uint64()); err != nil {
		return nil, err
	}
	size := labelled.Nodes.Shape().Dim(0)
	t := p.config.Training
	s := t.NewSchedule(rng, len(targets), 0, t.Epochs, t.Epochs*t.StepsPerEpoch(size))
	tables := []*tensors.Tensor{labelled.Nodes, labelled.Edges, nn.PaddedVector(targets, size)}
	if _, err := p.trainer.Run(context.Background(), s, 0, tables, nil); err != nil {
		return nil, err
	}
	result, err := p.apply.Call1(candidates.Nodes, candidates.Edges)
	if err != nil {
		return nil, err
	}
	return nn.Float64s(nn.AppendRows(nil, result, len(candidates.Archs))), nil
}

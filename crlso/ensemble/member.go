package ensemble

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// powerOfTwo returns the lowest one that is not below n: few programs serve labelled sets of all
// sizes.
func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// concavePairs are encoders, each with a surrogate on its latents, trained from fresh weights as
// often as one likes by the same compiled programs. All are trained side by side in one program:
// networks of this size are a matter of how many operations a step has, and not of their size.
type concavePairs struct {
	all     []crlso.Table        // of the space, if it is scored as a whole
	process *search.ProcessModel // on all, once it was asked for
	config  Config
	store   *model.Store
	trainer *nn.Trainer
	apply   *model.Exec // (nodes [N, ...], edges [N, ...]) -> performance [members, N]
}

func newConcavePairs(backend compute.Backend, space datasets.Space, config Config) (*concavePairs, error) {
	if err := config.Networks.ValidateFor(space); err != nil {
		return nil, err
	}
	p := &concavePairs{config: config, store: model.NewStore()}
	nn.SetNetworks(p.store, config.Members)
	if config.scoresAll(space) {
		p.all = tables(space, datasets.All(space.(datasets.FiniteSpace)))
	}
	schema, complete := space.Schema(), len(p.all) > 0 && p.all[0].Complete
	// performance takes graphs of all members, [members, B, ...], to [members, B].
	performance := func(nodes, edges *Node) *Node {
		mu, _ := crlso.Encoder(p.store.Scope(memberEncoderScope), config.Networks, crlso.NewGraphs(schema, complete, nodes, edges))
		return Reshape(crlso.Performance(p.store.Scope(memberICNNScope), config.Networks, mu), config.Members, -1)
	}
	var err error
	p.apply, err = model.NewExec(backend, p.store, func(_ *model.Scope, nodes, edges *Node) *Node {
		everyone := func(x *Node) *Node { return BroadcastPrefix(x, config.Members) }
		return performance(everyone(nodes), everyone(edges))
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

// processOn returns a Gaussian process on architectures, which are all of the space or not.
func (p *concavePairs) processOn(space datasets.Space, archs []datasets.Arch, all bool) (*search.ProcessModel, error) {
	if all && p.process != nil {
		return p.process, nil
	}
	process, err := search.GaussianProcess{Subtrees: surroundings}.NewModel(space, archs)
	if all && err == nil {
		p.process = &process
	}
	return &process, err
}

// surroundings is up to how many edges around nodes the Gaussian process compares architectures.
const surroundings = 2

// tables puts architectures into tables of one size, and of maxDrawn rows at most.
func tables(space datasets.Space, archs []datasets.Arch) (all []crlso.Table) {
	n := (len(archs) + maxDrawn - 1) / maxDrawn
	size := (len(archs) + n - 1) / n
	for part := range slices.Chunk(archs, size) {
		all = append(all, crlso.NewTable(space, part, size))
	}
	return all
}

// sideBySide are networks with their weights below one scope.
type sideBySide struct {
	scope    *model.Scope
	trainer  *nn.Trainer
	networks int
}

// trainAgain trains the networks from fresh weights on the first n rows of tables.
func (s sideBySide) trainAgain(tables []*tensors.Tensor, n int, rng *rand.Rand) error {
	t := s.trainer.Config
	steps := t.Epochs * t.StepsPerEpoch(tables[0].Shape().Dim(0))
	seeds, schedules := make([]uint64, s.networks), make([]nn.Schedule, s.networks)
	for i := range seeds {
		seeds[i], schedules[i] = rng.Uint64(), t.NewSchedule(rng, n, 0, t.Epochs, steps)
	}
	if err := nn.DrawAgain(s.scope, seeds...); err != nil {
		return err
	}
	_, err := s.trainer.Run(context.Background(), nn.SideBySide(schedules, t.Batch, steps), 0, tables, nil)
	return err
}

// fit trains fresh pairs on labelled graphs, and returns what each believes of the candidates.
func (p *concavePairs) fit(labelled crlso.Table, targets []float64, candidates []crlso.Table, rng *rand.Rand) ([][]float64, error) {
	rows := []*tensors.Tensor{labelled.Nodes, labelled.Edges, nn.PaddedVector(targets, labelled.Nodes.Shape().Dim(0))}
	members := sideBySide{p.store.Scope(memberScope), p.trainer, p.config.Members}
	if err := members.trainAgain(rows, len(targets), rng); err != nil {
		return nil, err
	}
	beliefs := make([][]float64, p.config.Members)
	for _, table := range candidates {
		result, err := p.apply.Call1(table.Nodes, table.Edges)
		if err != nil {
			return nil, err
		}
		size := result.Shape().Dim(1)
		for i, row := range nn.Rows(nn.AppendRows(nil, result, len(beliefs)), size) {
			beliefs[i] = append(beliefs[i], row[:len(table.Archs)]...)
		}
	}
	return beliefs, nil
}

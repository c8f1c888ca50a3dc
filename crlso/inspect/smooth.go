package inspect

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Smoother says what the other architectures of a space know of an architecture's accuracy: it
// fits networks to whole tables, each to all architectures but those of one fold, and predicts
// these. What is left of an accuracy is the luck of its label, and what such a network cannot know.
type Smoother struct {
	Networks crlso.Networks // of the encoder, which is followed by an MLP of ICNNWidth and ICNNLayers
	Folds    int
	Training nn.Training
	Seed     uint64 // of folds, weights and batches
}

// DefaultSmoother is five folds of directed networks of the ensemble's form, wider and trained for
// longer.
func DefaultSmoother() Smoother {
	networks := crlso.Released201().Networks
	networks.HiddenDim, networks.StateScale, networks.Directed = 64, 0.5, true
	networks.ICNNWidth, networks.ICNNLayers = 128, 2
	return Smoother{Networks: networks, Folds: 5, Training: nn.QuickTraining(40, 256)}
}

// Smooth returns the smoothed accuracies of several columns, such as one for each data set, of all
// architectures of a space in its order, as columns. The networks learn all columns at once, as
// normal quantiles, and a local line takes predictions back to accuracies. Cancelling ctx stops it
// between epochs.
func (s Smoother) Smooth(ctx context.Context, backend compute.Backend, space datasets.FiniteSpace, columns [][]float64) ([][]float64, error) {
	if s.Folds < 2 || s.Folds > space.Len() || len(columns) == 0 {
		return nil, fmt.Errorf("smooth %s: %d folds and %d columns of %d architectures, want at least 2 folds and a column",
			space.Name(), s.Folds, len(columns), space.Len())
	}
	for i, column := range columns {
		if len(column) != space.Len() {
			return nil, fmt.Errorf("smooth %s: column %d has %d accuracies, want %d", space.Name(), i, len(column), space.Len())
		}
	}
	if err := s.Networks.ValidateFor(space); err != nil {
		return nil, fmt.Errorf("smooth %s: %w", space.Name(), err)
	}
	predictions, err := s.predict(ctx, backend, space, columns)
	if err != nil {
		return nil, fmt.Errorf("smooth %s: %w", space.Name(), err)
	}
	smoothed := make([][]float64, len(columns))
	for i, column := range columns {
		smoothed[i] = stats.LocalLinear(predictions[i], column, neighbours)
	}
	return smoothed, nil
}

// neighbours is how many accuracies on either side enter a smoothed one.
const neighbours = 50

// predict returns the predicted quantiles of all columns, each of an architecture by the network
// that did not see it.
func (s Smoother) predict(ctx context.Context, backend compute.Backend, space datasets.FiniteSpace, columns [][]float64) ([][]float64, error) {
	f := &folds{Smoother: s, space: space, columns: len(columns), archs: datasets.All(space), store: model.NewStore()}
	nn.SetNetworks(f.store, s.Folds)
	nn.SetSeed(f.store, s.Seed)
	f.all = crlso.NewTable(space, f.archs, len(f.archs))
	defer f.all.Free()
	f.fold = make([]int, len(f.archs))
	for i, at := range nn.NewRand(s.Seed, "folds", 0).Perm(len(f.archs)) {
		f.fold[at] = i % s.Folds
	}
	apply, err := model.NewExec(backend, f.store, func(_ *model.Scope, nodes, edges *Node) *Node {
		return f.network(BroadcastPrefix(nodes, s.Folds), BroadcastPrefix(edges, s.Folds))
	})
	if err != nil {
		return nil, err
	}
	defer apply.Finalize()
	if _, err := f.apply(apply); err != nil { // creates the weights
		return nil, err
	}
	rows := make([][]float64, len(f.archs))
	for _, column := range columns {
		for i, quantile := range stats.NormalQuantiles(column) {
			rows[i] = append(rows[i], quantile)
		}
	}
	if err := f.train(ctx, backend, rows); err != nil {
		return nil, err
	}
	return f.apply(apply)
}

// folds are networks side by side, one for each fold of a space.
type folds struct {
	Smoother
	space   datasets.FiniteSpace
	columns int
	archs   []datasets.Arch
	all     crlso.Table
	fold    []int // of each architecture
	store   *model.Store
}

const smootherScope = "/smoother"

// network takes graphs for all folds, [folds, B, ...], to predictions, [folds, B, columns].
func (f *folds) network(nodes, edges *Node) *Node {
	graphs := crlso.NewGraphs(f.space.Schema(), f.all.Complete, nodes, edges)
	scope := f.store.Scope(smootherScope)
	h := crlso.Readout(scope.In("encoder"), f.Networks, graphs)
	for layer := range f.Networks.ICNNLayers {
		h = nn.LeakyReLU(nn.Affine(scope.In("dense_%d", layer), h, f.Networks.ICNNWidth))
	}
	return Reshape(nn.Affine(scope.In("out"), h, f.columns), f.Folds, -1, f.columns)
}

// apply returns what each network predicts of its own fold, as columns.
func (f *folds) apply(exec *model.Exec) ([][]float64, error) {
	const size = 1024
	predictions := make([][]float64, f.columns)
	for first := 0; first < len(f.archs); first += size {
		part := f.archs[first:min(first+size, len(f.archs))]
		table := crlso.NewTable(f.space, part, size)
		result, err := exec.Call1(table.Nodes, table.Edges)
		table.Free()
		if err != nil {
			return nil, err
		}
		rows := nn.Rows(nn.AppendRows(nil, result, f.Folds), f.columns)
		for i := range part {
			for column, value := range rows[f.fold[first+i]*size+i] {
				predictions[column] = append(predictions[column], value)
			}
		}
	}
	return predictions, nil
}

// train fits each network to the rows of all architectures but those of its fold.
func (f *folds) train(ctx context.Context, backend compute.Backend, rows [][]float64) error {
	trainer, err := nn.NewTrainer(backend, f.store, f.Training, 3, nn.Objective{
		Scope: smootherScope,
		Names: []string{"squared error"},
		Loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			predicted := f.network(Gather(tables[0], at), Gather(tables[1], at))
			return []*Node{nn.WeightedMean(ReduceMean(Square(Sub(predicted, Gather(tables[2], at))), -1), weights)}
		},
	})
	if err != nil {
		return err
	}
	defer trainer.Close()
	labels := nn.TensorOf(rows...)
	defer labels.MustFinalizeAll()
	tables := []*tensors.Tensor{f.all.Nodes, f.all.Edges, labels}
	rngs := make([]*rand.Rand, f.Folds)
	others := make([][]int32, f.Folds) // of each fold
	for k := range rngs {
		rngs[k] = nn.NewRand(f.Seed, "smoother", k)
		for i := range f.fold {
			if f.fold[i] != k {
				others[k] = append(others[k], int32(i))
			}
		}
	}
	steps := f.Training.StepsPerEpoch(len(f.archs)) // none has more
	seen := 0
	for epoch := range f.Training.Epochs {
		schedules := make([]nn.Schedule, f.Folds)
		for k := range schedules {
			schedules[k] = f.Training.NewSchedule(rngs[k], len(others[k]), epoch, 1, steps)
			for i, example := range schedules[k].Indices {
				schedules[k].Indices[i] = others[k][example]
			}
		}
		all := nn.SideBySide(schedules, f.Training.Batch, steps)
		if _, err := trainer.Run(ctx, all, seen, tables, nil); err != nil {
			return err
		}
		seen += all.Steps
	}
	return nil
}

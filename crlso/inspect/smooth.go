package inspect

import (
	"context"
	"fmt"
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

// DefaultSmoother is one whose predictions were the best among a few on NAS-Bench-201, CIFAR-10.
func DefaultSmoother() Smoother {
	networks := crlso.Released201().Networks
	networks.HiddenDim, networks.StateScale, networks.Directed = 64, 0.5, true
	networks.ICNNWidth, networks.ICNNLayers, networks.Surrogate = 128, 2, crlso.MLPSurrogate
	return Smoother{Networks: networks, Folds: 5, Training: nn.QuickTraining(40, 256)}
}

const (
	smootherScope = "/smoother"
)

// Smooth returns the smoothed accuracies of several columns, such as one for each data set, of all
// architectures of a space in its order, as columns. The networks learn all columns at once, as
// normal quantiles, and a local line takes predictions back to accuracies. Cancelling ctx stops it between epochs.
func (s Smoother) Smooth(ctx context.Context, backend compute.Backend, space datasets.FiniteSpace, columns [][]float64) ([][]float64, error) {
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
	if s.Folds < 2 || s.Folds > space.Len() || len(columns) == 0 {
		return nil, fmt.Errorf("%d folds and %d columns of %d architectures, want at least 2 folds and a column", s.Folds, len(columns), space.Len())
	}
	targets := make([][]float64, len(columns))
	for i, column := range columns {
		if len(column) != space.Len() {
			return nil, fmt.Errorf("column %d has %d accuracies, want %d", i, len(column), space.Len())
		}
		targets[i] = stats.NormalQuantiles(column)
	}
	archs := datasets.All(space)
	all := crlso.NewTable(space, archs, len(archs))
	defer all.Free()
	store := model.NewStore()
	nn.SetNetworks(store, s.Folds)
	nn.SetSeed(store, s.Seed)
	network := func(nodes, edges *Node) *Node { // [folds, B, columns]
		graphs := crlso.NewGraphs(space.Schema(), all.Complete, nodes, edges)
		h := crlso.Readout(store.Scope(smootherScope+"/encoder"), s.Networks, graphs)
		for layer := range s.Networks.ICNNLayers {
			h = nn.LeakyReLU(nn.Affine(store.Scope(fmt.Sprintf("%s/dense_%d", smootherScope, layer)), h, s.Networks.ICNNWidth))
		}
		h = nn.Affine(store.Scope(smootherScope+"/out"), h, len(columns))
		return Reshape(h, s.Folds, -1, len(columns))
	}
	apply, err := model.NewExec(backend, store, func(_ *model.Scope, nodes, edges *Node) *Node {
		return network(BroadcastPrefix(nodes, s.Folds), BroadcastPrefix(edges, s.Folds))
	})
	if err != nil {
		return nil, err
	}
	defer apply.Finalize()
	fold := s.folds(len(archs))
	predictions := make([][]float64, len(columns))
	for i := range predictions {
		predictions[i] = make([]float64, len(archs))
	}
	const chunk = 1024
	read := func() error { // what each network says of its own fold
		for first := 0; first < len(archs); first += chunk {
			part := archs[first:min(first+chunk, len(archs))]
			table := crlso.NewTable(space, part, chunk)
			result, err := apply.Call1(table.Nodes, table.Edges)
			table.Free()
			if err != nil {
				return err
			}
			rows := nn.Rows(nn.AppendRows(nil, result, s.Folds), len(columns))
			for i := range part {
				for column, value := range rows[fold[first+i]*chunk+i] {
					predictions[column][first+i] = value
				}
			}
		}
		return nil
	}
	if err := read(); err != nil { // creates the weights
		return nil, err
	}
	if err := s.train(ctx, backend, store, all, targets, fold, network); err != nil {
		return nil, err
	}
	return predictions, read()
}

// folds returns the fold of each architecture.
func (s Smoother) folds(n int) []int {
	fold := make([]int, n)
	for i, at := range nn.NewRand(s.Seed, "folds", 0).Perm(n) {
		fold[at] = i % s.Folds
	}
	return fold
}

func (s Smoother) train(ctx context.Context, backend compute.Backend, store *model.Store, all crlso.Table, targets [][]float64, fold []int, network func(nodes, edges *Node) *Node) error {
	trainer, err := nn.NewTrainer(backend, store, s.Training, 3, nn.Objective{
		Scope: smootherScope,
		Names: []string{"squared error"},
		Loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			predicted := network(Gather(tables[0], at), Gather(tables[1], at))
			return []*Node{nn.WeightedMean(ReduceMean(Square(Sub(predicted, Gather(tables[2], at))), -1), weights)}
		},
	})
	if err != nil {
		return err
	}
	defer trainer.Close()
	rows := make([][]float64, len(fold))
	for i := range rows {
		for _, target := range targets {
			rows[i] = append(rows[i], target[i])
		}
	}
	labels := nn.TensorOf(rows...)
	defer labels.MustFinalizeAll()
	rngs := make([]*rand.Rand, s.Folds)
	others := make([][]int32, s.Folds) // of each fold
	for f := range rngs {
		rngs[f] = nn.NewRand(s.Seed, "smoother", f)
		for i := range fold {
			if fold[i] != f {
				others[f] = append(others[f], int32(i))
			}
		}
	}
	seen := 0
	for epoch := range s.Training.Epochs {
		schedules := make([]nn.Schedule, s.Folds)
		steps := s.Training.StepsPerEpoch(len(slices.MaxFunc(others, func(a, b []int32) int { return len(a) - len(b) })))
		for f := range schedules {
			schedules[f] = s.Training.NewSchedule(rngs[f], len(others[f]), epoch, 1, steps)
			for i, example := range schedules[f].Indices {
				schedules[f].Indices[i] = others[f][example]
			}
		}
		if _, err := trainer.Run(ctx, nn.SideBySide(schedules, s.Training.Batch, steps), seen,
			[]*tensors.Tensor{all.Nodes, all.Edges, labels}, nil); err != nil {
			return err
		}
		seen += steps
	}
	return nil
}

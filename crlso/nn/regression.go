package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
)

// Regression fits a network to values at points, with the optimiser that trains CR-LSO. It is for
// looking at surrogates, such as [ICNN] and [MLP], by themselves.
type Regression struct {
	// Network returns values, [B], of points, [B, D], and has its weights below the scope.
	Network func(scope *model.Scope, points *Node) *Node
	// Project, unless it is nil, maps the weights back to where they are allowed to be after every
	// step, as [ProjectICNN] does.
	Project func(scope *model.Scope, g *Graph)

	Training Training
	Seed     uint64 // of weights and batches
}

// Fitted is a network with the weights that a [Regression] found.
type Fitted struct {
	Loss float64 // mean squared error at the points it was fitted to

	backend         compute.Backend
	store           *model.Store
	value, gradient *model.Exec
}

const regressionScope = "/regression"

// Fit minimises the mean squared error of the network's values at the points, from fresh weights.
// It is an error if ctx is cancelled before training, one call to the device, begins.
func (r Regression) Fit(ctx context.Context, backend compute.Backend, points [][]float64, values []float64) (*Fitted, error) {
	if len(points) == 0 || len(points) != len(values) {
		return nil, fmt.Errorf("regression: %d points and %d values, want as many of both, and at least one", len(points), len(values))
	}
	f := &Fitted{backend: backend, store: model.NewStore()}
	if err := r.fit(ctx, f, points, values); err != nil {
		return nil, fmt.Errorf("regression: %w", err)
	}
	return f, nil
}

func (r Regression) fit(ctx context.Context, f *Fitted, points [][]float64, values []float64) error {
	SetSeed(f.store, r.Seed)
	if err := f.store.SetRNGStateFromSeed(int64(r.Seed)); err != nil { // of networks with GoMLX's own initial weights
		return err
	}
	if err := f.compileNetwork(r.Network); err != nil {
		return err
	}
	if _, err := f.apply(f.value, points[:1]); err != nil { // creates the weights
		return err
	}
	var project func(g *Graph)
	if r.Project != nil {
		project = func(g *Graph) { r.Project(f.store.Scope(regressionScope), g) }
	}
	network := func(rows []*Node) *Node { return r.Network(f.store.Scope(regressionScope), rows[0]) }
	trainer, err := NewTrainer(f.backend, f.store, r.Training, 2, RegressionOn(regressionScope, network, project))
	if err != nil {
		return err
	}
	t := r.Training
	s := t.NewSchedule(NewRand(r.Seed, "regression", 0), len(points), 0, t.Epochs, t.Epochs*t.StepsPerEpoch(len(points)))
	tables := []*tensors.Tensor{TensorOf(points...), PaddedVector(values, len(values))}
	if _, err := trainer.Run(ctx, s, 0, tables, nil); err != nil {
		return err
	}
	fitted, err := f.Values(points)
	if err == nil {
		distance := floats.Distance(fitted, values, 2)
		f.Loss = distance * distance / float64(len(values))
	}
	return err
}

// Values are those of the network at points.
func (f *Fitted) Values(points [][]float64) ([]float64, error) {
	values, err := f.apply(f.value, points)
	return slices.Concat(values...), err
}

// Gradients are those of the network's values with respect to the points.
func (f *Fitted) Gradients(points [][]float64) ([][]float64, error) {
	return f.apply(f.gradient, points)
}

// Evaluate computes something else with the network's weights: [B, K] of points, [B, D], such as
// what a layer in the middle makes of them.
func (f *Fitted) Evaluate(what func(scope *model.Scope, points *Node) *Node, points [][]float64) ([][]float64, error) {
	exec, err := f.compile(what)
	if err != nil {
		return nil, err
	}
	return f.apply(exec, points)
}

// Part is another network with the same weights, such as the layers above one in the middle. Its
// Loss is 0.
func (f *Fitted) Part(network func(scope *model.Scope, points *Node) *Node) (*Fitted, error) {
	part := &Fitted{backend: f.backend, store: f.store}
	return part, part.compileNetwork(network)
}

// Descend follows the negative gradient from each start for a number of steps, each of rate times
// the gradient, and returns the paths with their starts: one row of steps + 1 points for each.
func (f *Fitted) Descend(starts [][]float64, rate float64, steps int) ([][][]float64, error) {
	paths := make([][][]float64, len(starts))
	at := starts
	for step := 0; ; step++ {
		for i, point := range at {
			paths[i] = append(paths[i], point)
		}
		if step == steps {
			return paths, nil
		}
		gradients, err := f.Gradients(at)
		if err != nil {
			return nil, err
		}
		next := make([][]float64, len(at))
		for i, gradient := range gradients {
			next[i] = floats.AddScaledTo(make([]float64, len(gradient)), at[i], -rate, gradient)
		}
		at = next
	}
}

func (f *Fitted) compileNetwork(network func(scope *model.Scope, points *Node) *Node) (err error) {
	if f.value, err = f.compile(network); err != nil {
		return err
	}
	f.gradient, err = f.compile(func(scope *model.Scope, points *Node) *Node {
		return Gradient(ReduceAllSum(network(scope, points)), points)[0]
	})
	return err
}

func (f *Fitted) compile(what func(scope *model.Scope, points *Node) *Node) (*model.Exec, error) {
	return model.NewExec(f.backend, f.store, func(_ *model.Scope, points *Node) *Node {
		return what(f.store.Scope(regressionScope), points)
	})
}

// apply returns what a program computes of points, one row for each.
func (f *Fitted) apply(exec *model.Exec, points [][]float64) ([][]float64, error) {
	result, err := exec.Call1(TensorOf(points...))
	if err != nil {
		return nil, err
	}
	size := result.Shape().Size() / len(points)
	return Rows(AppendRows(nil, result, len(points)), size), nil
}

package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
)

// Objective says what a [Trainer] minimises.
type Objective struct {
	// Scope holds the weights that are trained: all variables below it, but those below Frozen,
	// unless that is "".
	Scope, Frozen string
	// Names are those of the values that Loss returns.
	Names []string
	// Loss returns scalars, the objective first, for one step; or vectors, [S], if the weights are
	// those of S networks side by side, along a leading axis. tables are the same in every step,
	// batch holds this step's row of each per-step input.
	Loss func(tables, batch []*Node) []*Node
	// Project, unless it is nil, maps the weights back to where they are allowed to be, after each
	// step.
	Project func(g *Graph)
}

// RegressionOn is the squared error of a network that sees rows of all tables but the last, [N,
// ...] each, and returns values, [B], against the last table, [N]. project may be nil: see
// Objective.
func RegressionOn(scope string, network func(rows []*Node) *Node, project func(g *Graph)) Objective {
	return Objective{
		Scope: scope,
		Names: []string{"squared error"},
		Loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			last := len(tables) - 1
			rows := make([]*Node, last)
			for i := range rows {
				rows[i] = Gather(tables[i], at)
			}
			return []*Node{WeightedMean(Square(Sub(network(rows), Gather(tables[last], at))), weights)}
		},
		Project: project,
	}
}

// Trainer runs many steps of Adam as one compiled program: a While whose state is the weights,
// Adam's moments and everything that the steps read, so that the host does not act between steps.
// It trains one network, or S independent networks side by side; each step of the program is then
// one Adam step of every network, each with its own learning rate. It must not be used from several
// goroutines.
type Trainer struct {
	Config    Training
	Objective Objective
	exec      *model.Exec
	trained   []*model.Variable
	moments   []*model.Variable // second ones in the order of trained, then first ones if Beta1 is not zero

	// hostLoop is set on GoMLX's Go backend (compute v0.1.2), which cannot be trusted with a While:
	// its broadcast pass rewires the body after the uses of each value have been counted. The
	// program is a single step then, and the host makes the loop.
	hostLoop bool
	split    *split // over several devices; nil on one
	BFloat16 bool   // rounds the operands of products to bfloat16
}

// NewTrainer prepares the training of variables that exist already. numTables is the number of
// tables that Run gets.
func NewTrainer(backend compute.Backend, store *model.Store, config Training, numTables int, objective Objective) (*Trainer, error) {
	t := &Trainer{Config: config, Objective: objective, hostLoop: backend.String() == gobackend.BackendName}
	for v := range store.Scope(objective.Scope).IterVariables() {
		if objective.Frozen == "" || !strings.HasPrefix(v.Path(), objective.Frozen+"/") {
			t.trained = append(t.trained, v)
		}
	}
	if len(t.trained) == 0 {
		return nil, fmt.Errorf("no variables to train below %q", objective.Scope)
	}
	addMoments := func(name string) {
		for _, w := range t.trained {
			path := model.JoinPath("/adam", name, w.Path())
			t.moments = append(t.moments, store.VariableWithShape(path, w.Shape(), Zeros))
		}
	}
	addMoments("second_moment")
	if config.Beta1 > 0 {
		addMoments("first_moment")
	}
	var err error
	t.exec, err = model.NewExec(backend, store, func(scope *model.Scope, inputs []*Node) *Node {
		scope.SetParam(bfloat16Param, t.BFloat16)
		defer scope.SetParam(bfloat16Param, false)
		return t.program(inputs, numTables)
	})
	return t, err
}

// The program's inputs: first these, then the tables, then the per-step inputs, [steps, S, batch,
// ...], of which the first is the weight of each example of each step.
const (
	inFirst     = iota // scalar: the step to begin with
	inEnd              // scalar: the step to end before
	inSeen             // scalar: the steps that the moments have seen before step 0
	inRates            // [steps, S]: the learning rate of each step
	inSums             // [values + 1, S]: zeros, for the sums of the objective's values and of the examples
	fixedInputs        // the number of these
)

// program builds the loop. Its result is, for each value of the objective, the sum over all
// examples seen, and in the end the number of examples; for each network.
func (t *Trainer) program(inputs []*Node, numTables int) *Node {
	g := inputs[0].Graph()
	vars := slices.Concat(t.trained, t.moments)
	state := slices.Clone(inputs)
	for _, v := range vars {
		state = append(state, v.NodeValue(g))
	}
	var end []*Node
	if t.hostLoop {
		end = t.step(g, state, numTables)
	} else {
		parameters := func(g *Graph) []*Node {
			nodes := make([]*Node, len(state))
			for i, s := range state {
				nodes[i] = Parameter(g, fmt.Sprintf("state_%d", i), s.Shape())
			}
			return nodes
		}
		more := NewClosure(g, func(g *Graph) []*Node {
			s := parameters(g)
			return []*Node{LessThan(s[inFirst], s[inEnd])}
		})
		body := NewClosure(g, func(g *Graph) []*Node { return t.step(g, parameters(g), numTables) })
		end = While(more, body, state...)
	}
	for i, v := range vars {
		v.SetNodeValue(end[len(inputs)+i])
	}
	return end[inSums]
}

// Close frees the compiled program. The trainer must not be used any more.
func (t *Trainer) Close() { t.exec.Finalize() }

// Trained returns the weights that the trainer trains.
func (t *Trainer) Trained() []*model.Variable { return t.trained }

// StepGraph builds one step in g, on parameters for tables and for per-step inputs of the given
// shapes, [1, ...], and returns its results. It is for those who count what a step computes.
func (t *Trainer) StepGraph(g *Graph, tables, perStep []shapes.Shape) []*Node {
	number := shapes.Make(dtypes.Int32)
	state := []shapes.Shape{number, number, number, shapes.Make(dtypes.Float32, 1),
		shapes.Make(dtypes.Float32, len(t.Objective.Names)+1)}
	state = append(state, tables...)
	state = append(state, shapes.Make(dtypes.Float32, 1, t.Config.Batch), shapes.Make(dtypes.Int32, 1, t.Config.Batch))
	state = append(state, perStep...)
	for _, v := range slices.Concat(t.trained, t.moments) {
		state = append(state, v.Shape())
	}
	inputs := make([]*Node, len(state))
	for i, shape := range state {
		inputs[i] = Parameter(g, fmt.Sprint("input ", i), shape)
	}
	return t.step(g, inputs, len(tables))
}

// step builds one step from its state, the program's inputs and then the variables, to the next.
// Inside, the variables stand for the nodes of the state, so the networks are built as anywhere
// else.
func (t *Trainer) step(g *Graph, state []*Node, numTables int) []*Node {
	vars := slices.Concat(t.trained, t.moments)
	inputs := state[:len(state)-len(vars)]
	for i, v := range vars {
		v.SetNodeValue(state[len(inputs)+i])
	}
	number, seen, rates, sums := inputs[inFirst], inputs[inSeen], inputs[inRates], inputs[inSums]
	tables, perStep := inputs[fixedInputs:fixedInputs+numTables], inputs[fixedInputs+numTables:]
	row := Reshape(number, 1)
	batch := make([]*Node, len(perStep))
	for i, x := range perStep {
		batch[i] = Gather(x, row)
	}

	losses := t.Objective.Loss(tables, batch)
	weights := make([]*Node, len(t.trained))
	for i, v := range t.trained {
		weights[i] = v.NodeValue(g)
	}
	nth := OnePlus(ConvertDType(Add(seen, number), dtypes.Float32))
	t.adam(g, Gradient(ReduceAllSum(losses[0]), weights...), Gather(rates, row), nth)
	if t.Objective.Project != nil {
		t.Objective.Project(g)
	}

	examples := ReduceSum(batch[0], -1)
	next := slices.Clone(state)
	next[inFirst] = OnePlus(number)
	next[inSums] = Add(sums, Mul(InsertAxes(examples, 0), Stack(append(losses, OnesLike(examples)), 0)))
	for i, v := range vars {
		next[len(inputs)+i] = v.NodeValue(g)
	}
	return next
}

// ErrDiverged says that a training has come to values that are not finite.
var ErrDiverged = errors.New("training diverged")

// Run makes the steps of s, and returns the mean of each value of the objective over all examples,
// [values, S]; 0 for a network without any. seen is the number of steps that the optimiser has made
// before; 0 begins with fresh moments. perStep holds further inputs with one row a step; Run frees
// them. It is an error if ctx is cancelled before it begins, and [ErrDiverged] if a value is not
// finite.
func (t *Trainer) Run(ctx context.Context, s Schedule, seen int, tables, perStep []*tensors.Tensor) (means []float64, err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	rates := tensors.FromFlatDataAndDimensions(s.rates, s.Dims()...)
	weights := tensors.FromFlatDataAndDimensions(s.Weights, s.Dims(s.Batch)...)
	indices := tensors.FromFlatDataAndDimensions(s.Indices, s.Dims(s.Batch)...)
	sumDims := s.Dims()
	sumDims[0] = len(t.Objective.Names) + 1
	zeros := tensors.FromShape(shapes.Make(dtypes.Float32, sumDims...))
	perStep = append([]*tensors.Tensor{weights, indices}, perStep...)
	defer func() {
		for _, x := range append(perStep, rates, zeros) {
			x.MustFinalizeAll()
		}
	}()
	args := []any{int32(0), int32(s.Steps), int32(seen), rates, zeros}
	for _, x := range slices.Concat(tables, perStep) {
		args = append(args, x)
	}
	call := t.exec.Call1
	if t.split != nil {
		call = t.callSplit
	}
	sums := make([]float64, zeros.Size())
	for step := 0; step < s.Steps; step++ {
		args[inFirst] = int32(step)
		result, err := call(args...)
		if err != nil {
			return nil, err
		}
		floats.Add(sums, Float64s(AppendRows(nil, result, result.Shape().Dim(0))))
		if !t.hostLoop {
			break
		}
	}
	names := t.Objective.Names
	networks := len(sums) / (len(names) + 1)
	means, examples := sums[:len(names)*networks], sums[len(names)*networks:]
	for i := range means {
		means[i] /= max(examples[i%networks], 1)
		if math.IsNaN(means[i]) || math.IsInf(means[i], 0) {
			return nil, fmt.Errorf("%w: %s is %g; lower the learning rate", ErrDiverged, names[i/networks], means[i])
		}
	}
	return means, nil
}

// WeightedMean is the mean of x, [..., B], over the examples of weight 1; 0 if there are none.
func WeightedMean(x, weights *Node) *Node {
	return Div(ReduceSum(Mul(x, weights), -1), MaxScalar(ReduceSum(weights, -1), 1))
}

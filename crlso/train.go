package crlso

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
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

// objective says what a trainer minimises.
type objective struct {
	// scope holds the weights that are trained: all variables below it, but those below frozen, unless that
	// is "".
	scope, frozen string
	// names are those of the values that loss returns.
	names []string
	// loss returns scalars, the objective first, for one step; or vectors, [S], if the weights are those of S
	// networks side by side, along a leading axis. tables are the same in every step, batch holds this
	// step's row of each per-step input.
	loss func(tables, batch []*Node) []*Node
	// project, if not nil, maps the weights back to where they are allowed to be, after each step.
	project func(g *Graph)
}

// regressionOn is the objective of a network, without other inputs than the rows of a table, [N, ...], whose values, [B],
// are to be those of another table, [N]. project may be nil.
func regressionOn(scope string, network func(rows *Node) *Node, project func(g *Graph)) objective {
	return objective{
		scope: scope,
		names: []string{"squared error"},
		loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			values := network(Gather(tables[0], at))
			return []*Node{weightedMean(Square(Sub(values, Gather(tables[1], at))), weights)}
		},
		project: project,
	}
}

// trainer runs many steps of Adam as one compiled program: a While whose state is the weights, Adam's
// moments and everything that the steps read, so that the host does not act between steps. It trains one network,
// or several that know nothing of each other: those make S steps of Adam in one, each with its own learning rate.
type trainer struct {
	config    Training
	objective objective
	exec      *model.Exec
	trained   []*model.Variable
	moments   []*model.Variable // second ones in the order of trained, then first ones if Beta1 is not zero

	// hostLoop is set on GoMLX's Go backend (compute v0.1.2), which cannot be trusted with a While: its
	// broadcast pass rewires the body after the uses of each value have been counted. The program is a single
	// step then, and the host makes the loop.
	hostLoop bool
	split    *split // over several devices; nil on one
	bfloat16 bool   // see Model.BFloat16
}

// newTrainer prepares training of variables that exist already.
func newTrainer(backend compute.Backend, store *model.Store, config Training, numTables int, objective objective) (*trainer, error) {
	t := &trainer{config: config, objective: objective, hostLoop: backend.String() == gobackend.BackendName}
	for v := range store.Scope(objective.scope).IterVariables() {
		if objective.frozen == "" || !strings.HasPrefix(v.Path(), objective.frozen+"/") {
			t.trained = append(t.trained, v)
		}
	}
	if len(t.trained) == 0 {
		return nil, fmt.Errorf("no variables to train below %q", objective.scope)
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
		scope.SetParam(bfloat16Param, t.bfloat16)
		defer scope.SetParam(bfloat16Param, false)
		return t.program(inputs, numTables)
	})
	return t, err
}

// The first inputs of the program are, all scalars but the last two: the step to begin with, the step to end
// before, the number of steps that the moments have seen before step 0, the learning rate of each step, and
// zeros, one for each value of the objective and one for the number of examples; the last two are
// [..., S] for S networks. The tables follow, then the per-step inputs, [steps, S, batch, ...], of which the first is
// the weight of each example of each step.
const fixedInputs = 5

// program builds the loop. Its result is, for each value of the objective, the sum over all examples seen, and
// in the end the number of examples; for each network.
func (t *trainer) program(inputs []*Node, numTables int) *Node {
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
			return []*Node{LessThan(s[0], s[1])}
		})
		body := NewClosure(g, func(g *Graph) []*Node { return t.step(g, parameters(g), numTables) })
		end = While(more, body, state...)
	}
	for i, v := range vars {
		v.SetNodeValue(end[len(inputs)+i])
	}
	return end[4]
}

// step builds one step from its state, the program's inputs and then the variables, to the next. Inside, the
// variables stand for the nodes of the state, so the networks are built as anywhere else.
func (t *trainer) step(g *Graph, state []*Node, numTables int) []*Node {
	vars := slices.Concat(t.trained, t.moments)
	inputs := state[:len(state)-len(vars)]
	for i, v := range vars {
		v.SetNodeValue(state[len(inputs)+i])
	}
	number, seen, rates, sums := inputs[0], inputs[2], inputs[3], inputs[4]
	tables, perStep := inputs[fixedInputs:fixedInputs+numTables], inputs[fixedInputs+numTables:]
	row := Reshape(number, 1)
	batch := make([]*Node, len(perStep))
	for i, x := range perStep {
		batch[i] = Gather(x, row)
	}

	losses := t.objective.loss(tables, batch)
	weights := make([]*Node, len(t.trained))
	for i, v := range t.trained {
		weights[i] = v.NodeValue(g)
	}
	nth := OnePlus(ConvertDType(Add(seen, number), dtypes.Float32))
	t.adam(g, Gradient(ReduceAllSum(losses[0]), weights...), Gather(rates, row), nth)
	if t.objective.project != nil {
		t.objective.project(g)
	}

	examples := ReduceSum(batch[0], -1)
	next := slices.Clone(state)
	next[0] = OnePlus(number)
	next[4] = Add(sums, Mul(InsertAxes(examples, 0), Stack(append(losses, OnesLike(examples)), 0)))
	for i, v := range vars {
		next[len(inputs)+i] = v.NodeValue(g)
	}
	return next
}

// adam makes step number nth (1 for the first) of Adam with bias correction (Kingma and Ba 2015, algorithm 1),
// an L2 penalty in the gradient and epsilon 1e-8 as in PyTorch, after scaling the gradient down to
// ClipNorm if its norm over all weights is larger. The first step forgets the moments, so a fresh optimiser
// needs nothing but nth = 1. rate is a scalar, or [S] for S networks.
func (t *trainer) adam(g *Graph, gradients []*Node, rate, nth *Node) {
	c := t.config
	if c.ClipNorm > 0 {
		gradients = clipByGlobalNorm(gradients, c.ClipNorm, rate.Rank())
	}
	notFirst := ConvertDType(GreaterThan(nth, OnesLike(nth)), dtypes.Float32)
	// average returns the moving average of x, stored in v, and its bias-corrected value.
	average := func(v *model.Variable, decay float64, x *Node) *Node {
		mean := Add(Mul(v.NodeValue(g), MulScalar(notFirst, decay)), MulScalar(x, 1-decay))
		v.SetNodeValue(mean)
		return Div(mean, OneMinus(Pow(Const(g, float32(decay)), nth)))
	}
	for i, w := range t.trained {
		value := w.NodeValue(g)
		gradient := gradients[i]
		if c.WeightDecay > 0 {
			gradient = Add(gradient, MulScalar(value, c.WeightDecay))
		}
		direction := gradient
		if c.Beta1 > 0 {
			direction = average(t.moments[len(t.trained)+i], c.Beta1, gradient)
		}
		scale := AddScalar(Sqrt(average(t.moments[i], c.Beta2, Square(gradient))), 1e-8)
		w.SetNodeValue(Sub(value, Mul(expandRight(rate, value.Rank()), Div(direction, scale))))
	}
}

// clipByGlobalNorm scales all gradients by the same factor, so that their norm taken together is at most
// limit. The constant is that of PyTorch's clip_grad_norm_. Networks along leading axes have a norm and a factor each.
func clipByGlobalNorm(gradients []*Node, limit float64, leading int) []*Node {
	var sum *Node
	for _, x := range gradients {
		// The sum of squares as a product with itself: a plain sum, XLA's CPU plugin adds up one number after another.
		flat, networks := Reshape(x, append(slices.Clone(x.Shape().Dimensions[:leading]), -1)...), upTo(leading)
		s := DotGeneral(flat, []int{leading}, networks, flat, []int{leading}, networks)
		if sum == nil {
			sum = s
		} else {
			sum = Add(sum, s)
		}
	}
	factor := MinScalar(MulScalar(Reciprocal(AddScalar(Sqrt(sum), 1e-6)), limit), 1)
	clipped := make([]*Node, len(gradients))
	for i, x := range gradients {
		clipped[i] = Mul(x, expandRight(factor, x.Rank()))
	}
	return clipped
}

// expandRight gives x axes of size 1 after its own, up to a rank.
func expandRight(x *Node, rank int) *Node {
	return InsertAxes(x, slices.Repeat([]int{-1}, rank-x.Rank())...)
}

// schedule holds the batches of some epochs over n examples, padded to a fixed number of steps.
type schedule struct {
	steps    int       // steps to run
	batch    int       // examples per step
	networks int       // S; 0 is one network, whose arrays have no such axis
	indices  []int32   // [padded steps, S, batch] which example
	weights  []float32 // [padded steps, S, batch] 1, or 0 where a batch is filled up
	rates    []float32 // [padded steps, S] learning rate
}

// newSchedule shuffles n examples anew for each of the epochs first, ..., first+count-1. The last batch of
// an epoch may be smaller. The arrays are padded to a fixed number of steps, so that one compiled
// program serves schedules of different lengths.
func (t Training) newSchedule(rng *rand.Rand, n, first, count, padded int) schedule {
	perEpoch := t.stepsPerEpoch(n)
	s := schedule{
		steps:   perEpoch * count,
		batch:   t.Batch,
		indices: make([]int32, padded*t.Batch),
		weights: make([]float32, padded*t.Batch),
		rates:   make([]float32, padded),
	}
	for epoch := range count {
		for i, example := range rng.Perm(n) {
			at := epoch*perEpoch*t.Batch + i
			s.indices[at], s.weights[at] = int32(example), 1
		}
		for step := range perEpoch {
			s.rates[epoch*perEpoch+step] = float32(t.rate(first + epoch))
		}
	}
	return s
}

// sideBySide joins the schedules of several networks with the same batch, padded to a fixed number of steps. Where one has
// ended before others, its examples have weight 0 and its learning rate is 0, so that its network stays as it is.
func sideBySide(schedules []schedule, batch, padded int) schedule {
	all := schedule{batch: batch, networks: len(schedules)}
	var indices [][]int32
	var weights, rates [][]float32
	for _, s := range schedules {
		all.steps = max(all.steps, s.steps)
		indices, weights, rates = append(indices, s.indices), append(weights, s.weights), append(rates, s.rates)
	}
	all.indices = interleave(indices, padded, batch)
	all.weights = interleave(weights, padded, batch)
	all.rates = interleave(rates, padded, 1)
	return all
}

// interleave joins S tables with rows of the same width row by row, [rows, S, width], filled up with zeros where a table has
// fewer rows.
func interleave[T int32 | float32](tables [][]T, rows, width int) []T {
	out := make([]T, rows*len(tables)*width)
	for i, table := range tables {
		row := 0
		for values := range slices.Chunk(table, width) {
			copy(out[(row*len(tables)+i)*width:], values)
			row++
		}
	}
	return out
}

// dims is the shape of values that the schedule's steps take: [padded steps, S, inner...].
func (s schedule) dims(inner ...int) []int {
	if s.networks == 0 {
		return append([]int{len(s.rates)}, inner...)
	}
	return append([]int{len(s.rates) / s.networks, s.networks}, inner...)
}

// stepsPerEpoch is the number of batches that n examples make.
func (t Training) stepsPerEpoch(n int) int { return (n + t.Batch - 1) / t.Batch }

// rate is the learning rate of an epoch, counted from 0.
func (t Training) rate(epoch int) float64 {
	return t.MinLearningRate + (t.LearningRate-t.MinLearningRate)*(1+math.Cos(math.Pi*float64(epoch)/float64(t.Epochs)))/2
}

// run makes the steps of s, of which the optimiser has made seen before, and returns the mean of each value
// of the objective over all examples, [values, S]; 0 for a network without any. perStep holds further inputs with one row
// a step; run frees them.
func (t *trainer) run(ctx context.Context, s schedule, seen int, tables, perStep []*tensors.Tensor) (means []float64, err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	rates := tensors.FromFlatDataAndDimensions(s.rates, s.dims()...)
	weights := tensors.FromFlatDataAndDimensions(s.weights, s.dims(s.batch)...)
	indices := tensors.FromFlatDataAndDimensions(s.indices, s.dims(s.batch)...)
	sumDims := s.dims()
	sumDims[0] = len(t.objective.names) + 1
	zeros := tensors.FromShape(shapes.Make(dtypes.Float32, sumDims...))
	perStep = append([]*tensors.Tensor{weights, indices}, perStep...)
	defer func() {
		for _, x := range append(perStep, rates, zeros) {
			x.MustFinalizeAll()
		}
	}()
	args := []any{int32(0), int32(s.steps), int32(seen), rates, zeros}
	for _, x := range slices.Concat(tables, perStep) {
		args = append(args, x)
	}
	call := t.exec.Exec1
	if t.split != nil {
		call = t.callSplit
	}
	sums := make([]float64, zeros.Size())
	for step := 0; step < s.steps; step++ {
		args[0] = int32(step)
		result, err := call(args...)
		if err != nil {
			return nil, err
		}
		floats.Add(sums, float64s(appendRows(nil, result, result.Shape().Dim(0))))
		if !t.hostLoop {
			break
		}
	}
	names := t.objective.names
	networks := len(sums) / (len(names) + 1)
	means, examples := sums[:len(names)*networks], sums[len(names)*networks:]
	for i := range means {
		means[i] /= max(examples[i%networks], 1)
		if math.IsNaN(means[i]) || math.IsInf(means[i], 0) {
			return nil, fmt.Errorf("training diverged: %s is %g; lower the learning rate", names[i/networks], means[i])
		}
	}
	return means, nil
}

// weightedMean is the mean of x, [..., B], over the examples of weight 1; 0 if there are none.
func weightedMean(x, weights *Node) *Node {
	return Div(ReduceSum(Mul(x, weights), -1), MaxScalar(ReduceSum(weights, -1), 1))
}

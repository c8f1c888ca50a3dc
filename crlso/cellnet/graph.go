// Package cellnet trains the networks of cells on images: evaluations that are real, and take
// seconds. An [Evaluator] is a datasets.Evaluator for cells of NAS-Bench-201 and for spaces of
// cells whose operations have its names. [Evaluator.Train] returns the trained [Network] of a cell,
// to take away. Images are the embedded [Digits], those of [ReadMNIST] and [ReadCIFAR10], or a
// folder's, [ReadFolder].
//
// The network is that of Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural
// Architecture Search", ICLR 2020, section 2.1: a stem, three stages of cells with a residual block
// of stride 2 between them, and a linear classifier on the mean over the image.
package cellnet

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Config says how large a network is, and how it is trained.
type Config struct {
	Channels int // C, of the first stage; the next ones have twice as many each
	Cells    int // N, in each stage
	Training nn.Training
	Seed     uint64 // of weights and batches
}

// Small is a network for images of 8 x 8 pixels that trains in a second.
func Small() Config {
	return Config{Channels: 4, Cells: 1, Seed: 1,
		Training: nn.Training{Epochs: 5, Batch: 50, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.99}}
}

// The operations of a cell in the order of nasbench201.Op.
const (
	opNone = iota
	opSkip
	opConv1
	opConv3
	opPool
	numOps
)

var _ = [1]int{}[numOps-nasbench201.NumOps] // does not compile if there are more

// builder makes the graph of networks.
type builder struct {
	config  Config
	nodes   int // of a cell
	classes int

	// With gates, [edges, 5], all cells are in the graph at once: an edge is the sum of what its five
	// operations make, each times its gate, 1 for the one of the cell and 0 for the others. So one
	// compiled program trains every cell. Without, it is the graph of one cell, which has the
	// operation ops[edge].
	gates *Node
	ops   []int

	statistics statistics
}

// statistics says which means and variances the normalisations take.
type statistics int

const (
	ofBatch   statistics = iota
	keepBatch            // and keep those of the batch
	kept
)

// logits returns the scores of the classes, [B, classes], of images, [B, height, width, colours].
func (b builder) logits(scope *model.Scope, x *Node) *Node {
	channels := b.config.Channels
	stem := scope.In("stem")
	x = b.normalize(stem, conv(stem, x, channels, 3, 1))
	for stage := range 3 {
		scope := scope.In("stage_%d", stage)
		if stage > 0 {
			channels *= 2
			x = b.reduction(scope.In("reduction"), x, channels)
		}
		for cell := range b.config.Cells {
			x = b.cell(scope.In("cell_%d", cell), x, channels)
		}
	}
	x = relu(b.normalize(scope.In("last"), x))
	return nn.Affine(scope.In("classifier"), ReduceMean(x, 1, 2), b.classes)
}

// cell returns the output of the last node.
func (b builder) cell(scope *model.Scope, x *Node, channels int) *Node {
	outputs := []*Node{x}
	edge := 0
	for target := 1; target < b.nodes; target++ {
		var sum *Node
		for source := range target {
			made := b.edge(scope.In("edge_%d", edge), outputs[source], channels, edge)
			if sum == nil {
				sum = made
			} else {
				sum = Add(sum, made)
			}
			edge++
		}
		outputs = append(outputs, sum)
	}
	return outputs[len(outputs)-1]
}

func (b builder) edge(scope *model.Scope, x *Node, channels, edge int) *Node {
	made := func(op int) *Node {
		switch op {
		case opSkip:
			return x
		case opPool:
			return pool(x, 3, 1)
		case opConv1:
			return b.reluConv(scope.In("conv1"), x, channels, 1, 1)
		case opConv3:
			return b.reluConv(scope.In("conv3"), x, channels, 3, 1)
		}
		return ZerosLike(x)
	}
	if b.gates == nil {
		return made(b.ops[edge])
	}
	gated := func(op int) *Node { return Mul(made(op), Reshape(Slice(b.gates, AxisElem(edge), AxisElem(op)))) }
	return Add(Add(gated(opSkip), gated(opPool)), Add(gated(opConv1), gated(opConv3)))
}

// reduction is a residual block that halves the image.
func (b builder) reduction(scope *model.Scope, x *Node, channels int) *Node {
	block := b.reluConv(scope.In("a"), x, channels, 3, 2)
	block = b.reluConv(scope.In("b"), block, channels, 3, 1)
	return Add(conv(scope.In("shortcut"), pool(x, 2, 2), channels, 1, 1), block)
}

// reluConv is ReLU, convolution, batch norm.
func (b builder) reluConv(scope *model.Scope, x *Node, channels, size, stride int) *Node {
	return b.normalize(scope, conv(scope, relu(x), channels, size, stride))
}

func relu(x *Node) *Node { return MaxScalar(x, 0) }

// conv is a convolution without bias, padded by half its size as PyTorch does. As a product of what
// is under the kernel with the kernel it trains three times slower on XLA's CPU plugin.
func conv(scope *model.Scope, x *Node, channels, size, stride int) *Node {
	in := x.Shape().Dim(-1)
	kernel := nn.Weight(scope, "kernel", size*size*in, size, size, in, channels).NodeValue(x)
	pad := [2]int{size / 2, size / 2}
	return Convolve(x, kernel).Strides(stride).PaddingPerDim([][2]int{pad, pad}).Done()
}

// pool is the mean over a window; beyond the border there is nothing to take the mean of.
func pool(x *Node, size, stride int) *Node {
	sum := func(x *Node) *Node {
		p := SumPool(x).Window(size).Strides(stride)
		if stride == 1 {
			return p.PadSame().Done()
		}
		return p.NoPadding().Done()
	}
	ones := Ones(x.Graph(), shapes.Make(x.DType(), 1, x.Shape().Dim(1), x.Shape().Dim(2), 1))
	return Div(sum(x), sum(ones))
}

// normalize is a batch norm.
func (b builder) normalize(scope *model.Scope, x *Node) *Node {
	channels := x.Shape().Dim(-1)
	mean, variance := b.meanAndVariance(scope, x)
	x = Div(Sub(x, mean), Sqrt(AddScalar(variance, epsilon)))
	// Scale and shift begin with 1 and 0: weights of so many inputs begin with next to nothing.
	scale := nn.Weight(scope, "scale", 1<<40, channels).NodeValue(x)
	shift := nn.Weight(scope, "shift", 1<<40, channels).NodeValue(x)
	return Add(Mul(x, ExpandLeftToRank(OnePlus(scale), 4)), ExpandLeftToRank(shift, 4))
}

// epsilon is PyTorch's, beside a variance.
const epsilon = 1e-5

// meanAndVariance returns those of each channel, [1, 1, 1, channels].
func (b builder) meanAndVariance(scope *model.Scope, x *Node) (mean, variance *Node) {
	mean = ReduceAndKeep(x, ReduceMean, 0, 1, 2)
	variance = ReduceAndKeep(Square(Sub(x, mean)), ReduceMean, 0, 1, 2)
	if b.statistics == ofBatch {
		return mean, variance
	}
	keptAs := func(name string) *model.Variable {
		path := model.JoinPath(statisticsScope, scope.Scope(), name)
		return scope.Store().VariableWithShape(path, mean.Shape(), Zeros)
	}
	if b.statistics == kept {
		return keptAs("mean").NodeValue(x), keptAs("variance").NodeValue(x)
	}
	keptAs("mean").SetNodeValue(mean)
	keptAs("variance").SetNodeValue(variance)
	return mean, variance
}

// Weights are below networkScope, and what the normalisations keep below statisticsScope.
const (
	networkScope    = "/cellnet"
	statisticsScope = "/statistics"
)

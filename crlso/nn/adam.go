package nn

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"
)

// adam makes step number nth (1 for the first) of Adam with bias correction (Kingma and Ba 2015,
// algorithm 1), an L2 penalty in the gradient and epsilon 1e-8 as in PyTorch, after scaling the
// gradient down to ClipNorm if its norm over all weights is larger. The first step forgets the
// moments, so a fresh optimiser needs nothing but nth = 1. rate is a scalar, or [S] for S networks.
func (t *Trainer) adam(g *Graph, gradients []*Node, rate, nth *Node) {
	c := t.Config
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

// clipByGlobalNorm scales all gradients by the same factor, so that their norm taken together is at
// most limit. The constant is that of PyTorch's clip_grad_norm_. Networks along leading axes have a
// norm and a factor each.
func clipByGlobalNorm(gradients []*Node, limit float64, leading int) []*Node {
	var sum *Node
	for _, x := range gradients {
		// The sum of squares as a product with itself: a plain sum, XLA's CPU plugin adds up one
		// number after another.
		flat, networks := Reshape(x, append(slices.Clone(x.Shape().Dimensions[:leading]), -1)...), UpTo(leading)
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

// Package nn has what the networks of this project are made of: linear layers and Adam as PyTorch
// has them, training as one compiled loop, schedules, training on several devices, and the
// regression of any network on values. It knows neither architectures nor the method.
package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
)

// LeakyReLU has slope 0.01 below zero, as in all networks of the method.
func LeakyReLU(x *Node) *Node { return activation.LeakyReluWith(x, 0.01) }

// Layers side by side: where the weights that a scope holds have an axis S before those that are
// said here, a layer takes the rows of S networks one after the other, x of shape [S, B, in] or [S
// B, ..., in], each network's by weights of its own. [SetNetworks] makes such weights.

// Affine returns x W + b, [..., out], for x of shape [..., in]: in + 1 times out weights.
func Affine(scope *model.Scope, x *Node, out int) *Node {
	bias := Weight(scope, "bias", x.Shape().Dim(-1), out).NodeValue(x)
	return AddBias(Linear(scope, x, out), bias)
}

// AddBias returns x + b for x of shape [..., out] and b of shape [out], or [S, out].
func AddBias(x, b *Node) *Node {
	out := b.Shape().Dim(-1)
	networks := b.Shape().Size() / out
	sum := Add(Reshape(x, networks, -1, out), Reshape(b, networks, 1, out))
	return Reshape(sum, x.Shape().Dimensions...)
}

// Linear returns x W, [..., out], for x of shape [..., in]: in times out weights.
func Linear(scope *model.Scope, x *Node, out int) *Node {
	return LinearWithFanIn(scope, x, out, x.Shape().Dim(-1))
}

// LinearWithFanIn is Linear where W is a part of a larger matrix with fanIn inputs, which sets the
// bound of its initial values.
func LinearWithFanIn(scope *model.Scope, x *Node, out, fanIn int) *Node {
	return Times(scope, x, Weight(scope, "weights", fanIn, x.Shape().Dim(-1), out).NodeValue(x))
}

// Times returns x W for x of shape [..., in] and W of shape [in, out]: one product of matrices, or
// S of them if W is [S, in, out]. Where Trainer.BFloat16 is set, operands are rounded to
// bfloat16.
func Times(scope *model.Scope, x, W *Node) *Node {
	if model.GetParamOr(scope, bfloat16Param, false) {
		x, W = ConvertDType(x, dtypes.BFloat16), ConvertDType(W, dtypes.BFloat16)
	}
	in, out := W.Shape().Dim(-2), W.Shape().Dim(-1)
	var product *Node
	if networks := W.Shape().Size() / (in * out); networks > 1 {
		product = Dot(Reshape(x, networks, -1, in), W).MatMul()
	} else {
		product = Dot(Reshape(x, -1, in), Reshape(W, in, out)).Product()
	}
	dims := slices.Clone(x.Shape().Dimensions)
	dims[len(dims)-1] = out
	return ConvertDType(Reshape(product, dims...), dtypes.Float32)
}

// Weight is a trainable variable that starts uniform in +-1/sqrt(fanIn), the default of PyTorch's
// linear layers, drawn on the host from the store's seed and the variable's path: the same on
// every backend.
func Weight(scope *model.Scope, name string, fanIn int, dims ...int) *model.Variable {
	if v := scope.GetVariable(name); v != nil {
		return v
	}
	path := model.JoinPath(scope.Scope(), name)
	scope.Store().SetParam(path+fanInSuffix, fanIn)
	seeds := []uint64{model.GetParamOr(scope, seedParam, uint64(0))}
	if networks := model.GetParamOr(scope, networksParam, 0); networks > 0 {
		seeds, dims = slices.Repeat(seeds, networks), append([]int{networks}, dims...)
	}
	return scope.VariableWithValue(name, initialWeights(seeds, path, fanIn, dims))
}

// DrawAgain gives all weights below a scope new initial values, drawn from the seed; those of
// networks side by side, from a seed for each. It is an error if a variable there is not one of
// Weight.
func DrawAgain(scope *model.Scope, seeds ...uint64) error {
	for v := range scope.IterVariables() {
		fanIn, ok := scope.Store().GetParam(v.Path() + fanInSuffix)
		if !ok {
			return fmt.Errorf("%s is not a weight", v.Path())
		}
		if err := v.SetValue(initialWeights(seeds, v.Path(), fanIn.(int), v.Shape().Dimensions)); err != nil {
			return err
		}
	}
	return nil
}

// initialWeights draws as many values from each seed.
func initialWeights(seeds []uint64, path string, fanIn int, dims []int) *tensors.Tensor {
	bound := 1 / math.Sqrt(float64(fanIn))
	values := make([]float32, 0, shapes.Make(dtypes.Float32, dims...).Size())
	each := cap(values) / len(seeds)
	for _, seed := range seeds {
		rng := NewRand(seed, path, 0)
		for range each {
			values = append(values, float32((2*rng.Float64()-1)*bound))
		}
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// fanInSuffix ends the name of the store parameter that remembers a weight's fan-in.
const fanInSuffix = " fan-in"

// bfloat16Param is the store parameter that tells whether Trainer.BFloat16 is set.
const bfloat16Param = "bfloat16"

// seedParam is the store parameter that holds the seed of all initial weights.
const seedParam = "seed"

// networksParam is the store parameter that holds the number of networks side by side, if it was
// set.
const networksParam = "networks side by side"

// SetNetworks says how many networks the weights of a store are for, side by side along a leading
// axis. It must be called before there are weights.
func SetNetworks(store *model.Store, networks int) {
	store.RootScope().SetParam(networksParam, networks)
}

// SetSeed sets the seed that all initial weights of a store are drawn from.
func SetSeed(store *model.Store, seed uint64) { store.RootScope().SetParam(seedParam, seed) }

package search

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// perceptron is a feed-forward network with hiddenLayers layers of hiddenWidth rectified linear
// units and one linear output. Its inputs are the rows of a matrix with ones in the last column.
type perceptron struct {
	weights []float32
	layers  []blas32.General // views of weights: a row for each input, the last is the bias
}

const (
	hiddenLayers = 10
	hiddenWidth  = 20
)

// newPerceptron returns a network that is initialised as Keras does it: weights uniform within
// sqrt(6 / (inputs + outputs)) of zero (Glorot and Bengio 2010), biases zero.
func newPerceptron(inputs int, rng *rand.Rand) *perceptron {
	weights := make([]float32, (inputs+1)*hiddenWidth+(hiddenLayers-1)*(hiddenWidth+1)*hiddenWidth+hiddenWidth+1)
	p := &perceptron{weights, layersOf(weights, inputs)}
	for _, layer := range p.layers {
		limit := math.Sqrt(6 / float64(layer.Rows-1+layer.Cols))
		for i := range layer.Data[:(layer.Rows-1)*layer.Cols] {
			layer.Data[i] = float32((2*rng.Float64() - 1) * limit)
		}
	}
	return p
}

// layersOf cuts the weights of a network, or as many other numbers, into layers.
func layersOf(weights []float32, inputs int) []blas32.General {
	layers := make([]blas32.General, hiddenLayers+1)
	for i := range layers {
		outputs := hiddenWidth
		if i == hiddenLayers {
			outputs = 1
		}
		size := (inputs + 1) * outputs
		layers[i] = matrix(inputs+1, outputs, weights[:size])
		weights, inputs = weights[size:], outputs
	}
	return layers
}

// predict returns the network's output for each row of inputs.
func (p *perceptron) predict(inputs blas32.General) []float32 {
	units := p.newUnits(inputs)
	p.forward(units)
	return units[len(p.layers)].Data
}

// newUnits returns the inputs followed by room for what each layer makes of them. As the inputs,
// hidden units have ones in the last column.
func (p *perceptron) newUnits(inputs blas32.General) []blas32.General {
	units := []blas32.General{inputs}
	for range hiddenLayers {
		units = append(units, withOnes(inputs.Rows, hiddenWidth))
	}
	return append(units, matrix(inputs.Rows, 1, make([]float32, inputs.Rows)))
}

// forward computes the units of each layer from those before.
func (p *perceptron) forward(units []blas32.General) {
	for i, layer := range p.layers {
		out := units[i+1]
		out.Cols = layer.Cols
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, units[i], layer, 0, out)
		if i < hiddenLayers {
			for j, x := range out.Data {
				out.Data[j] = max(x, 0)
			}
		}
	}
}

// training fits a perceptron by Adam on the mean absolute error.
type training struct {
	*perceptron
	adam      adam[float32]
	gradients []blas32.General // views of the gradient

	derivatives [2]blas32.General // of the loss by the inputs of every other layer
	scratch     []float32         // for transposed
}

const miniBatch = 32

// fit trains the network to give a target for each row of inputs. An epoch is all examples in
// random order.
func (p *perceptron) fit(inputs blas32.General, targets []float32, epochs int, rng *rand.Rand) {
	t := training{perceptron: p, adam: newAdam(p.weights)}
	t.gradients = layersOf(t.adam.gradient, inputs.Cols-1)
	for i := range t.derivatives {
		t.derivatives[i] = matrix(miniBatch, hiddenWidth, make([]float32, miniBatch*hiddenWidth))
	}
	t.scratch = make([]float32, hiddenWidth*hiddenWidth)
	units := p.newUnits(withOnes(miniBatch, inputs.Cols-1))
	output, derivative := units[len(p.layers)].Data, matrix(miniBatch, 1, make([]float32, miniBatch))
	for range epochs {
		for order := rng.Perm(inputs.Rows); len(order) > 0; {
			batch := order[:min(miniBatch, len(order))]
			order = order[len(batch):]
			for i := range units {
				units[i].Rows = len(batch)
			}
			for i, example := range batch {
				copy(units[0].Data[i*inputs.Cols:], inputs.Data[example*inputs.Cols:][:inputs.Cols])
			}
			p.forward(units)
			derivative.Rows = len(batch)
			for i, example := range batch {
				derivative.Data[i] = 1 / float32(len(batch))
				if output[i] < targets[example] {
					derivative.Data[i] *= -1
				}
			}
			t.backward(units, derivative)
			t.adam.update()
		}
	}
}

// backward computes the gradient from the derivative of the loss by the output.
func (t *training) backward(units []blas32.General, derivative blas32.General) {
	for i := len(t.layers) - 1; i >= 0; i-- {
		blas32.Gemm(blas.Trans, blas.NoTrans, 1, units[i], derivative, 0, t.gradients[i])
		if i == 0 {
			return
		}
		earlier := t.derivatives[i%2]
		earlier.Rows = derivative.Rows
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, derivative, t.transposed(i), 0, earlier)
		for row := range earlier.Rows {
			unit := units[i].Data[row*units[i].Stride:][:hiddenWidth]
			for j := range unit {
				if unit[j] == 0 {
					earlier.Data[row*hiddenWidth+j] = 0
				}
			}
		}
		derivative = earlier
	}
}

// transposed returns the transpose of a hidden layer's weights without the bias. The product with
// it skips the zeros of the other matrix, which are about half, while Gemm's own transposition does
// not.
func (t *training) transposed(i int) blas32.General {
	layer := t.layers[i]
	m := matrix(layer.Cols, layer.Rows-1, t.scratch[:layer.Cols*(layer.Rows-1)])
	for j := range m.Rows {
		for k := range m.Cols {
			m.Data[j*m.Stride+k] = layer.Data[k*layer.Stride+j]
		}
	}
	return m
}

// adam changes weights against a gradient (Kingma and Ba, "Adam: A Method for Stochastic
// Optimization", 2015).
type adam[F float32 | float64] struct {
	weights, gradient []F
	mean, variance    []F // moving averages of the gradient and of its square
	steps             int
}

const (
	learningRate = 0.01
	beta1, beta2 = 0.9, 0.99
	epsilon      = 1e-7
)

func newAdam[F float32 | float64](weights []F) adam[F] {
	n := len(weights)
	return adam[F]{weights: weights, gradient: make([]F, n), mean: make([]F, n), variance: make([]F, n)}
}

// update moves the weights against the gradient.
func (a *adam[F]) update() {
	a.steps++
	rate := F(learningRate * math.Sqrt(1-math.Pow(beta2, float64(a.steps))) / (1 - math.Pow(beta1, float64(a.steps))))
	weights, means, variances := a.weights[:len(a.gradient)], a.mean[:len(a.gradient)], a.variance[:len(a.gradient)]
	for i, g := range a.gradient {
		variance := variances[i]
		if g == 0 && variance == 0 {
			continue // nothing so far depends on this weight
		}
		mean := beta1*means[i] + (1-beta1)*g
		variance = beta2*variance + (1-beta2)*g*g
		weights[i] -= rate * mean / (F(math.Sqrt(float64(variance))) + epsilon)
		means[i], variances[i] = mean, variance
	}
}

func matrix(rows, cols int, data []float32) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

// withOnes returns a matrix of zeros and a further column of ones.
func withOnes(rows, cols int) blas32.General {
	m := matrix(rows, cols+1, make([]float32, rows*(cols+1)))
	for i := cols; i < len(m.Data); i += m.Stride {
		m.Data[i] = 1
	}
	return m
}

package search

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// similarityGraph is a graph of architectures, those with labels first. Each is also joined to
// itself.
type similarityGraph struct {
	features    *mat.Dense // a row for each node
	roots       []float64  // square root of each node's degree, the sum of its edges' weights
	propagation *mat.Dense // D^-1/2 A D^-1/2 with A the weights and D the degrees
	smoothed    *mat.Dense // propagation times features, and a column of ones
}

func newSimilarityGraph(features *mat.Dense) *similarityGraph {
	nodes, dimensions := features.Dims()
	g := &similarityGraph{
		features:    features,
		roots:       make([]float64, nodes),
		propagation: mat.NewDense(nodes, nodes, nil),
		smoothed:    mat.NewDense(nodes, dimensions+1, nil),
	}
	for i := range nodes {
		weights := g.propagation.RawRowView(i)
		g.similarities(weights, features.RawRowView(i))
		g.roots[i] = math.Sqrt(floats.Sum(weights))
	}
	for i := range nodes {
		weights := g.propagation.RawRowView(i)
		floats.Scale(1/g.roots[i], weights)
		floats.Div(weights, g.roots)
		g.smoothed.Set(i, dimensions, 1)
	}
	g.smoothed.Slice(0, nodes, 0, dimensions).(*mat.Dense).Mul(g.propagation, features)
	return g
}

// similarities computes the weights of the edges that join each node to an architecture.
func (g *similarityGraph) similarities(weights, features []float64) {
	length := relativeLength * math.Sqrt(2*float64(len(features))) // the features' mean variance is 1
	for i := range weights {
		distance := floats.Distance(g.features.RawRowView(i), features, 2)
		weights[i] = math.Exp(-distance * distance / (2 * length * length))
		if weights[i] < leastSimilarity {
			weights[i] = 0
		}
	}
}

// graphNetwork is a graph convolutional network with a hidden layer of rectified linear units and
// one linear output for each node: P relu(P X W + b) w + c, where P is the graph's propagation and
// X its features.
type graphNetwork struct {
	weights []float64
	hidden  *mat.Dense    // view of weights: a row for each input, the last is the bias
	output  *mat.VecDense // view of weights
	bias    *float64      // of the output, the last of weights
}

// newGraphNetwork returns a network with weights uniform within sqrt(6 / (inputs + outputs)) of
// zero (Glorot and Bengio 2010), as Kipf and Welling have them, and biases zero.
func newGraphNetwork(inputs int, rng *rand.Rand) *graphNetwork {
	n := graphNetworkOf(make([]float64, (inputs+2)*hiddenUnits+1), inputs)
	uniform := func(weights []float64, layer int) {
		for i := range weights {
			weights[i] = (2*rng.Float64() - 1) * math.Sqrt(6/float64(layer))
		}
	}
	uniform(n.weights[:inputs*hiddenUnits], inputs+hiddenUnits)
	uniform(n.output.RawVector().Data, hiddenUnits+1)
	return n
}

// graphNetworkOf cuts the weights of a network, or as many other numbers, into layers.
func graphNetworkOf(weights []float64, inputs int) *graphNetwork {
	hidden, output := weights[:(inputs+1)*hiddenUnits], weights[(inputs+1)*hiddenUnits:]
	return &graphNetwork{weights, mat.NewDense(inputs+1, hiddenUnits, hidden),
		mat.NewVecDense(hiddenUnits, output[:hiddenUnits]), &output[hiddenUnits]}
}

// fit trains the network to give the first nodes their targets. An epoch is one step of Adam on all
// of them.
func (n *graphNetwork) fit(g *similarityGraph, targets []float64, epochs int) {
	adam := newAdam(n.weights)
	gradient := graphNetworkOf(adam.gradient, g.features.RawMatrix().Cols)
	for range epochs {
		n.loss(g, targets, gradient)
		adam.update()
	}
}

// units returns the hidden units of each row of smoothed features.
func (n *graphNetwork) units(smoothed *mat.Dense) *mat.Dense {
	var units mat.Dense
	units.Mul(smoothed, n.hidden)
	for i, x := range units.RawMatrix().Data {
		units.RawMatrix().Data[i] = max(x, 0)
	}
	return &units
}

// loss returns half the mean squared error at the first nodes, and computes its gradient.
func (n *graphNetwork) loss(g *similarityGraph, targets []float64, gradient *graphNetwork) (loss float64) {
	units := n.units(g.smoothed)
	propagation := g.propagation.Slice(0, len(targets), 0, len(g.roots))
	var scores, errors, byScores mat.VecDense
	scores.MulVec(units, n.output)
	errors.MulVec(propagation, &scores)
	*gradient.bias = 0
	for i, x := range errors.RawVector().Data {
		e := x + *n.bias - targets[i]
		loss += e * e / 2 / float64(len(targets))
		errors.SetVec(i, e/float64(len(targets)))
		*gradient.bias += errors.AtVec(i)
	}
	byScores.MulVec(propagation.T(), &errors)
	gradient.output.MulVec(units.T(), &byScores)
	for i, byScore := range byScores.RawVector().Data { // units become the derivatives by their inputs
		row := units.RawRowView(i)
		for j, weight := range n.output.RawVector().Data {
			if row[j] > 0 {
				row[j] = byScore * weight
			}
		}
	}
	gradient.hidden.Mul(g.smoothed.T(), units)
	return loss
}

// assess returns a function that predicts the standardised accuracy of any architecture. The
// graph's nodes have the outputs of the network. Any other is joined to the graph by itself, and
// its degree does not add to theirs.
func (n *graphNetwork) assess(g *similarityGraph, features *mat.Dense, nodes []int) func(architecture int) float64 {
	var scores, outputs mat.VecDense
	scores.MulVec(n.units(g.smoothed), n.output)
	outputs.MulVec(g.propagation, &scores)
	known := make(map[int]float64, 2*len(nodes))
	for i, node := range nodes {
		known[node] = outputs.AtVec(i) + *n.bias
	}
	dimensions := features.RawMatrix().Cols
	weights, smoothed := make([]float64, len(nodes)), mat.NewDense(1, dimensions+1, nil)
	return func(architecture int) float64 {
		if output, ok := known[architecture]; ok {
			return output
		}
		own := features.RawRowView(architecture)
		g.similarities(weights, own)
		degree := 1 + floats.Sum(weights)
		floats.Scale(1/math.Sqrt(degree), weights)
		floats.Div(weights, g.roots)

		row := smoothed.RawRowView(0)
		floats.ScaleTo(row[:dimensions], 1/degree, own)
		for i, weight := range weights {
			if weight > 0 {
				floats.AddScaled(row[:dimensions], weight, g.features.RawRowView(i))
			}
		}
		row[dimensions] = 1
		score := mat.Dot(n.units(smoothed).RowView(0), n.output)
		known[architecture] = floats.Dot(weights, scores.RawVector().Data) + score/degree + *n.bias
		return known[architecture]
	}
}

// rowsOf returns a matrix of some rows of another.
func rowsOf(m *mat.Dense, rows []int) *mat.Dense {
	selected := mat.NewDense(len(rows), m.RawMatrix().Cols, nil)
	for i, row := range rows {
		selected.SetRow(i, m.RawRowView(row))
	}
	return selected
}

package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// Assessor is evolution guided by a semi-supervised predictor. Architectures are the nodes of a
// graph, those whose accuracy is known and others, and similar latents join them: an edge weighs
// exp(-|z - z'|^2 / (2 l^2)), or nothing if that is below 1e-5. A graph convolutional network with
// one hidden layer learns the labels of the labelled nodes, while all nodes take part in the
// convolutions. Round by round, after a random initial set, it is trained anew on all that is
// known; regularized evolution then breeds architectures that it predicts to be good, which costs
// no queries; and the best of those that it has assessed are queried.
//
// Sources: Tang et al., "A Semi-Supervised Assessor of Neural Architectures", CVPR 2020, arXiv
// 2005.06821; for the network, Kipf and Welling, "Semi-Supervised Classification with Graph
// Convolutional Networks", ICLR 2017, equation 2, whose 16 hidden units, 200 epochs and learning
// rate these are, without dropout and weight decay; for the evolution, Real et al. (see
// [RegularizedEvolution]).
//
// It departs from Tang et al. in these ways. The latents are learnt beforehand, from graphs alone,
// where the paper trains its autoencoder together with the predictor. The predictor is trained in
// each round and not once, so that 10 labels are enough to begin with. Its targets are the normal
// quantiles of the accuracies' ranks, as in [LatentGP]. The length l is a quarter of the root mean
// square distance of two latents, so their scale does not matter. The unlabelled nodes are a random
// sample, drawn anew in each round. A child of the evolution joins the graph alone: it sees all
// nodes, they do not see it. And children come from mutation only, as a [datasets.Space] knows no
// crossover.
type Assessor struct {
	// Latents holds the latent vector of each architecture, in the order of the space. It is only
	// read, so several searches may share it.
	Latents Latents

	Initial    int // random architectures queried first; 0 means 10
	Batch      int // queries in a round; 0 means 10
	Unlabelled int // nodes of the graph beside those that are queried; 0 means 300
	Offspring  int // children that are bred in a round; 0 means 1,000
	Epochs     int // epochs that the network is trained for in each round; 0 means 200
}

const (
	relativeLength  = 0.25 // l by the root mean square distance of two latents
	leastSimilarity = 1e-5
	hiddenUnits     = 16
)

// Kind implements Searcher.
func (Assessor) Kind() string { return "semi-supervised assessor" }

// Search implements [Searcher]. The oracle's space must be a [datasets.FiniteSpace] and its budget
// not below the initial set. Whatever the oracle has answered before counts towards the initial
// set.
func (a Assessor) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	a.Initial, a.Batch, a.Unlabelled = cmp.Or(a.Initial, 10), cmp.Or(a.Batch, 10), cmp.Or(a.Unlabelled, 300)
	a.Offspring, a.Epochs = cmp.Or(a.Offspring, 1000), cmp.Or(a.Epochs, 200)
	space, finite := oracle.Space().(datasets.FiniteSpace)
	switch {
	case !finite:
		return fmt.Errorf("assessor: %s cannot be enumerated", oracle.Space().Name())
	case a.Initial < 1 || a.Batch < 1 || a.Unlabelled < 1 || a.Offspring < 1 || a.Epochs < 1:
		return fmt.Errorf("assessor: Initial is %d, Batch %d, Unlabelled %d, Offspring %d and Epochs %d; want all of them positive",
			a.Initial, a.Batch, a.Unlabelled, a.Offspring, a.Epochs)
	}
	features, err := a.features(space)
	if err != nil {
		return err
	}
	if err := checkBudget(oracle, "assessor", a.Initial); err != nil {
		return err
	}
	if err := SampleUntil(oracle, rng, a.Initial); err != nil {
		return err
	}
	for oracle.Remaining() > 0 {
		if err := a.queryRound(oracle, features, rng); err != nil {
			return err
		}
	}
	return nil
}

// features returns the latents as rows, shifted to mean 0 and scaled to a mean variance of 1.
func (a Assessor) features(space datasets.FiniteSpace) (*mat.Dense, error) {
	if err := checkLatents("assessor", a.Latents, space); err != nil {
		return nil, err
	}
	dimensions := len(a.Latents[0])
	variance, column, columns := 0.0, make([]float64, len(a.Latents)), make([][]float64, dimensions)
	for j := range dimensions {
		for i, latent := range a.Latents {
			column[i] = latent[j]
		}
		mean, v := stat.PopMeanVariance(column, nil)
		variance += v / float64(dimensions)
		floats.AddConst(-mean, column)
		columns[j] = slices.Clone(column)
	}
	if !(variance > 0) || math.IsInf(variance, 0) {
		return nil, fmt.Errorf("assessor: the variance of the latents is %v; want them finite and not all equal", variance)
	}
	features := mat.NewDense(len(a.Latents), dimensions, nil)
	for j, column := range columns {
		floats.Scale(1/math.Sqrt(variance), column)
		features.SetCol(j, column)
	}
	return features, nil
}

// queryRound queries a batch of architectures that an assessor trained on the queries so far
// believes in, or a random one if it has seen none that is new.
func (a Assessor) queryRound(oracle *datasets.Oracle, features *mat.Dense, rng *rand.Rand) error {
	space := oracle.Space().(datasets.FiniteSpace)
	var nodes []int
	var accuracies []float64
	for _, query := range oracle.Log() {
		nodes = append(nodes, space.Index(query.Arch))
		accuracies = append(accuracies, query.Accuracy)
	}
	for _, i := range rng.Perm(space.Len()) {
		if len(nodes) == len(accuracies)+a.Unlabelled {
			break
		}
		if !oracle.Seen(space.At(i)) {
			nodes = append(nodes, i)
		}
	}
	graph := newSimilarityGraph(rowsOf(features, nodes))
	network := newGraphNetwork(features.RawMatrix().Cols, rng)
	network.fit(graph, stats.NormalQuantiles(accuracies), a.Epochs)

	candidates := a.evolve(space, nodes, network.assess(graph, features, nodes), rng)
	queried := 0
	for _, candidate := range candidates {
		if queried == a.Batch || oracle.Remaining() == 0 {
			return nil
		}
		if !oracle.Seen(candidate.Arch) {
			if _, err := oracle.Query(candidate.Arch); err != nil {
				return err
			}
			queried++
		}
	}
	if queried > 0 {
		return nil
	}
	return sampleMore(oracle, rng, 1)
}

// evolve returns the nodes of the graph and the offspring of the best of them, each with its
// predicted accuracy, the highest first.
func (a Assessor) evolve(space datasets.FiniteSpace, nodes []int, predict func(int) float64, rng *rand.Rand) []datasets.Query {
	descending := func(p, q datasets.Query) int { return cmp.Compare(q.Accuracy, p.Accuracy) }
	assessed := make([]datasets.Query, len(nodes), len(nodes)+a.Offspring)
	for i, node := range nodes {
		assessed[i] = datasets.Query{Arch: space.At(node), Accuracy: predict(node)}
	}
	slices.SortStableFunc(assessed, descending)
	size := min(100, len(assessed)) // this and the sample are those of Real et al.
	population := slices.Clone(assessed[:size])
	for range a.Offspring {
		child := space.Mutate(fittest(population[len(population)-size:], min(25, size), rng), rng)
		query := datasets.Query{Arch: child, Accuracy: predict(space.Index(child))}
		population, assessed = append(population, query), append(assessed, query)
	}
	slices.SortStableFunc(assessed, descending)
	return assessed
}

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

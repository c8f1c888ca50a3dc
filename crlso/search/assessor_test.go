package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// randomFeatures are rows of standard normal numbers.
func randomFeatures(rows, dimensions int, rng *rand.Rand) *mat.Dense {
	features := mat.NewDense(rows, dimensions, nil)
	for i := range features.RawMatrix().Data {
		features.RawMatrix().Data[i] = rng.NormFloat64()
	}
	return features
}

// randomNetwork has biases other than zero.
func randomNetwork(inputs int, rng *rand.Rand) *graphNetwork {
	network := newGraphNetwork(inputs, rng)
	for i := range network.weights {
		network.weights[i] += rng.NormFloat64() / 4
	}
	return network
}

// Two latents at a distance of 5 and one that is far from both, scaled so that their mean variance
// is 1.
func TestSimilarities(t *testing.T) {
	features, err := Assessor{Latents: toy.Latents()}.features(toy.Space{})
	if err != nil {
		t.Fatal(err)
	}
	mean, squares := 0., 0.
	for _, x := range features.RawMatrix().Data {
		mean += x / (81 * 4)
		squares += x * x / (81 * 4)
	}
	wantClose(t, "mean", mean, 0)
	wantClose(t, "mean variance", squares, 1)

	g := newSimilarityGraph(mat.NewDense(3, 2, []float64{1, 1, 1.3, 1.4, 9, 9}))
	weights, length := make([]float64, 3), 0.25*2.
	g.similarities(weights, []float64{1, 1})
	wantClose(t, "similarity to itself", weights[0], 1)
	wantClose(t, "similarity", weights[1], math.Exp(-0.25/(2*length*length)))
	if weights[2] != 0 {
		t.Errorf("similarity of a far latent is %v, want 0", weights[2])
	}
}

// D^-1/2 A D^-1/2 is symmetric, and its largest eigenvalue is 1, with the roots of the degrees for
// eigenvector. Chung, "Spectral Graph Theory", 1997, section 1.2.
func TestPropagation(t *testing.T) {
	const nodes = 60
	g := newSimilarityGraph(randomFeatures(nodes, 3, newSource(1)))
	symmetric := mat.NewSymDense(nodes, nil)
	edges := 0
	for i := range nodes {
		for j := range nodes {
			wantClose(t, "asymmetry", g.propagation.At(i, j)-g.propagation.At(j, i), 0)
			symmetric.SetSym(i, j, g.propagation.At(i, j))
			if g.propagation.At(i, j) > 0 {
				edges++
			}
		}
	}
	if edges <= nodes || edges == nodes*nodes {
		t.Errorf("%d edges between %d nodes, want some but not all", edges, nodes)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(symmetric, false) {
		t.Fatal("no eigenvalues")
	}
	values := eigen.Values(nil)
	wantClose(t, "largest eigenvalue", slices.Max(values), 1)
	if least := slices.Min(values); least < -1 {
		t.Errorf("least eigenvalue is %v, want at least -1", least)
	}
	roots := mat.NewVecDense(nodes, g.roots)
	var propagated mat.VecDense
	propagated.MulVec(g.propagation, roots)
	if !mat.EqualApprox(&propagated, roots, 1e-9) {
		t.Error("the roots of the degrees are no eigenvector")
	}
}

// The gradient agrees with finite differences.
func TestGraphNetworkGradient(t *testing.T) {
	rng := newSource(1)
	g := newSimilarityGraph(randomFeatures(25, 3, rng))
	network := randomNetwork(3, rng)
	targets := randomFeatures(1, 10, rng).RawRowView(0)
	gradient := graphNetworkOf(make([]float64, len(network.weights)), 3)
	network.loss(g, targets, gradient)

	scratch := graphNetworkOf(make([]float64, len(network.weights)), 3)
	want := fd.Gradient(nil, func(weights []float64) float64 {
		return graphNetworkOf(weights, 3).loss(g, targets, scratch)
	}, network.weights, &fd.Settings{Formula: fd.Central})
	for i := range want {
		if got := gradient.weights[i]; math.Abs(got-want[i]) > 1e-6 {
			t.Errorf("derivative by weight %d is %v, want %v", i, got, want[i])
		}
	}
}

// Loss and predictions are those of the formula P relu(P X W + b) w + c, with dense matrices all
// the way. An architecture that joins the graph adds a row to P, and a column in which it has only
// itself.
func TestGraphNetworkFormula(t *testing.T) {
	const nodes, dimensions, labelled = 20, 2, 8
	rng := newSource(2)
	features := randomFeatures(nodes+1, dimensions, rng)
	all := make([]int, nodes)
	for i := range all {
		all[i] = i
	}
	g := newSimilarityGraph(rowsOf(features, all))
	network := randomNetwork(dimensions, rng)

	length := 0.25 * math.Sqrt(2*dimensions)
	weight := func(i, j int) float64 {
		dx, dy := features.At(i, 0)-features.At(j, 0), features.At(i, 1)-features.At(j, 1)
		if w := math.Exp(-(dx*dx + dy*dy) / (2 * length * length)); w >= 1e-5 {
			return w
		}
		return 0
	}
	degrees := make([]float64, nodes+1)
	for i := range degrees {
		for j := range nodes {
			degrees[i] += weight(i, j)
		}
	}
	degrees[nodes]++
	propagation := mat.NewDense(nodes+1, nodes+1, nil)
	for i := range degrees {
		for j := range degrees {
			if j < nodes || i == nodes {
				propagation.Set(i, j, weight(i, j)/math.Sqrt(degrees[i]*degrees[j]))
			}
		}
	}
	var smoothed, units, outputs mat.Dense
	smoothed.Mul(propagation, features)
	units.Mul(&smoothed, network.hidden.Slice(0, dimensions, 0, hiddenUnits))
	units.Apply(func(_, j int, x float64) float64 { return max(0, x+network.hidden.At(dimensions, j)) }, &units)
	outputs.Product(propagation, &units, network.output)

	predict := network.assess(g, features, all)
	for i := range degrees {
		wantClose(t, "prediction", predict(i), outputs.At(i, 0)+*network.bias)
	}
	targets, loss := make([]float64, labelled), 0.
	for i := range targets {
		targets[i] = rng.NormFloat64()
		loss += math.Pow(outputs.At(i, 0)+*network.bias-targets[i], 2) / (2 * labelled)
	}
	wantClose(t, "loss", network.loss(g, targets, graphNetworkOf(make([]float64, len(network.weights)), dimensions)), loss)
}

// assessCells returns the predictions for 1,000 random cells, and their Kendall's tau, of an
// assessor that is trained on 100 others and on some more without labels.
func assessCells(t *testing.T, unlabelled int, rng *rand.Rand) (predictions []float64, tau float64) {
	t.Helper()
	table, space := openTable(t), nasbench201.Space{}
	features, err := Assessor{Latents: oneHotLatents()}.features(space)
	if err != nil {
		t.Fatal(err)
	}
	const labelled = 100
	accuracies, nodes := make([]float64, 1000+labelled), make([]int, labelled)
	for i := range accuracies { // the official order is random
		record, err := table.Lookup(space.At(i))
		if err != nil {
			t.Fatal(err)
		}
		accuracies[i] = record.Val
	}
	for i := range nodes {
		nodes[i] = i
	}
	for i := range unlabelled {
		nodes = append(nodes, len(accuracies)+i)
	}
	g := newSimilarityGraph(rowsOf(features, nodes))
	network := newGraphNetwork(features.RawMatrix().Cols, rng)
	network.fit(g, stats.NormalQuantiles(accuracies[:labelled]), 200)
	predict := network.assess(g, features, nodes)
	for i := range 1000 {
		predictions = append(predictions, predict(labelled+i))
	}
	return predictions, stats.KendallTau(predictions, accuracies[labelled:])
}

// An assessor ranks cells that it has not seen, and nodes without labels change what it says of
// them.
func TestAssessorRanksCells(t *testing.T) {
	with, tau := assessCells(t, 300, newSource(1))
	without, _ := assessCells(t, 0, newSource(1))
	if tau < 0.35 {
		t.Errorf("Kendall's tau is %.3f, want at least 0.35", tau)
	}
	if agreement := stats.KendallTau(with, without); agreement > 0.9 {
		t.Errorf("without the nodes that have no labels, the predictions' Kendall's tau to those with them is %.3f, want at most 0.9", agreement)
	}
}

// Latents that say what an architecture is worth lead to the best one sooner than the same latents
// dealt out at random.
func TestAssessorFollowsLatents(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	queries := func(latents [][]float64) (total int) {
		for seed := range uint64(10) {
			oracle := newOracle(t, toy.Benchmark{Over: toy.Space{}}, 81)
			if err := (Assessor{Latents: latents, Offspring: 100, Batch: 5}).Search(oracle, newSource(seed)); err != nil {
				t.Fatal(err)
			}
			for _, query := range oracle.Log() {
				total++
				if query.Accuracy == 8 {
					break
				}
			}
		}
		return total
	}
	shuffled := toy.Latents()
	newSource(1).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	with, without := queries(toy.Latents()), queries(shuffled)
	if with > 10*20 || without < 10*30 {
		t.Errorf("the best of 81 is found after %d / 10 queries, with shuffled latents %d / 10; want at most 20 and at least 30",
			with, without)
	}
}

// On CIFAR-10 an assessor is far better than random search.
func TestAssessorBeatsRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	table := openTable(t)
	const queries = 60
	mean := func(s Searcher, seeds int) (mean float64) {
		for _, report := range searchSeeds(t, table, s, seeds, queries) {
			mean += report.Final().Val / float64(seeds)
		}
		return mean
	}
	assessor, random := mean(Assessor{Latents: oneHotLatents()}, 10), mean(Random{}, 200)
	if assessor < random+0.2 {
		t.Errorf("validation accuracy %.3f after %d queries, random search has %.3f", assessor, queries, random)
	}
}

func TestAssessorBadSettings(t *testing.T) {
	latents := func(last ...float64) [][]float64 { return append(toy.Latents()[:80], last) }
	for _, c := range []struct {
		assessor Assessor
		wants    []string
	}{
		{Assessor{Latents: toy.Latents(), Initial: 21}, []string{"assessor", "budget is 20", "21"}},
		{Assessor{Latents: toy.Latents(), Initial: -1}, []string{"Initial is -1", "positive"}},
		{Assessor{Latents: toy.Latents(), Batch: -1}, []string{"Batch -1", "positive"}},
		{Assessor{Latents: toy.Latents(), Unlabelled: -1}, []string{"Unlabelled -1", "positive"}},
		{Assessor{Latents: toy.Latents(), Offspring: -1}, []string{"Offspring -1", "positive"}},
		{Assessor{Latents: toy.Latents(), Epochs: -1}, []string{"Epochs -1", "positive"}},
		{Assessor{}, []string{"0 latents for 81 architectures of the toy space"}},
		{Assessor{Latents: toy.Latents()[1:]}, []string{"80 latents for 81 architectures"}},
		{Assessor{Latents: make([][]float64, 81)}, []string{"variance of the latents is 0"}},
		{Assessor{Latents: latents(1, 2)}, []string{"latent 0 has 4 dimensions", "latent 80 has 2"}},
		{Assessor{Latents: latents(0, 0, 0, math.NaN())}, []string{"variance of the latents is NaN"}},
		{Assessor{Latents: latents(0, 0, 0, math.Inf(1))}, []string{"variance of the latents is"}},
	} {
		oracle := newOracle(t, toy.Benchmark{Over: toy.Space{}}, 20)
		wantError(t, c.assessor.Search(oracle, newSource(1)), c.wants...)
		if len(oracle.Log()) > 0 {
			t.Errorf("%d queries are spent before the error %q", len(oracle.Log()), c.wants)
		}
	}
	oracle := newOracle(t, toy.Benchmark{Over: endless{toy.Space{}}}, 20)
	wantError(t, Assessor{Latents: toy.Latents()}.Search(oracle, newSource(1)), "the toy space", "cannot be enumerated")
}

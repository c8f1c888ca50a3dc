package search

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/floats/scalar"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Five examples, weights sin(0) / 2, sin(1) / 2, ... and five epochs in which they are one batch.
// The expected outputs are those of the textbook's formulas in Python, one multiplication at a time
// in double precision.
func TestPerceptron(t *testing.T) {
	inputs := matrixOf([][]float32{{1, 0, 0}, {0, 1, 0}, {0, 1, 1}, {1, 1, 1}, {0.5, 2, -1}})
	network := newPerceptron(3, newSource(1))
	for i := range network.weights {
		network.weights[i] = float32(math.Sin(float64(i)) / 2)
	}
	wantOutputs(t, network, inputs,
		-80.97819054094147, 39.76978302663416, 74.45605470781628, 142.8419404447331, 10.700111011570705)
	network.fit(inputs, []float32{10, 20, 5, 90, 40}, 5, newSource(1))
	wantOutputs(t, network, inputs,
		6.75493860152649, 21.70351359025357, 30.38040884528374, 50.363566203561014, 29.337959490150055)
}

func wantOutputs(t *testing.T, network *perceptron, inputs blas32.General, want ...float64) {
	t.Helper()
	for i, got := range network.predict(inputs) {
		if !scalar.EqualWithinRel(float64(got), want[i], 1e-3) {
			t.Errorf("output %d is %v, want %v", i, got, want[i])
		}
	}
}

func matrixOf(rows [][]float32) blas32.General {
	m := withOnes(len(rows), len(rows[0]))
	for i, row := range rows {
		copy(m.Data[i*m.Stride:], row)
	}
	return m
}

// Weights spread as Glorot and Bengio prescribe, biases are zero.
func TestNewPerceptron(t *testing.T) {
	network := newPerceptron(nasbench201.NumPaths, newSource(1))
	if got, want := len(network.weights), 156*20+9*21*20+21; got != want {
		t.Errorf("%d weights, want %d", got, want)
	}
	layer := network.layers[0]
	var weights []float64
	for _, w := range layer.Data[:nasbench201.NumPaths*hiddenWidth] {
		weights = append(weights, float64(w))
	}
	mean, deviation := stat.MeanStdDev(weights, nil)
	if want := math.Sqrt(2. / (nasbench201.NumPaths + hiddenWidth)); math.Abs(mean) > 0.1*want || math.Abs(deviation-want) > 0.05*want {
		t.Errorf("weights are %v +- %v, want 0 +- %v", mean, deviation, want)
	}
	for _, layer := range network.layers {
		for _, bias := range layer.Data[(layer.Rows-1)*layer.Cols:] {
			if bias != 0 {
				t.Errorf("a bias is %v, want 0", bias)
			}
		}
	}
}

// An ensemble trained on 100 random cells ranks 1,000 others, its own doubts included.
func TestEnsembleRanksCells(t *testing.T) {
	table := openTable(t)
	space := nasbench201.Space{}
	var log []datasets.Query
	var others []datasets.Arch
	var errors []float64
	for i := range 1100 { // the official order is random
		record, err := table.Lookup(space.At(i))
		if err != nil {
			t.Fatal(err)
		}
		if i < 100 {
			log = append(log, datasets.Query{Arch: space.At(i), Accuracy: record.Val})
		} else {
			others = append(others, space.At(i))
			errors = append(errors, 100-record.Val)
		}
	}
	bananas := BANANAS{Encoding: nasbench201.PathEncoding, Epochs: 150}
	sampled, err := bananas.sampleErrors(log, others, newSource(1))
	if err != nil {
		t.Fatal(err)
	}
	if tau := stats.KendallTau(sampled, errors); tau < 0.35 {
		t.Errorf("Kendall's tau is %.3f, want at least 0.35", tau)
	}
}

// Candidates are new, distinct, as many as asked for, and most of them near the best that is known.
func TestCandidatesSurroundTheBest(t *testing.T) {
	oracle := newOracle(t, openTable(t), 100)
	rng := newSource(1)
	if err := DrawInitialSet(oracle, rng, 50); err != nil {
		t.Fatal(err)
	}
	best := slices.MaxFunc(oracle.Log(), func(p, q datasets.Query) int { return cmp.Compare(p.Accuracy, q.Accuracy) })
	distances, seen := make([]int, nasbench201.NumEdges+1), map[datasets.Arch]bool{}
	for _, candidate := range (BANANAS{Candidates: 60, Parents: 1}).mutateBest(oracle, rng) {
		if oracle.Seen(candidate) || seen[candidate] {
			t.Errorf("%v is proposed again", candidate)
		}
		seen[candidate] = true
		distances[distance(candidate, best.Arch)]++
	}
	if len(seen) != 60 {
		t.Errorf("%d candidates, want 60", len(seen))
	}
	if near := distances[1] + distances[2] + distances[3]; distances[1] < 10 || near < 35 {
		t.Errorf("by their distance from the best there are %v candidates, want most of 1 to 3", distances)
	}
}

// distance is the number of edges in which two cells differ.
func distance(a, b datasets.Arch) int {
	n := 0
	for i, op := range a.(nasbench201.Cell) {
		if op != b.(nasbench201.Cell)[i] {
			n++
		}
	}
	return n
}

// One number for each class of each node and edge, 1 where the architecture has it.
func TestOneHot(t *testing.T) {
	space := nasbench201.Space{}
	encode := oneHot(space)
	for _, i := range []int{0, 6111, 15624} {
		cell := space.At(i).(nasbench201.Cell)
		encoding := encode(cell)
		if len(encoding) != 4*4+6*5 {
			t.Fatalf("%d numbers, want 46", len(encoding))
		}
		for edge, op := range cell {
			for class, got := range encoding[16+5*edge:][:5] {
				if want := class == int(op); (got == 1) != want || got != 0 && got != 1 {
					t.Errorf("%v: class %d of edge %d is %v", cell, class, edge, got)
				}
			}
		}
	}
}

// Models that are no networks see the order of options too: the further apart two are, the more
// numbers of their encodings and the more features differ.
func TestOrderOfOptions(t *testing.T) {
	made, err := datasets.NewChoices("ordered", datasets.Choice{Name: "width", Options: []string{"8", "16", "32", "64"}, Ordered: true})
	if err != nil {
		t.Fatal(err)
	}
	space := made.(datasets.FiniteSpace)
	features, err := GaussianProcess{}.features(space, 4, space.At)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := byFeatures(features).from(0), []float64{0, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("the first option differs in %v features, want %v", got, want)
	}
	encode := oneHot(space)
	for i, want := range []float64{0, 3, 4, 5} {
		if got := floats.Distance(toFloat64(encode(space.At(0))), toFloat64(encode(space.At(i))), 1); got != want {
			t.Errorf("encodings of options 0 and %d differ by %v, want %v", i, got, want)
		}
	}
}

func toFloat64(x []float32) (y []float64) {
	for _, v := range x {
		y = append(y, float64(v))
	}
	return y
}

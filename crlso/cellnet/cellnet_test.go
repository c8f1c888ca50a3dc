package cellnet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

func digits(t testing.TB) Images {
	t.Helper()
	images, err := Digits()
	if err != nil {
		t.Fatal(err)
	}
	return images
}

// The network of every cell has as many weights as NAS-Bench-201 counts.
func TestParameters(t *testing.T) {
	table := testbed.Table(t)
	config, images := Config{Channels: 16, Cells: 5}, Images{Colours: 3, Classes: 10}
	for i := range nasbench201.NumCells {
		a := nasbench201.Space{}.At(i)
		if got, want := config.parameters(images, must(cellOf(a))), table.Cost(a).Parameters; got != want {
			t.Fatalf("%v has %d weights, want %d", a, got, want)
		}
	}
}

// The graph has the weights that are counted: those of a cell's operations, and of all else.
func TestGraphHasTheseWeights(t *testing.T) {
	images, config := digits(t), Small()
	tr, err := newTrainer(testbed.Go(t), images, config, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		c := must(cellOf(nasbench201.Space{}.Sample(rng)))
		n := 0
		for v := range tr.store.Scope(networkScope).IterVariables() {
			used := true
			for edge := range 6 {
				for name, op := range map[string]int{"conv1": opConv1, "conv3": opConv3} {
					if strings.Contains(v.Path(), fmt.Sprintf("/edge_%d/%s/", edge, name)) {
						used = c.ops[edge] == op
					}
				}
			}
			if used {
				n += v.Shape().Size()
			}
		}
		if want := config.parameters(images, c); n != want {
			t.Errorf("%v: the graph has %d weights, want %d", c.names, n, want)
		}
	}
}

// The digits are those of the repository: by number of each class, and by their mean.
func TestDigits(t *testing.T) {
	images := digits(t)
	counts, sum, n := make([]int, 10), 0.0, 0
	for _, set := range []Set{images.Train, images.Validation, images.Test} {
		for _, label := range set.Labels {
			counts[label]++
		}
		for _, pixel := range set.Pixels {
			sum += float64(pixel)
		}
		n += set.Len()
	}
	// scikit-learn: numpy.bincount(load_digits().target), load_digits().data.mean().
	if want := "[178 182 177 183 181 182 181 179 174 180]"; fmt.Sprint(counts) != want || n != 1797 {
		t.Errorf("%d digits, %v, want %s", n, counts, want)
	}
	if mean := (sum/float64(n*64) + 1) * 8; math.Abs(mean-4.884164579855314) > 1e-6 {
		t.Errorf("the mean pixel is %v", mean)
	}
	if images.Train.Len() != 1000 || images.Validation.Len() != 400 {
		t.Errorf("%d to train on, %d for validation", images.Train.Len(), images.Validation.Len())
	}
}

// The smallest cells train in one epoch: a convolution reads digits that nothing cannot read, and
// the same seed gives the same accuracy.
func TestSmallestCells(t *testing.T) {
	space, err := datasets.NewCells("smallest", 2, "none", "nor_conv_3x3")
	if err != nil {
		t.Fatal(err)
	}
	config := Small()
	config.Training.Epochs = 1
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: config}
	evaluate := func(i int) float64 {
		t.Helper()
		m, err := e.Evaluate(t.Context(), space.(datasets.FiniteSpace).At(i))
		if err != nil {
			t.Fatal(err)
		}
		return m.Accuracy
	}
	none, convolution, again := evaluate(0), evaluate(1), evaluate(1)
	if convolution != again {
		t.Errorf("%v %% and %v %% from the same seed", convolution, again)
	}
	if none > 20 || convolution < 50 {
		t.Errorf("a convolution has %v %%, nothing %v %%", convolution, none)
	}
}

// What is no cell is an error that ends a search, and a training that diverges is the cell's
// failure.
func TestEvaluatorErrors(t *testing.T) {
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: Small()}
	space, err := datasets.NewCells("own", 2, "dwise")
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Evaluate(t.Context(), space.Sample(rand.New(rand.NewPCG(1, 1))))
	if err == nil || errors.Is(err, datasets.ErrFailed) || !strings.Contains(err.Error(), `no operation "dwise"`) {
		t.Errorf("an unknown operation: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Evaluate(ctx, nasbench201.Space{}.At(7)); !errors.Is(err, context.Canceled) || errors.Is(err, datasets.ErrFailed) {
		t.Errorf("cancelled: %v", err)
	}
	e = &Evaluator{Backend: testbed.Go(t), Images: digits(t), Config: Small()}
	if _, err := e.Evaluate(t.Context(), nasbench201.Space{}.At(7)); err == nil || !strings.Contains(err.Error(), "use XLA") {
		t.Errorf("the Go backend: %v", err)
	}
	e = &Evaluator{Backend: testbed.Go(t), Config: Small()}
	if _, err := e.Evaluate(t.Context(), nasbench201.Space{}.At(7)); err == nil || !strings.Contains(err.Error(), "0 images to train on") {
		t.Errorf("no images: %v", err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// BenchmarkEvaluation is one training on the digits, after the first.
func BenchmarkEvaluation(b *testing.B) {
	e := &Evaluator{Backend: testbed.Fastest(b), Images: digits(b), Config: Small()}
	rng := rand.New(rand.NewPCG(1, 1))
	evaluate := func() {
		if _, err := e.Evaluate(b.Context(), nasbench201.Space{}.Sample(rng)); err != nil {
			b.Fatal(err)
		}
	}
	evaluate()
	for b.Loop() {
		evaluate()
	}
}

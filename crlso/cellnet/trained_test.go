package cellnet

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
)

// quick trains cells of two nodes in an epoch.
func quick(t testing.TB) (*Evaluator, datasets.FiniteSpace) {
	t.Helper()
	space, err := datasets.NewCells("smallest", 2, "none", "nor_conv_3x3", "nor_conv_1x1")
	if err != nil {
		t.Fatal(err)
	}
	config := Small()
	config.Training.Epochs = 1
	return &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: config, LatencyBatch: 8}, space.(datasets.FiniteSpace)
}

// A trained network has the accuracy that was measured, alone with its cell's weights; and so it
// has after it was saved and opened.
func TestTrainedNetwork(t *testing.T) {
	e, space := quick(t)
	a := space.At(1)
	m, err := e.Evaluate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if m.Others["latency"] <= 0 {
		t.Errorf("the latency is %v ms", m.Others["latency"])
	}
	n, err := e.Train(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := n.Accuracy(e.Images.Validation); err != nil || got != m.Accuracy {
		t.Errorf("the network has %v %% (%v), measured were %v %%", got, err, m.Accuracy)
	}
	dir := filepath.Join(t.TempDir(), "found")
	if err := n.Save(dir); err != nil {
		t.Fatal(err)
	}
	again, err := OpenNetwork(testbed.Fastest(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	pixels := e.Images.Test.Pixels
	want, err := n.Scores(pixels)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Scores(pixels); err != nil || !reflect.DeepEqual(got, want) || len(got) != e.Images.Test.Len() {
		t.Errorf("the opened network has %d other scores than the saved one (%v)", len(got), err)
	}
	expect.ErrorLine(t, n.Save(dir), dir, "name a new folder")
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v stay beside the folder", entries, err)
	}
	_, err = n.Accuracy(Set{})
	expect.ErrorLine(t, err, "0 images")
	_, err = n.Latency(0)
	expect.ErrorLine(t, err, "want 1 or more")
}

// A training that diverges is the cell's failure. What else goes wrong ends the search.
func TestDivergedTraining(t *testing.T) {
	e, space := quick(t)
	e.Config.Training.LearningRate = math.Inf(1)
	if _, err := e.Evaluate(t.Context(), space.At(1)); !errors.Is(err, datasets.ErrFailed) || !errors.Is(err, nn.ErrDiverged) {
		t.Errorf("a learning rate without bound: %v", err)
	}
	e.Config.Training.Batch = 0
	if _, err := e.Evaluate(t.Context(), space.At(1)); err == nil || errors.Is(err, datasets.ErrFailed) {
		t.Errorf("no batch: %v", err)
	}
}

// The mean over several trainings is that of trainings from seeds that follow each other.
func TestRuns(t *testing.T) {
	e, space := quick(t)
	e.LatencyBatch = 0
	a, sum := space.At(1), 0.0
	for seed := range uint64(2) {
		one := &Evaluator{Backend: e.Backend, Images: e.Images, Config: e.Config}
		one.Config.Seed += seed
		m, err := one.Evaluate(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		sum += m.Accuracy
	}
	e.Runs = 2
	m, err := e.Evaluate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(m.Accuracy-sum/2) > 1e-9 || m.Others["deviation"] <= 0 {
		t.Errorf("two runs have %v %%, deviation %v, want %v", m.Accuracy, m.Others["deviation"], sum/2)
	}
}

// A folder that holds no network is one line.
func TestOpenNetworkErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenNetwork(testbed.Go(t), dir)
	expect.ErrorLine(t, err, dir, "no such file", "Network.Save")
	for text, want := range map[string]string{
		"{":                                     "unexpected end",
		`{"Operations": ["dwise"], "Nodes": 2}`: `no operation "dwise"`,
		`{"Operations": ["skip_connect"], "Nodes": 3}`: "1 operations for 3 nodes",
	} {
		writeFile(t, []byte(text), dir, describedIn)
		_, err := OpenNetwork(testbed.Go(t), dir)
		expect.ErrorLine(t, err, dir, want)
	}
}

// A program for each cell trains it as the program for all does.
func TestPerCell(t *testing.T) {
	e, space := quick(t)
	own := &Evaluator{Backend: e.Backend, Images: e.Images, Config: e.Config, PerCell: true}
	a := space.At(2)
	want, err := e.Evaluate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := own.Evaluate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	// Rounding may turn some of the 400 images.
	if diff := got.Accuracy - want.Accuracy; diff < -2 || diff > 2 || got.Others["parameters"] != want.Others["parameters"] {
		t.Errorf("%v by its own program, %v by the one for all", got, want)
	}
}

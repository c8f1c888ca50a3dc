//go:build long

package cellnet

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Training learns: convolutions read digits, a cell without an operation knows nothing but what the
// residual blocks see; and the same seed gives the same.
func TestTraining(t *testing.T) {
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: Small()}
	evaluate := func(text string) datasets.Measurement {
		t.Helper()
		m, err := e.Evaluate(t.Context(), must(nasbench201.ParseCell(text)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	const good = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
	best, again := evaluate(good), evaluate(good)
	if best.Accuracy != again.Accuracy {
		t.Errorf("%v %% and %v %% from the same seed", best.Accuracy, again.Accuracy)
	}
	none := evaluate("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
	t.Logf("convolutions %.1f %%, nothing %.1f %%", best.Accuracy, none.Accuracy)
	if best.Accuracy < 85 || none.Accuracy > 20 {
		t.Errorf("convolutions have %v %%, nothing %v %%", best.Accuracy, none.Accuracy)
	}
}

// classify prints the scores that the exported network gives images in a file.
const classify = `
import sys
import numpy
sys.path[:0] = sys.argv[1:3]
import net
images = numpy.load(sys.argv[3])
x = images["pixels"].reshape(-1, 8, 8, 1).transpose(0, 3, 1, 2)
scores = net.load(sys.argv[2] + "/weights.npz")(x)
wrong = numpy.abs(scores - images["scores"].reshape(scores.shape)).max()
print("the same" if wrong < 1e-3 else wrong)
`

// TestPyTorch runs the exported network of a cell with all operations in Python: its scores are
// those of the network here. Layers are those of testdata/torch, as PyTorch documents them.
func TestPyTorch(t *testing.T) {
	config := Small()
	config.Training.Epochs, config.Cells = 1, 2
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: config}
	n, err := e.Train(t.Context(), must(nasbench201.ParseCell("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|")))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	found := filepath.Join(dir, "found")
	if err := n.Save(found); err != nil {
		t.Fatal(err)
	}
	scores, err := n.Scores(e.Images.Test.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	images, err := source.PackArrays([]source.Array{{Name: "pixels", Values: e.Images.Test.Pixels}, {Name: "scores", Values: slices.Concat(scores...)}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, images, dir, "images.npz")
	writeFile(t, []byte(classify), dir, "classify.py")
	python := filepath.Join(dir, "venv", "bin", "python")
	for _, command := range [][]string{
		{"python3", "-m", "venv", filepath.Join(dir, "venv")},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "numpy==2.2.6"},
		{python, filepath.Join(dir, "classify.py"), "testdata", found, filepath.Join(dir, "images.npz")},
	} {
		said, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", command, err, said)
		}
		if command[1] == filepath.Join(dir, "classify.py") && string(said) != "the same\n" {
			t.Errorf("scores differ by %s", said)
		}
	}
}

// Trainings still give what the kept sample has, to rounding, which turns few of 400 images.
func TestSampleIsMeasuredAgain(t *testing.T) {
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: Small()}
	kept := sample(t, "digits")
	for _, i := range slices.Sorted(maps.Keys(kept))[:4] {
		m, err := e.Evaluate(t.Context(), nasbench201.Space{}.At(i))
		if err != nil {
			t.Fatal(err)
		}
		if diff := m.Accuracy - kept[i]; diff < -2 || diff > 2 {
			t.Errorf("cell %d has %v %%, kept are %v %%", i, m.Accuracy, kept[i])
		}
	}
}

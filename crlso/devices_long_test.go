//go:build long && !noxla && cgo && linux

package crlso

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// TestDevicesAgreeAtSize is TestDevicesAgree for the released sizes, over the first 10 steps. There
// a difference grows tenfold in about six steps, as it does on one device if the examples of each
// batch are in another order.
func TestDevicesAgreeAtSize(t *testing.T) {
	config := Released201()
	config.TrainingSet, config.Joint.Epochs = 5*config.Joint.Batch, 2
	curve := func(devices int) (losses []Loss) {
		m := newModel(t, testbed.XLA(t), space, config)
		m.Devices = devices
		err := m.TrainJoint(t.Context(), trainingLabels(t, m, testbed.Table(t)), 0, func(e Epoch) error {
			losses = append(losses, e.Losses...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return losses
	}
	one := curve(1)
	for _, devices := range []int{2, 4} {
		wantLosses(t, fmt.Sprint(devices, " devices"), curve(devices), one, 1e-4)
	}
}

// TestDevicesSplit reads the programs that XLA makes where all edges are there: see wantSplit.
func TestDevicesSplit(t *testing.T) {
	wantSplit(t, space, whole())
}

// TestDevicesSplitTwoGraphs is TestDevicesSplit where only a part of the edges is there, in two
// graphs.
func TestDevicesSplitTwoGraphs(t *testing.T) {
	config := whole()
	config.TrainingSet = 512
	wantSplit(t, nasbench301.Space{}, config)
}

// wantSplit reads the programs that XLA makes, in a process of its own that runs the same test:
// each of two devices does the work of one alone with half the batch, but for two sums over
// devices, one of the examples, one of losses and gradients. As a measure of work serve the numbers
// that a program writes in a step; a batch that is gathered, permuted or computed twice adds to
// them, and so do tensors that are laid out so badly that they have to be transposed or cannot be
// fused.
func wantSplit(t *testing.T, space datasets.Space, config Config) {
	t.Helper()
	const inside = "CRLSO_TEST_DEVICES"
	if os.Getenv(inside) != "" {
		config.Joint.Epochs = 1
		m := newModel(t, testbed.XLA(t), space, config)
		for m.Devices = 1; m.Devices <= 2; m.Devices++ {
			m.Config.Joint.Batch = 256 * m.Devices
			if err := m.TrainJoint(t.Context(), make([]float64, len(m.TrainingSet())), 0, nil); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	// What is read does not depend on how much LLVM makes of it.
	child.Env = append(os.Environ(), inside+"=1", "XLA_FLAGS=--xla_dump_to="+dir+" --xla_dump_hlo_as_text --xla_backend_optimization_level=0")
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*cpu_after_optimizations.txt")) // in the order of compiling
	if err != nil {
		t.Fatal(err)
	}
	var loops []string
	for _, name := range names {
		program, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(program), " while(") {
			loops = append(loops, string(program))
		}
	}
	if len(loops) != 2 {
		t.Fatalf("%d of %d programs are loops, want 2", len(loops), len(names))
	}
	one, two := loops[0], loops[1]
	if n := strings.Count(two, " all-reduce("); n != 2 {
		t.Errorf("%d sums over devices, want 2", n)
	}
	for _, operation := range []string{" all-gather(", " all-to-all(", " collective-permute("} {
		if n := strings.Count(two, operation); n > 0 {
			t.Errorf("%d of%s...)", n, operation)
		}
	}
	if got, want := numbersWritten(t, two), numbersWritten(t, one); got > 1.1*want {
		t.Errorf("each of two devices writes %.0f numbers a step, one with half the batch %.0f", got, want)
	}
}

// computed is an instruction of a compiled program that writes numbers to memory, with their
// dimensions.
var computed = regexp.MustCompile(`= f32\[([\d,]*)\]\S* (?:fusion|dot)\(`)

// numbersWritten counts the single precision numbers that the instructions of a compiled program
// write.
func numbersWritten(t *testing.T, program string) (total float64) {
	for _, found := range computed.FindAllStringSubmatch(program, -1) {
		size := 1.0
		for _, text := range strings.FieldsFunc(found[1], func(r rune) bool { return r == ',' }) {
			dim, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			size *= float64(dim)
		}
		total += size
	}
	return total
}

//go:build !noxla && cgo && linux

package crlso

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// TestDevicesAgree pretrains on 2 devices, trains on 4, and goes on with one: losses of all epochs differ from those of one
// device alone by less than 1e-4.
func TestDevicesAgree(t *testing.T) {
	t.Parallel()
	config := small()
	config.Pretrain = pretraining(1)
	config.Joint.Epochs = 3
	curve := func(pretraining int, joint ...int) (losses []Loss) {
		m := newModel(t, testBackends["xla"](t), space, config)
		y := trueAccuracies(t, m)
		keep := func(e Epoch) error {
			losses = append(losses, e.Losses...)
			return nil
		}
		m.Devices = pretraining
		if err := m.Pretrain(t.Context(), 0, keep); err != nil {
			t.Fatal(err)
		}
		pause := errors.New("pause")
		for epoch, n := range joint {
			m.Devices = n
			err := m.TrainJoint(t.Context(), y, epoch, func(e Epoch) error {
				if keep(e); e.Number < len(joint) {
					return pause
				}
				return nil
			})
			if err != nil && err != pause {
				t.Fatal(err)
			}
		}
		return losses
	}
	wantLosses(t, "2, 4, 4, then 1", curve(2, 4, 4, 1), curve(1, 1, 1, 1), 1e-4)
}

// wantLosses compares losses with those of one device.
func wantLosses(t *testing.T, name string, losses, one []Loss, tolerance float64) {
	t.Helper()
	if len(losses) != len(one) {
		t.Fatalf("%s: %d losses, on one device %d", name, len(losses), len(one))
	}
	for i, loss := range losses {
		if want := one[i].Value; math.Abs(loss.Value-want) > tolerance*math.Abs(want) {
			t.Errorf("%s: loss %d, %s, is %g, on one device %g", name, i, loss.Name, loss.Value, want)
		}
	}
}

// TestDevicesSplit reads the programs that XLA makes where all edges are there: see wantSplit.
func TestDevicesSplit(t *testing.T) {
	t.Parallel()
	wantSplit(t, space, whole())
}

// wantSplit reads the programs that XLA makes, in a process of its own that runs the same test: each of two devices does the work
// of one alone with half the batch, but for two sums over devices, one of the examples, one of losses and gradients. As a measure
// of work serve the numbers that a program writes in a step; a batch that is gathered, permuted or computed twice adds to
// them, and so do tensors that are laid out so badly that they have to be transposed or cannot be fused.
func wantSplit(t *testing.T, space datasets.Space, config Config) {
	t.Helper()
	const inside = "CRLSO_TEST_DEVICES"
	if os.Getenv(inside) != "" {
		config.Joint.Epochs = 1
		m := newModel(t, testBackends["xla"](t), space, config)
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

// computed is an instruction of a compiled program that writes numbers to memory, with their dimensions.
var computed = regexp.MustCompile(`= f32\[([\d,]*)\]\S* (?:fusion|dot)\(`)

// numbersWritten counts the single precision numbers that the instructions of a compiled program write.
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

func TestDevicesErrors(t *testing.T) {
	backend := testBackends["xla"](t)
	m := newModel(t, backend, space, small())
	y := trueAccuracies(t, m)
	m.Devices = backend.NumDevices() + 1
	wantErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), fmt.Sprintf("joint training: Devices is %d, but the backend has %d", m.Devices, m.Devices-1), "lower it")
	m.Devices, m.Config.Joint.Batch = 4, 510
	wantErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), "joint training: Devices is 4, which does not divide the batch of 510")
}

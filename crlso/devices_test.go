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
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// TestDevicesAgree trains on 2 and 4 devices, and goes on with one: losses of all epochs differ from those of one device
// alone by less than 1e-4.
func TestDevicesAgree(t *testing.T) {
	y := trueAccuracies(t)
	config := small()
	config.Pretrain = config.Joint
	config.Pretrain.Epochs, config.Joint.Epochs = 1, 3
	curve := func(devices ...int) (losses []Loss) {
		m := newModel(t, fastest(t), space, config)
		keep := func(e Epoch) error {
			losses = append(losses, e.Losses...)
			return nil
		}
		m.Devices = devices[0]
		if err := m.Pretrain(t.Context(), 0, keep); err != nil {
			t.Fatal(err)
		}
		pause := errors.New("pause")
		for epoch, n := range devices {
			m.Devices = n
			err := m.TrainJoint(t.Context(), y, epoch, func(e Epoch) error {
				if keep(e); e.Number < len(devices) {
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
	one := curve(1, 1, 1)
	for _, devices := range [][]int{{2, 2, 2}, {4, 4, 1}} {
		wantLosses(t, fmt.Sprint("devices ", devices), curve(devices...), one, 1e-4)
	}
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

// TestDevicesAgreeAtSize is TestDevicesAgree for the released sizes, over the first 10 steps. There a difference grows
// tenfold in about six steps, as it does on one device if the examples of each batch are in another order.
func TestDevicesAgreeAtSize(t *testing.T) {
	config := Released201()
	config.TrainingSet, config.Joint.Epochs = 5*config.Joint.Batch, 2
	curve := func(devices int) (losses []Loss) {
		m := newModel(t, fastest(t), space, config)
		m.Devices = devices
		err := m.TrainJoint(t.Context(), trainingLabels(t, m, benchmark(t)), 0, func(e Epoch) error {
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

// TestDevicesSplit reads the programs that XLA makes, in a process of its own: each of two devices does the work of one
// alone with half the batch, but for two sums over devices, one of the examples, one of losses and gradients. As a measure
// of work serve the numbers that a program writes in a step; a batch that is gathered, permuted or computed twice adds to
// them, and so do tensors that are laid out so badly that they have to be transposed or cannot be fused.
func TestDevicesSplit(t *testing.T) {
	const inside = "CRLSO_TEST_DEVICES"
	kinds := []datasets.Space{space, nasbench301.Space{}} // all edges, and a part of them in two graphs
	if os.Getenv(inside) != "" {
		config := small()
		config.Joint.Epochs = 1
		for _, space := range kinds {
			m := newModel(t, fastest(t), space, config)
			for m.Devices = 1; m.Devices <= 2; m.Devices++ {
				m.Config.Joint.Batch = 256 * m.Devices
				if err := m.TrainJoint(t.Context(), make([]float64, len(m.TrainingSet())), 0, nil); err != nil {
					t.Fatal(err)
				}
			}
			config.TrainingSet = 512
		}
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDevicesSplit$")
	child.Env = append(os.Environ(), inside+"=1", "XLA_FLAGS=--xla_dump_to="+dir+" --xla_dump_hlo_as_text")
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
	if len(loops) != 2*len(kinds) {
		t.Fatalf("%d of %d programs are loops, want %d", len(loops), len(names), 2*len(kinds))
	}
	for i, space := range kinds {
		one, two := loops[2*i], loops[2*i+1]
		if n := strings.Count(two, " all-reduce("); n != 2 {
			t.Errorf("%s: %d sums over devices, want 2", space.Name(), n)
		}
		for _, operation := range []string{" all-gather(", " all-to-all(", " collective-permute("} {
			if n := strings.Count(two, operation); n > 0 {
				t.Errorf("%s: %d of%s...)", space.Name(), n, operation)
			}
		}
		if got, want := numbersWritten(t, two), numbersWritten(t, one); got > 1.1*want {
			t.Errorf("%s: each of two devices writes %.0f numbers a step, one with half the batch %.0f", space.Name(), got, want)
		}
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
	y, backend := trueAccuracies(t), fastest(t)
	m := newModel(t, backend, space, small())
	m.Devices = backend.NumDevices() + 1
	wantErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), fmt.Sprintf("joint training: Devices is %d, but the backend has %d", m.Devices, m.Devices-1), "lower it")
	m.Devices, m.Config.Joint.Batch = 4, 510
	wantErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), "joint training: Devices is 4, which does not divide the batch of 510")
}

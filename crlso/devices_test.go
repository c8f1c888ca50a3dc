//go:build !noxla && cgo && linux

package crlso

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
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
		for i, loss := range curve(devices...) {
			if want := one[i].Value; math.Abs(loss.Value-want) > 1e-4*math.Abs(want) {
				t.Errorf("devices %v: loss %d, %s, is %g, on one device %g", devices, i, loss.Name, loss.Value, want)
			}
		}
	}
}

// TestDevicesSplit reads the programs that XLA makes for each device, in a process of its own: they sum over devices, and
// gather nothing from them, so that all work on a batch is split.
func TestDevicesSplit(t *testing.T) {
	const inside = "CRLSO_TEST_DEVICES"
	kinds := []datasets.Space{space, nasbench301.Space{}} // all edges, and a part of them in two graphs
	if os.Getenv(inside) != "" {
		config := small()
		config.Joint.Epochs = 1
		for _, space := range kinds {
			m := newModel(t, fastest(t), space, config)
			m.Devices = 2
			if err := m.TrainJoint(t.Context(), make([]float64, len(m.TrainingSet())), 0, nil); err != nil {
				t.Fatal(err)
			}
			config.TrainingSet = config.Joint.Batch
		}
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDevicesSplit$")
	child.Env = append(os.Environ(), inside+"=1", "XLA_FLAGS=--xla_dump_to="+dir+" --xla_dump_hlo_as_text")
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*cpu_after_optimizations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	split := 0
	for _, name := range names {
		program, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(program), " all-reduce(") {
			split++
		}
		for _, operation := range []string{" all-gather(", " all-to-all(", " collective-permute("} {
			if n := strings.Count(string(program), operation); n > 0 {
				t.Errorf("%s has %d of%s...)", filepath.Base(name), n, operation)
			}
		}
	}
	if split != len(kinds) {
		t.Errorf("%d of %d programs sum over devices, want %d", split, len(names), len(kinds))
	}
}

func TestDevicesErrors(t *testing.T) {
	y, backend := trueAccuracies(t), fastest(t)
	m := newModel(t, backend, space, small())
	m.Devices = backend.NumDevices() + 1
	wantErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), fmt.Sprintf("joint training: Devices is %d, but the backend has %d", m.Devices, m.Devices-1), "lower it")
	m.Devices, m.Config.Joint.Batch = 4, 510
	wantErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), "joint training: Devices is 4, which does not divide the batch of 510")
}

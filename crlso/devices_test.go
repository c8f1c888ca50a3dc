//go:build !noxla && cgo && linux

package crlso

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
)

// TestDevicesAgree pretrains on 2 devices, trains on 4, and goes on with one: losses of all epochs
// differ from those of one device alone by less than 1e-4.
func TestDevicesAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := Tiny201()
	config.Pretrain = pretraining(1)
	config.Joint.Epochs = 3
	curve := func(pretraining int, joint ...int) (losses []Loss) {
		m := newModel(t, testbed.XLA(t), space, config)
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

func TestDevicesErrors(t *testing.T) {
	backend := testbed.XLA(t)
	m := newModel(t, backend, space, Tiny201())
	y := trueAccuracies(t, m)
	m.Devices = backend.NumDevices() + 1
	expect.ErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), fmt.Sprintf("joint training: Devices is %d, but the backend has %d", m.Devices, m.Devices-1), "lower it")
	m.Devices, m.Config.Joint.Batch = 4, 510
	expect.ErrorLine(t, m.TrainJoint(t.Context(), y, 0, nil), "joint training: Devices is 4, which does not divide the batch of 510")
}

//go:build long && !noxla && cgo && linux

package crlso

import (
	"fmt"
	"testing"

	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// TestDevicesSplitTwoGraphs is TestDevicesSplit where only a part of the edges is there, in two graphs.
func TestDevicesSplitTwoGraphs(t *testing.T) {
	config := whole()
	config.TrainingSet = 512
	wantSplit(t, nasbench301.Space{}, config)
}

// TestDevicesAgreeAtSize is TestDevicesAgree for the released sizes, over the first 10 steps. There a difference grows
// tenfold in about six steps, as it does on one device if the examples of each batch are in another order.
func TestDevicesAgreeAtSize(t *testing.T) {
	config := Released201()
	config.TrainingSet, config.Joint.Epochs = 5*config.Joint.Batch, 2
	curve := func(devices int) (losses []Loss) {
		m := newModel(t, testBackends["xla"](t), space, config)
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

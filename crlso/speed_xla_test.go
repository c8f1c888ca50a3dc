//go:build !noxla && cgo && linux

package crlso

import (
	"testing"
	"time"
)

// TestSpeed guards the speed of joint training by a ratio inside one run, as times differ from machine to machine: the
// products of matrices in its steps must come at no less than half the usual share of the rate of plain ones, a
// [yardstick] of as many FLOP. That share is about 0.6 on two cores. It falls when steps compute more than
// they need to, wait for the host, or leave a core idle.
//
// Other work on the machine disturbs now the one and now the other, so the best of a few tries counts.
func TestSpeed(t *testing.T) {
	const least, tries = 0.3, 5
	m := newModel(t, testBackends["xla"](t), space, Released201())
	labels := trueAccuracies(t)
	train := func() {
		if err := m.TrainJoint(t.Context(), labels, m.Config.Joint.Epochs-1, nil); err != nil {
			t.Fatal(err)
		}
	}
	train() // compiles
	y := newYardstick(t, m.backend)
	flop := float64(m.Config.Joint.stepsPerEpoch(len(labels))) * flopOfJointStep(m.Config, m.schema)
	best := 0.0
	for try := 0; try < tries && best < least; try++ {
		y.flop, y.seconds = 0, 0
		y.run(t, flop/2)
		began := time.Now()
		train()
		seconds := time.Since(began).Seconds()
		y.run(t, flop/2)
		share := flop / seconds / y.rate()
		t.Logf("%.0f GFLOP/s, plain products %.0f GFLOP/s: a share of %.2f", flop/seconds/1e9, y.rate()/1e9, share)
		best = max(best, share)
	}
	if best < least {
		t.Errorf("joint training reaches %.2f of the rate of plain products, want at least %.2f", best, least)
	}
}

package inspect

import (
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
)

func TestSpread(t *testing.T) {
	// The corners of a 2 x 4 rectangle are sqrt(1 + 4) away from its middle.
	if got := Spread([][]float64{{0, 0}, {2, 0}, {0, 4}, {2, 4}}); math.Abs(got-math.Sqrt(5)) > 1e-12 {
		t.Errorf("%g, want sqrt 5", got)
	}
}

func TestSegmentsErrors(t *testing.T) {
	m, err := crlso.NewModel(testbed.Go(t), space, crlso.Tiny201())
	if err != nil {
		t.Fatal(err)
	}
	_, err = MidpointGaps(m, make([][]float64, 1), make([][]float64, 2))
	expect.ErrorLine(t, err, "1 starts, 2 ends")
}

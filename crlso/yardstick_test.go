package crlso

import (
	"fmt"
	"testing"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// yardstick measures what the machine can do at present: the rate of plain products of matrices,
// which other work on the machine slows down as it slows down training. The share of this rate that
// training reaches tells a slow program from a busy machine.
//
// The products are made by a loop inside one compiled program, as the steps of training are.
type yardstick struct {
	exec          *Exec
	x, w          *tensors.Tensor
	flop, seconds float64 // of all runs
}

// A product of two matrices with yardstickSize rows and columns. In training, W is 256 x 256 or 512
// x 512, and meets some thousands of nodes.
const (
	yardstickSize = 512
	yardstickFLOP = 2 * yardstickSize * yardstickSize * yardstickSize
)

func newYardstick(t testing.TB, backend compute.Backend) *yardstick {
	t.Helper()
	exec, err := NewExec(backend, func(number, end, x, w *Node) *Node {
		state := func(g *Graph) []*Node {
			nodes := make([]*Node, 4)
			for i, s := range []*Node{number, end, x, w} {
				nodes[i] = Parameter(g, fmt.Sprint("state_", i), s.Shape())
			}
			return nodes
		}
		more := NewClosure(x.Graph(), func(g *Graph) []*Node {
			s := state(g)
			return []*Node{LessThan(s[0], s[1])}
		})
		body := NewClosure(x.Graph(), func(g *Graph) []*Node {
			s := state(g)
			return []*Node{OnePlus(s[0]), s[1], Dot(s[2], s[3]).Product(), s[3]}
		})
		return ReduceAllSum(While(more, body, number, end, x, w)[2])
	})
	if err != nil {
		t.Fatal(err)
	}
	const n = yardstickSize
	x, w := make([]float32, n*n), make([]float32, n*n)
	for i := range n {
		for j := range n {
			x[i*n+j] = float32((i+j)%7) / 7
			w[i*n+j] = -2.0 / n
		}
		w[i*n+i]++ // a reflection: however many products there are, norms stay
	}
	y := &yardstick{exec: exec, x: tensors.FromFlatDataAndDimensions(x, n, n), w: tensors.FromFlatDataAndDimensions(w, n, n)}
	y.run(t, yardstickFLOP) // compiles
	y.flop, y.seconds = 0, 0
	return y
}

// run makes as many products as come nearest to so many floating point operations.
func (y *yardstick) run(t testing.TB, flop float64) {
	t.Helper()
	products := int32(flop/yardstickFLOP + 0.5)
	began := time.Now()
	result, err := y.exec.Call1(int32(0), products, y.x, y.w)
	if err != nil {
		t.Fatal(err)
	}
	result.Value() // waits for it
	y.seconds += time.Since(began).Seconds()
	y.flop += float64(products) * yardstickFLOP
}

// rate is that of all runs, in FLOP/s.
func (y *yardstick) rate() float64 { return y.flop / y.seconds }

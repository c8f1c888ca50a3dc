package ensemble

import (
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// solveFrom runs the solver for 400 steps from each start, and returns the best points with their
// values.
func solveFrom(t *testing.T, backend compute.Backend, objective, cost func(*Node) *Node, starts [][]float64, limits []float64) ([][]float64, []float64) {
	t.Helper()
	exec, err := model.NewExec(backend, model.NewStore(), func(_ *model.Scope, inputs []*Node) []*Node {
		p := constrainedProblem{objective, cost, inputs[5], inputs[6]}
		s := ascent{inputs[0], inputs[1], inputs[2], inputs[3]}
		for range stepsPerCall {
			s = p.advance(s, inputs[4], inputs[7])
		}
		return []*Node{s.z, s.best, s.value, s.step}
	})
	if err != nil {
		t.Fatal(err)
	}
	value := make([]float32, len(starts))
	for i := range value {
		value[i] = -1e30
	}
	state := []any{nn.TensorOf(starts...), nn.TensorOf(starts...), value, float32(0)}
	for range 40 {
		results, err := exec.Exec(append(state, nn.Float32s(limits), []float32{-2, -2}, []float32{2, 2}, float32(0.5))...)
		if err != nil {
			t.Fatal(err)
		}
		state = []any{results[0], results[1], results[2], results[3]}
	}
	best, values := nn.AppendRows(nil, state[1].(*tensors.Tensor), len(starts)), nn.AppendRows(nil, state[2].(*tensors.Tensor), len(starts))
	return nn.Rows(best, 2), nn.Float64s(values)
}

// TestConstrainedByHand solves problems whose solutions are known: the highest x + y in a disc, and
// in a disc that reaches out of the box, and the lowest |x - 1| + |y| left of a line.
func TestConstrainedByHand(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		x := func(z *Node) *Node { return Squeeze(Slice(z, AxisRange(), AxisRange(0, 1)), -1) }
		y := func(z *Node) *Node { return Squeeze(Slice(z, AxisRange(), AxisRange(1, 2)), -1) }
		sum := func(z *Node) *Node { return Add(x(z), y(z)) }
		square := func(z *Node) *Node { return ReduceSum(Square(z), -1) }
		starts := [][]float64{{0, 0}, {-1.9, 1.9}, {1.9, 1.9}}
		_, values := solveFrom(t, backend, sum, square, starts, []float64{1, 1, 1})
		for i, value := range values {
			if math.Abs(value-math.Sqrt2) > 0.01 {
				t.Errorf("disc, start %v: %v, want %v", starts[i], value, math.Sqrt2)
			}
		}
		_, values = solveFrom(t, backend, sum, square, starts, []float64{5, 8, 100})
		for i, want := range []float64{math.Sqrt(10), 4, 4} {
			if math.Abs(values[i]-want) > 0.03 {
				t.Errorf("disc and box, start %v: %v, want %v", starts[i], values[i], want)
			}
		}
		kinks := func(z *Node) *Node { return Neg(Add(Abs(AddScalar(x(z), -1)), Abs(y(z)))) }
		points, values := solveFrom(t, backend, kinks, x, starts, []float64{0.5, 0.5, 0.5})
		for i, value := range values {
			if math.Abs(value+0.5) > 0.05 || points[i][0] > 0.5+1e-6 {
				t.Errorf("kinks, start %v: %v at %v, want -0.5 at [0.5 0]", starts[i], value, points[i])
			}
		}
	})
}

// TestConstrainedInfeasible has no point within the limit.
func TestConstrainedInfeasible(t *testing.T) {
	cost := func(z *Node) *Node { return ReduceSum(Square(z), -1) }
	_, values := solveFrom(t, testbed.Go(t), cost, cost, [][]float64{{1, 1}}, []float64{-1})
	if values[0] > -1e29 {
		t.Errorf("value %v where nothing is within the limit", values[0])
	}
}

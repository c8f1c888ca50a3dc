package ensemble

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// constrainedProblem is convex: maximise a concave objective over the points z of a box for which a
// convex cost is at most a limit.
type constrainedProblem struct {
	objective, cost func(z *Node) *Node // [B] of points [B, Z]
	low, high       *Node               // corners of the box, [Z] each
}

// ascent is the state of a solver for B problems that differ in their limit, [B].
type ascent struct {
	z     *Node // [B, Z], where the solver is
	best  *Node // [B, Z], the best point that keeps to the limit so far
	value *Node // [B], the objective there; as low as it gets if there is none yet
	step  *Node // scalar, the number of steps so far
}

// advance makes one step of the projected switching subgradient method: where the cost is above the
// limit, the Polyak step towards it, and elsewhere a step up the objective, of length size / sqrt(k
// + 1) for step number k. Then it goes to the closest point of the box. Networks of leaky ReLUs
// have kinks, so no smoother method applies; for convex problems the best point found converges to
// the optimum.
//
// Source: Polyak, "A general method for solving extremum problems", 1967; Nesterov, "Introductory
// Lectures on Convex Optimization", 2004, section 3.2.4.
func (p constrainedProblem) advance(s ascent, limit, size *Node) ascent {
	objective, cost := p.objective(s.z), p.cost(s.z)
	objectiveGradient := Gradient(ReduceAllSum(objective), s.z)[0]
	costGradient := Gradient(ReduceAllSum(cost), s.z)[0]
	excess := Sub(cost, limit)
	allowed := LessOrEqual(excess, ZerosLike(excess))

	better := LogicalAnd(allowed, GreaterThan(objective, s.value))
	column := func(x *Node) *Node { return InsertAxes(x, -1) }
	s.best = Where(BroadcastToShape(column(better), s.z.Shape()), s.z, s.best)
	s.value = Where(better, objective, s.value)

	squared := func(x *Node) *Node { return AddScalar(ReduceSum(Square(x), -1), 1e-12) }
	length := Mul(Rsqrt(OnePlus(s.step)), size)
	ascentStep := Mul(objectiveGradient, column(Mul(length, Rsqrt(squared(objectiveGradient)))))
	// A little more than Polyak's step, so that rounding leaves the point on the right side.
	feasibilityStep := Mul(costGradient, column(Neg(Div(MulScalar(excess, 1.01), squared(costGradient)))))
	z := Add(s.z, Where(BroadcastToShape(column(allowed), s.z.Shape()), ascentStep, feasibilityStep))
	corner := func(x *Node) *Node { return BroadcastToShape(InsertAxes(x, 0), z.Shape()) }
	s.z = Max(Min(z, corner(p.high)), corner(p.low))
	s.step = OnePlus(s.step)
	return s
}

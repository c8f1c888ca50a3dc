package exercise

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/combin"
)

// digraph is a directed graph whose nodes carry a number or a colour. Edge {u, v} leads from u to
// v.
type digraph struct {
	colours []int
	edges   [][2]int
}

// someGraphs are those that answers are tried on: in each direction some nodes have several
// neighbours, some of the same colour, and there is more than one path.
var someGraphs = []digraph{
	{[]int{1, 2, 3}, [][2]int{{0, 1}, {1, 2}}},
	{[]int{0, 1, 1, 2}, [][2]int{{0, 1}, {0, 2}, {1, 2}, {1, 3}, {2, 3}}},
	{[]int{1, 1, 1, 1, 1, 1}, [][2]int{{0, 1}, {0, 2}, {0, 3}, {1, 4}, {2, 4}, {4, 5}, {3, 5}}},
	{[]int{1, 1, 2, 2}, [][2]int{{0, 2}, {0, 3}, {1, 3}}},
	{[]int{1, 2, 0, 0}, [][2]int{{0, 2}, {1, 3}}},
	{[]int{5, 1, 3, 2, 2, 7, 7}, [][2]int{{0, 5}, {1, 5}, {2, 5}, {0, 6}, {3, 6}, {4, 6}}},
}

// states returns the colours as states of the nodes.
func (g digraph) states() []float64 {
	states := make([]float64, len(g.colours))
	for v, colour := range g.colours {
		states[v] = float64(colour)
	}
	return states
}

// wrong is a typical wrong answer on a graph, and what to say of it.
type wrong[A any] struct {
	answer func(digraph) A
	say    string
}

// judge compares answers on someGraphs with the right ones, and with typical wrong ones.
func judge[A any](answers []A, right func(digraph) A, typical []wrong[A], equal func(a, b A) bool) error {
	differs := func(answer func(digraph) A) int {
		for i, g := range someGraphs {
			if !equal(answers[i], answer(g)) {
				return i
			}
		}
		return -1
	}
	i := differs(right)
	if i < 0 {
		return nil
	}
	for _, w := range typical {
		if differs(w.answer) < 0 {
			return errors.New(w.say)
		}
	}
	g := someGraphs[i]
	return fmt.Errorf("With the nodes %v and the edges %v it returns %v, and not %v.", g.colours, g.edges, answers[i], right(g))
}

// messages returns states after a round in which the own state, messages along edges and those
// against them have these weights.
func messages(own, along, against float64) func(digraph) []float64 {
	return func(g digraph) []float64 {
		n := len(g.colours)
		W := mat.NewDense(n, n, nil)
		for v := range n {
			W.Set(v, v, own)
		}
		for _, e := range g.edges {
			W.Set(e[1], e[0], W.At(e[1], e[0])+along)
			W.Set(e[0], e[1], W.At(e[0], e[1])+against)
		}
		var next mat.VecDense
		next.MulVec(W, mat.NewVecDense(n, g.states()))
		return next.RawVector().Data
	}
}

// messagesInPlace contain those of the same round.
func messagesInPlace(g digraph) []float64 {
	next := g.states()
	for _, e := range g.edges {
		next[e[1]] += next[e[0]]
	}
	return next
}

// meanOfMessages divides what arrives by the number of messages.
func meanOfMessages(g digraph) []float64 {
	next, states, received := messages(0, 1, 0)(g), g.states(), make([]float64, len(g.colours))
	for _, e := range g.edges {
		received[e[1]]++
	}
	for v := range next {
		next[v] = states[v] + next[v]/max(received[v], 1)
	}
	return next
}

var wrongMessages = []wrong[[]float64]{
	{messages(1, 0, 0), "No message arrives: the new states are the old ones."},
	{messages(1, 0, 1), "You send along edges in the other direction: edge {u, v} carries the state of u to v."},
	{messages(0, 1, 0), "You forgot the node's own state: it is a part of the new one."},
	{messages(0, 0, 1), "You send along edges in the other direction, and forgot the node's own state."},
	{messages(1, 1, 1), "You send in both directions: here a message goes along an edge, not against it."},
	{messagesInPlace, "A node sends what it has received in the same round: messages are the states before the round."},
	{meanOfMessages, "You divide by the number of messages: the formula has their sum."},
}

// Messages checks a round of messages along the edges {u, v} of a graph: the new state of v is its
// own and the sum of those of all u.
func Messages(round func(states []float64, edges [][2]int) []float64) {
	Check("messages", func() error {
		var answers [][]float64
		for _, g := range someGraphs {
			states, edges := g.states(), slices.Clone(g.edges)
			next := round(states, edges)
			if len(next) == 0 {
				return errors.New("It returns nothing yet: return a slice with a new state for each node.")
			} else if len(next) != len(states) {
				return fmt.Errorf("It returns %d states for a graph of %d nodes.", len(next), len(states))
			} else if !slices.Equal(states, g.states()) || !slices.Equal(edges, g.edges) {
				return errors.New("It changes what it was given: messages are the states before the round, so leave those and fill a new slice.")
			}
			answers = append(answers, next)
		}
		equal := func(a, b []float64) bool { return floats.EqualApprox(a, b, 1e-9) }
		return judge(answers, messages(1, 1, 0), wrongMessages, equal)
	})
}

// Readout checks a vector that describes the states of all nodes of a graph: it may not depend on
// their order, but on each of them, and on how often each is there.
func Readout(readout func(states [][]float64) []float64) {
	Check("readout", func() error {
		rng := rand.New(rand.NewPCG(1, 2))
		states := make([][]float64, 4)
		for v := range states {
			states[v] = []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		}
		read := func(states [][]float64) []float64 {
			given := make([][]float64, len(states))
			for v := range states {
				given[v] = slices.Clone(states[v])
			}
			return slices.Clone(readout(given))
		}
		vector := read(states)
		if len(vector) == 0 {
			return errors.New("It returns nothing yet: return one vector for all nodes together.")
		}
		same := func(other []float64) bool { return floats.EqualApprox(vector, other, 1e-9) }
		if more := read(append(slices.Clone(states), states[0])); len(more) != len(vector) {
			return fmt.Errorf("Of 4 nodes it returns %d numbers, of 5 nodes %d: a latent has one length for all graphs.", len(vector), len(more))
		}
		for _, order := range combin.Permutations(len(states), len(states)) {
			reordered := make([][]float64, len(states))
			for i, v := range order {
				reordered[i] = states[v]
			}
			if !same(read(reordered)) {
				return fmt.Errorf("With the nodes in the order %v it returns something else: the numbers of nodes must not count.", order)
			}
		}
		if same(read(slices.Concat(states, states))) {
			return errors.New("It returns the same of the nodes and of each of them twice: a mean or a maximum does not tell how many there are.")
		}
		return readsAll(states, read, same)
	})
}

// readsAll checks that each number of each node counts.
func readsAll(states [][]float64, read func([][]float64) []float64, same func([]float64) bool) error {
	for v, state := range states {
		for i := range state {
			changed := slices.Clone(states)
			changed[v] = slices.Clone(state)
			changed[v][i] -= 0.1
			if same(read(changed)) {
				return fmt.Errorf("It returns the same if number %d of node %d changes: each number of each node has to count.", i, v)
			}
		}
	}
	return nil
}

package exercise

import (
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
	"gonum.org/v1/gonum/floats"
)

// sent adds to next the states that come along edges from one end to the other.
func sent(next, states []float64, edges [][2]int, from, to int) []float64 {
	for _, e := range edges {
		next[e[to]] += states[e[from]]
	}
	return next
}

func along(next, states []float64, edges [][2]int) []float64 { return sent(next, states, edges, 0, 1) }

func against(next, states []float64, edges [][2]int) []float64 {
	return sent(next, states, edges, 1, 0)
}

func TestMessages(t *testing.T) {
	type round = func(states []float64, edges [][2]int) []float64
	answers := map[string]round{
		"":                func(states []float64, edges [][2]int) []float64 { return along(slices.Clone(states), states, edges) },
		"nothing yet":     func([]float64, [][2]int) []float64 { return nil },
		"1 states":        func([]float64, [][2]int) []float64 { return []float64{1} },
		"No message":      func(states []float64, _ [][2]int) []float64 { return slices.Clone(states) },
		"other direction": func(states []float64, edges [][2]int) []float64 { return against(slices.Clone(states), states, edges) },
		"own state: it is": func(states []float64, edges [][2]int) []float64 {
			return along(make([]float64, len(states)), states, edges)
		},
		"direction, and forgot": func(states []float64, edges [][2]int) []float64 {
			return against(make([]float64, len(states)), states, edges)
		},
		"both directions": func(states []float64, edges [][2]int) []float64 {
			return against(along(slices.Clone(states), states, edges), states, edges)
		},
		"changes what it was given": func(states []float64, edges [][2]int) []float64 { return along(states, states, edges) },
		"in the same round": func(states []float64, edges [][2]int) []float64 {
			next := slices.Clone(states)
			return along(next, next, edges)
		},
		"You divide": func(states []float64, edges [][2]int) []float64 {
			next := along(make([]float64, len(states)), states, edges)
			for v := range next {
				n := 0
				for _, e := range edges {
					if e[1] == v {
						n++
					}
				}
				next[v] = next[v]/float64(max(n, 1)) + states[v]
			}
			return next
		},
		"and not [1 3 5]": func(states []float64, edges [][2]int) []float64 {
			next := along(slices.Clone(states), states, edges)
			floats.Scale(2, next)
			return next
		},
	}
	wantAnswers(t, "messages", said(answers, Messages)...)
}

func TestReadout(t *testing.T) {
	sum := func(states [][]float64) []float64 {
		total := make([]float64, len(states[0]))
		for _, state := range states {
			floats.Add(total, state)
		}
		return total
	}
	answers := map[string]func(states [][]float64) []float64{
		"":             sum,
		"nothing yet":  func([][]float64) []float64 { return nil },
		"of 5 nodes":   func(states [][]float64) []float64 { return slices.Concat(states...) },
		"in the order": func(states [][]float64) []float64 { return states[0] },
		"each of them twice": func(states [][]float64) []float64 {
			mean := sum(states)
			floats.Scale(1/float64(len(states)), mean)
			return mean
		},
		"number 1 of node 0": func(states [][]float64) []float64 { return sum(states)[:1] },
	}
	wantAnswers(t, "readout", said(answers, Readout)...)
}

func TestColours(t *testing.T) {
	count := func(see func(own int, before, after []int) []any) func([]int, [][2]int) int {
		return func(colours []int, edges [][2]int) int { return coloursBy(see)(digraph{colours, edges}) }
	}
	answers := map[string]func([]int, [][2]int) int{
		"": func(colours []int, edges [][2]int) int {
			type colour struct{ own, before, after [9]int } // how many nodes of each colour
			different := map[colour]bool{}
			for v, own := range colours {
				c := colour{}
				c.own[own]++
				for _, e := range edges {
					if e[1] == v {
						c.before[colours[e[0]]]++
					}
					if e[0] == v {
						c.after[colours[e[1]]]++
					}
				}
				different[c] = true
			}
			return len(different)
		},
		"returns 0 yet":    func([]int, [][2]int) int { return 0 },
		"before the round": func(colours []int, _ [][2]int) int { return len(digraph{colours: colours}.different()) },
		"into one list": count(func(own int, before, after []int) []any {
			return []any{own, slices.Sorted(slices.Values(slices.Concat(before, after)))}
		}),
		"forgot the node's own":    count(func(_ int, before, after []int) []any { return []any{before, after} }),
		"those that it leads to":   count(func(own int, before, _ []int) []any { return []any{own, before} }),
		"those that lead to it":    count(func(own int, _, after []int) []any { return []any{own, after} }),
		"repeated colours":         count(func(own int, before, after []int) []any { return []any{own, once(before), once(after)} }),
		"You add colours":          count(func(own int, before, after []int) []any { return []any{own, added(before), added(after)} }),
		"You count the neighbours": count(func(own int, before, after []int) []any { return []any{own, len(before), len(after)} }),
		"and not 3":                func(colours []int, _ [][2]int) int { return len(colours) + 1 },
	}
	wantAnswers(t, "colours", said(answers, Colours)...)
}

func TestTwins(t *testing.T) {
	cell := func(nodes string, edges ...[2]int) plots.Cell {
		c := plots.Cell{Nodes: strings.Fields(nodes)}
		for _, e := range edges {
			c.Edges = append(c.Edges, plots.Edge{From: e[0], To: e[1]})
		}
		return c
	}
	diamond := [][2]int{{0, 1}, {0, 2}, {1, 2}, {1, 3}, {2, 3}}
	pair := func(a, b plots.Cell) func() (plots.Cell, plots.Cell) {
		return func() (plots.Cell, plots.Cell) { return a, b }
	}
	with := func(b plots.Cell) func() (plots.Cell, plots.Cell) {
		return pair(cell("input conv pool output", diamond...), b)
	}
	chain := [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}}
	fork := [][2]int{{0, 1}, {0, 2}, {1, 3}, {2, 3}}
	nine := cell("input c c c c c c c output")
	answers := map[string]func() (plots.Cell, plots.Cell){
		"":                     with(cell("input pool conv output", diamond...)),
		"There are no graphs":  with(plots.Cell{}),
		"second 3":             with(cell("input conv output", chain[:2]...)),
		"They have 9 nodes":    pair(nine, nine),
		"name its first":       with(cell("conv input pool output", diamond...)),
		"to a later one":       with(cell("input conv pool output", [2]int{0, 1}, [2]int{2, 1}, [2]int{1, 3})),
		"from 0 to 1 twice":    with(cell("input conv pool output", [2]int{0, 1}, [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3})),
		"Node 2 of the second": with(cell("input conv pool output", [2]int{0, 1}, [2]int{1, 2}, [2]int{1, 3})),
		"one graph: number the nodes of the first in the order [0 1 2 3]": with(cell("input conv pool output", diamond...)),
		"one graph: number the nodes of the first in the order [0 2 1 3]": pair(
			cell("input conv pool output", fork...), cell("input pool conv output", fork...)),
		"different nodes": with(cell("input conv conv output", diamond...)),
		"after round 1":   with(cell("input conv pool output", chain[:3]...)),
		// The convolution beside the input has a neighbour beside pool in the second only.
		"after round 2": pair(
			cell("input conv conv conv pool conv conv output", chain...),
			cell("input conv conv pool conv conv conv output", chain...)),
	}
	wantAnswers(t, "twins", said(answers, Twins)...)
}

// said are answers to a checker, by what it says of them.
func said[F any](answers map[string]F, checker func(F)) (all []answer) {
	for want, f := range answers {
		all = append(all, answer{want, func() { checker(f) }, want})
	}
	return all
}

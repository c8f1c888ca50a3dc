package exercise

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
	"gonum.org/v1/gonum/floats"
)

// wantVerdict calls a checker and wants its verdict to hold a text.
func wantVerdict(t *testing.T, check func(), want string) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = write
	check()
	os.Stdout = stdout
	write.Close()
	got, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), want) {
		t.Errorf("the verdict is %q, want %q in it", got, want)
	}
}

func TestMessages(t *testing.T) {
	type round = func(states []float64, edges [][2]int) []float64
	along := func(next, states []float64, edges [][2]int) []float64 {
		for _, e := range edges {
			next[e[1]] += states[e[0]]
		}
		return next
	}
	against := func(next, states []float64, edges [][2]int) []float64 {
		for _, e := range edges {
			next[e[0]] += states[e[1]]
		}
		return next
	}
	for want, answer := range map[string]round{
		"solved":          func(states []float64, edges [][2]int) []float64 { return along(slices.Clone(states), states, edges) },
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
		"panics": func(states []float64, _ [][2]int) []float64 { return states[10:] },
	} {
		wantVerdict(t, func() { Messages(answer) }, want)
	}
}

func TestReadout(t *testing.T) {
	sum := func(states [][]float64) []float64 {
		total := make([]float64, len(states[0]))
		for _, state := range states {
			floats.Add(total, state)
		}
		return total
	}
	for want, answer := range map[string]func(states [][]float64) []float64{
		"solved":       sum,
		"nothing yet":  func([][]float64) []float64 { return nil },
		"of 5 nodes":   func(states [][]float64) []float64 { return slices.Concat(states...) },
		"in the order": func(states [][]float64) []float64 { return states[0] },
		"each of them twice": func(states [][]float64) []float64 {
			mean := sum(states)
			floats.Scale(1/float64(len(states)), mean)
			return mean
		},
		"number 1 of node 0": func(states [][]float64) []float64 { return sum(states)[:1] },
	} {
		wantVerdict(t, func() { Readout(answer) }, want)
	}
}

func TestColours(t *testing.T) {
	count := func(see func(own int, before, after []int) []any) func([]int, [][2]int) int {
		return func(colours []int, edges [][2]int) int { return coloursBy(see)(digraph{colours, edges}) }
	}
	for want, answer := range map[string]func([]int, [][2]int) int{
		"solved": func(colours []int, edges [][2]int) int {
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
	} {
		wantVerdict(t, func() { Colours(answer) }, want)
	}
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
	a := cell("input conv pool output", diamond...)
	for want, b := range map[string]plots.Cell{
		"solved":               cell("input pool conv output", diamond...),
		"There are no graphs":  {},
		"second 3":             cell("input conv output", [2]int{0, 1}, [2]int{1, 2}),
		"name its first":       cell("conv input pool output", diamond...),
		"to a later one":       cell("input conv pool output", [2]int{0, 1}, [2]int{2, 1}, [2]int{1, 3}),
		"from 0 to 1 twice":    cell("input conv pool output", [2]int{0, 1}, [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}),
		"Node 2 of the second": cell("input conv pool output", [2]int{0, 1}, [2]int{1, 2}, [2]int{1, 3}),
		"They are one graph":   cell("input conv pool output", diamond...),
		"different nodes":      cell("input conv conv output", diamond...),
		"after round 1":        cell("input conv pool output", [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}),
	} {
		wantVerdict(t, func() { Twins(func() (plots.Cell, plots.Cell) { return a, b }) }, want)
	}
	// The convolution next to the input has a neighbour beside pool in one of these only.
	chain := [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}}
	wantVerdict(t, func() {
		Twins(func() (plots.Cell, plots.Cell) {
			return cell("input conv conv conv pool conv conv output", chain...), cell("input conv conv pool conv conv conv output", chain...)
		})
	}, "after round 2")
	wantVerdict(t, func() {
		Twins(func() (plots.Cell, plots.Cell) {
			nine := cell("input c c c c c c c output")
			return nine, nine
		})
	}, "They have 9 nodes")
	// A renumbering is found where the order of nodes differs.
	wantVerdict(t, func() {
		Twins(func() (plots.Cell, plots.Cell) {
			fork := [][2]int{{0, 1}, {0, 2}, {1, 3}, {2, 3}}
			return cell("input conv pool output", fork...), cell("input pool conv output", fork...)
		})
	}, "order [0 2 1 3]")
}

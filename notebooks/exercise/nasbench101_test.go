package exercise

import (
	"slices"
	"strings"
	"testing"
)

// reached says which vertices can be reached from the first, and from which the last can be.
func reached(edges [][]bool) (forward, backward []bool) {
	n := len(edges)
	forward, backward = make([]bool, n), make([]bool, n)
	forward[0], backward[n-1] = true, true
	for from := range n {
		for to := range n {
			forward[to] = forward[to] || forward[from] && edges[from][to]
		}
	}
	for from := n - 1; from >= 0; from-- {
		for to := range n {
			backward[from] = backward[from] || backward[to] && edges[from][to]
		}
	}
	return forward, backward
}

func TestNeeded(t *testing.T) {
	by := func(need func(edges [][]bool, v int) bool) func() {
		return func() {
			Needed(func(edges [][]bool) (all []bool) {
				for v := range edges {
					all = append(all, need(edges, v))
				}
				return all
			})
		}
	}
	both := func(edges [][]bool, v int) bool {
		forward, backward := reached(edges)
		return forward[v] && backward[v]
	}
	end := func(edges [][]bool, v int) bool { return v == 0 || v == len(edges)-1 }
	wantAnswers(t, "needed",
		answer{"right", by(both), ""},
		answer{"stub", func() { Needed(func([][]bool) []bool { return nil }) }, "says something of 0"},
		answer{"none", by(func([][]bool, int) bool { return false }), "it needs []"},
		answer{"forward", by(func(e [][]bool, v int) bool { f, _ := reached(e); return f[v] }), "reached from the input"},
		answer{"backward", by(func(e [][]bool, v int) bool { _, b := reached(e); return b[v] }), "From these the output"},
		answer{"local", by(func(edges [][]bool, v int) bool {
			into, out := false, false
			for w := range edges {
				into, out = into || edges[w][v], out || edges[v][w]
			}
			return end(edges, v) || into && out
		}), "are not enough"},
		answer{"no ends", by(func(e [][]bool, v int) bool { return both(e, v) && !end(e, v) }), "The input and the output themselves"},
		answer{"others", by(func(e [][]bool, v int) bool { return !both(e, v) }), "it needs [2 3 4 5]"},
		answer{"seven vertices", by(func(e [][]bool, v int) bool { return both(e, v) && (v < 2 || v == 6) }), "Of the edges [[0"})
}

// walks calls end with the operations of each path.
func walks(edges [][]bool, operations []string, end func(operations []string)) {
	var walk func(v int, so []string)
	walk = func(v int, so []string) {
		if v == len(edges)-1 {
			end(so)
			return
		}
		for w := range edges {
			if edges[v][w] {
				walk(w, append(so[:len(so):len(so)], operations[w]))
			}
		}
	}
	walk(0, nil)
}

func TestPaths(t *testing.T) {
	by := func(key func(operations []string) string) func() {
		return func() {
			Paths(func(edges [][]bool, operations []string) int {
				found := map[string]bool{}
				walks(edges, operations, func(so []string) { found[key(so)] = true })
				return len(found)
			})
		}
	}
	wantAnswers(t, "paths",
		answer{"right", by(func(so []string) string { return strings.Join(so, " ") }), ""},
		answer{"stub", func() { Paths(func([][]bool, []string) int { return 0 }) }, "It returns 0"},
		answer{"paths", func() {
			Paths(func(edges [][]bool, operations []string) (n int) {
				walks(edges, operations, func([]string) { n++ })
				return n
			})
		}, "number of paths"},
		answer{"sets", by(func(so []string) string { return strings.Join(slices.Sorted(slices.Values(so)), " ") }), "The order counts"},
		answer{"edges", func() {
			Paths(func(edges [][]bool, operations []string) int { return len(edgesOf(edges)) })
		}, "number of edges"},
		answer{"not the direct one", func() {
			Paths(func(edges [][]bool, operations []string) int {
				found := map[string]bool{}
				walks(edges, operations, func(so []string) {
					if len(so) > 1 {
						found[strings.Join(so, " ")] = true
					}
				})
				return len(found)
			})
		}, "a path, of no operation"},
		answer{"first letters", by(func(so []string) (letters string) {
			for _, operation := range so {
				letters += operation[:1]
			}
			return letters
		}), "Of the edges"})
}

func TestFaithful(t *testing.T) {
	// by makes an answer of how often each thing is seen.
	by := func(f func(counts map[string]int, n float64) float64) func() {
		return func() {
			Faithful(func(seen []string) float64 {
				counts := map[string]int{}
				for _, s := range seen {
					counts[s]++
				}
				return f(counts, float64(len(seen)))
			})
		}
	}
	single := func(counts map[string]int) (n float64) {
		for _, c := range counts {
			if c == 1 {
				n++
			}
		}
		return n
	}
	wantAnswers(t, "faithful",
		answer{"right", by(func(c map[string]int, n float64) float64 { return float64(len(c)) / n }), ""},
		answer{"stub", by(func(c map[string]int, n float64) float64 { return 0 }), "It returns 0"},
		answer{"number", by(func(c map[string]int, n float64) float64 { return float64(len(c)) }), "asked is for the share"},
		answer{"single", by(func(c map[string]int, n float64) float64 { return single(c) / n }), "look like no other"},
		answer{"lost", by(func(c map[string]int, n float64) float64 { return 1 - float64(len(c))/n }), "take it away from 1"},
		answer{"twins", by(func(c map[string]int, n float64) float64 { return 1 - single(c)/n }), "Of each such group"},
		answer{"all", by(func(c map[string]int, n float64) float64 { return 1 }), "only one of them"},
		answer{"of seven", by(func(c map[string]int, n float64) float64 { return float64(len(c)) / 7 }), "it makes"})
}

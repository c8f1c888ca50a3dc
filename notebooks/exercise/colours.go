package exercise

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/plots"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"gonum.org/v1/gonum/stat/combin"
)

// palette numbers colours by what they say: the same for the same, in all graphs that share it.
type palette map[string]int

func (p palette) number(parts ...any) int {
	said := fmt.Sprint(parts...)
	if _, ok := p[said]; !ok {
		p[said] = len(p)
	}
	return p[said]
}

// around returns the colours of the nodes before and after each node, in order.
func around(g digraph) (before, after [][]int) {
	before, after = make([][]int, len(g.colours)), make([][]int, len(g.colours))
	for _, e := range g.edges {
		before[e[1]] = append(before[e[1]], g.colours[e[0]])
		after[e[0]] = append(after[e[0]], g.colours[e[1]])
	}
	for v := range before {
		slices.Sort(before[v])
		slices.Sort(after[v])
	}
	return before, after
}

// blind is a round of refinement that does not know where edges lead.
func (p palette) blind(g digraph) digraph {
	next := digraph{make([]int, len(g.colours)), g.edges}
	before, after := around(g)
	for v, own := range g.colours {
		all := slices.Concat(before[v], after[v])
		slices.Sort(all)
		next.colours[v] = p.number(own, all)
	}
	return next
}

// coloursBy counts the colours that nodes have by what they see.
func coloursBy(see func(own int, before, after []int) []any) func(digraph) int {
	return func(g digraph) int {
		p := palette{}
		before, after := around(g)
		for v, own := range g.colours {
			p.number(see(own, before[v], after[v])...)
		}
		return len(p)
	}
}

func added(colours []int) (sum int) {
	for _, c := range colours {
		sum += c
	}
	return sum
}

func once(sorted []int) []int { return slices.Compact(slices.Clone(sorted)) }

// different returns the different colours of a graph in order.
func (g digraph) different() []int { return once(slices.Sorted(slices.Values(g.colours))) }

var wrongColours = []wrong[int]{
	{func(digraph) int { return 0 }, "It returns 0 yet: every graph with a node has a colour."},
	{func(g digraph) int { return len(g.different()) },
		"You count the colours before the round."},
	{func(g digraph) int { return len(palette{}.blind(g).different()) },
		"You put the nodes before and after a node into one list: along directions there are two."},
	{coloursBy(func(own int, before, after []int) []any { return []any{before, after} }),
		"You forgot the node's own colour."},
	{coloursBy(func(own int, before, _ []int) []any { return []any{own, before} }),
		"You look only at the nodes that lead to a node: those that it leads to count too."},
	{coloursBy(func(own int, _, after []int) []any { return []any{own, after} }),
		"You look only at the nodes that a node leads to: those that lead to it count too."},
	{coloursBy(func(own int, before, after []int) []any { return []any{own, once(before), once(after)} }),
		"You drop repeated colours: two neighbours of one colour are not the same as one."},
	{coloursBy(func(own int, before, after []int) []any { return []any{own, added(before), added(after)} }),
		"You add colours up: 1 and 3 are not the same neighbours as 2 and 2, so keep the sorted list."},
	{coloursBy(func(own int, before, after []int) []any { return []any{own, len(before), len(after)} }),
		"You count the neighbours: their colours matter too."},
}

// Colours checks how many colours the nodes of a graph have after one round of colour refinement
// along its edges {u, v}: a node's new colour is made of its own, those of all nodes that lead to
// it, and those of all nodes that it leads to.
func Colours(count func(colours []int, edges [][2]int) int) {
	Check("colours", func() error {
		var answers []int
		for _, g := range someGraphs {
			answers = append(answers, count(slices.Clone(g.colours), slices.Clone(g.edges)))
		}
		right := coloursBy(func(own int, before, after []int) []any { return []any{own, before, after} })
		return judge(answers, right, wrongColours, func(a, b int) bool { return a == b })
	})
}

// mostNodes is how many nodes of a graph can be renumbered in all ways in no time.
const mostNodes = 8

// Twins checks a pair of different cells that a round of messages, or any number of them, cannot
// tell apart if it does not know where edges lead.
func Twins(pair func() (a, b plots.Cell)) {
	Check("twins", func() error {
		a, b := pair()
		if len(a.Nodes) == 0 || len(b.Nodes) == 0 {
			return errors.New("There are no graphs yet: give each a list of nodes and one of edges.")
		} else if len(a.Nodes) != len(b.Nodes) {
			return fmt.Errorf("The first has %d nodes and the second %d: the sums of their states tell that.", len(a.Nodes), len(b.Nodes))
		} else if len(a.Nodes) > mostNodes {
			return fmt.Errorf("They have %d nodes: %d will do at most.", len(a.Nodes), mostNodes)
		}
		labels := palette{}
		first, err := labels.cell("first", a)
		if err != nil {
			return err
		}
		second, err := labels.cell("second", b)
		if err != nil {
			return err
		}
		if order := renumbering(first, second); order != nil {
			return fmt.Errorf("They are one graph: number the nodes of the first in the order %v, and you have the second.", order)
		}
		return toldApart(first, second)
	})
}

// cell returns a cell as a graph whose colours are its labels.
func (p palette) cell(name string, c plots.Cell) (digraph, error) {
	g, n := digraph{}, len(c.Nodes)
	for _, label := range c.Nodes {
		g.colours = append(g.colours, p.number(label))
	}
	if c.Nodes[0] != "input" || c.Nodes[n-1] != "output" {
		return g, fmt.Errorf("The %s goes from %q to %q: name its first node input and its last one output.", name, c.Nodes[0], c.Nodes[n-1])
	}
	directed := simple.NewDirectedGraph()
	for v := range n {
		directed.AddNode(simple.Node(v))
	}
	for _, e := range c.Edges {
		if e.From < 0 || e.From >= e.To || e.To >= n {
			return g, fmt.Errorf("The %s has an edge from %d to %d: edges lead from a node to a later one.", name, e.From, e.To)
		} else if slices.Contains(g.edges, [2]int{e.From, e.To}) {
			return g, fmt.Errorf("The %s has the edge from %d to %d twice.", name, e.From, e.To)
		}
		g.edges = append(g.edges, [2]int{e.From, e.To})
		directed.SetEdge(simple.Edge{F: simple.Node(e.From), T: simple.Node(e.To)})
	}
	for v := range n {
		node := simple.Node(v)
		if !topo.PathExistsIn(directed, simple.Node(0), node) || !topo.PathExistsIn(directed, node, simple.Node(n-1)) {
			return g, fmt.Errorf("Node %d of the %s is on no path from input to output, so it is no part of the cell.", v, name)
		}
	}
	return g, nil
}

// renumbering returns an order of the nodes of a that makes it b, or nil if there is none.
func renumbering(a, b digraph) []int {
	if len(a.edges) != len(b.edges) {
		return nil
	}
	n := len(a.colours)
	orders := combin.NewPermutationGenerator(n, n)
	for orders.Next() {
		order := orders.Permutation(nil) // node order[v] of a is node v of b
		same := true
		for v, u := range order {
			same = same && b.colours[v] == a.colours[u]
		}
		for _, e := range b.edges {
			same = same && slices.Contains(a.edges, [2]int{order[e[0]], order[e[1]]})
		}
		if same {
			return order
		}
	}
	return nil
}

// toldApart says by what a refinement that is blind to directions tells two graphs apart, if it
// does.
func toldApart(a, b digraph) error {
	for round := range len(a.colours) + 1 {
		if !slices.Equal(slices.Sorted(slices.Values(a.colours)), slices.Sorted(slices.Values(b.colours))) {
			if round == 0 {
				return errors.New("They have different nodes: the sum of the states tells them apart before any message.")
			}
			return fmt.Errorf("Their nodes have different colours after round %d: some node has other neighbours in one than in the other.", round)
		}
		p := palette{}
		a, b = p.blind(a), p.blind(b)
	}
	return nil
}

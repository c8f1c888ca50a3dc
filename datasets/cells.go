package datasets

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// NewCells returns the space of cells with an operation on each edge, as NAS-Bench-201's: nodes, of
// which each gets the outputs of all before it, through one of the operations each. It is a
// [FiniteSpace] if it has no more than 20,000 cells; the last edge changes the fastest then.
//
// To a network, a node's class is its place, and an edge's the operation. Neighbours differ in one
// operation. Cells are printed as NAS-Bench-201 prints them: |op~0|+|op~0|op~1|, and also read as
// a list of JSON, ["op", ...], of the operations of the edges (0,1), (0,2), (1,2), (0,3), ....
func NewCells(name string, nodes int, operations ...string) (Space, error) {
	if name == "" || strings.ContainsAny(name, "\r\n") {
		return nil, fmt.Errorf("space %q: want a name in one line", name)
	}
	if nodes < 2 || nodes > 10 {
		return nil, fmt.Errorf("space %s: its cells have %d nodes, want 2 to 10", name, nodes)
	}
	if len(operations) == 0 || len(operations) > 100 {
		return nil, fmt.Errorf("space %s: there are %d operations, want 1 to 100", name, len(operations))
	}
	for i, op := range operations {
		if op == "" || strings.ContainsAny(op, " \t\r\n|~+\"") {
			return nil, fmt.Errorf("space %s: operation %d is %q; want a word without spaces, quotes, |, ~ and +", name, i+1, op)
		}
		if slices.Contains(operations[:i], op) {
			return nil, fmt.Errorf("space %s: there is an operation %s twice", name, op)
		}
	}
	s := onlyOne(&cellSpace{name, nodes, slices.Clone(operations)})
	if math.Pow(float64(len(operations)), float64(s.edges())) <= maxFinite {
		return finiteCells{s}, nil
	}
	return s, nil
}

// cellSpace is a space of cells.
type cellSpace struct {
	name       string
	nodes      int
	operations []string
}

// OperationCell is an architecture of a space of cells. Copies are equal.
type OperationCell struct {
	space      *cellSpace
	operations string // of each edge
}

// Operations returns the operation of each edge: (0,1), (0,2), (1,2), (0,3), ....
func (c OperationCell) Operations() []string {
	names := make([]string, len(c.operations))
	for i := range names {
		names[i] = c.space.operations[c.operations[i]]
	}
	return names
}

// Nodes is the number of nodes, the input included.
func (c OperationCell) Nodes() int { return c.space.nodes }

// Known returns all operations of the cell's space.
func (c OperationCell) Known() []string { return slices.Clone(c.space.operations) }

// String prints a cell as NAS-Bench-201 does.
func (c OperationCell) String() string {
	var text strings.Builder
	operations := c.Operations()
	for target := 1; target < c.space.nodes; target++ {
		if target > 1 {
			text.WriteByte('+')
		}
		text.WriteByte('|')
		for source := range target {
			fmt.Fprintf(&text, "%s~%d|", operations[target*(target-1)/2+source], source)
		}
	}
	return text.String()
}

// MarshalJSON returns the operations of the edges.
func (c OperationCell) MarshalJSON() ([]byte, error) { return json.Marshal(c.Operations()) }

func (s *cellSpace) edges() int { return s.nodes * (s.nodes - 1) / 2 }

// Name implements Space.
func (s *cellSpace) Name() string { return s.name }

// Canonical implements Space. Every cell stands for itself.
func (s *cellSpace) Canonical(a Arch) Arch { return s.mine(a) }

func (s *cellSpace) mine(a Arch) OperationCell {
	c := a.(OperationCell)
	if c.space != s {
		panic(fmt.Sprintf("%v is of %s, not of %s", a, c.space.name, s.name))
	}
	return c
}

// Parse implements Space.
func (s *cellSpace) Parse(text string) (Arch, error) {
	var names []string
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return nil, fmt.Errorf("%s: %q is no list of operations: %w", s.name, text, err)
		}
	} else {
		for target, inputs := range strings.Split(text, "+") {
			parts := strings.Split(strings.Trim(strings.TrimSpace(inputs), "|"), "|")
			for source, part := range parts {
				op, from, _ := strings.Cut(part, "~")
				if from != strconv.Itoa(source) || len(parts) != target+1 {
					return nil, fmt.Errorf("%s: %q is no cell: node %d gets %q, want |OP~0|...|OP~%d|", s.name, text, target+1, inputs, target)
				}
				names = append(names, op)
			}
		}
	}
	if len(names) != s.edges() {
		return nil, fmt.Errorf("%s: %q has %d operations, want %d", s.name, text, len(names), s.edges())
	}
	operations := make([]byte, len(names))
	for i, name := range names {
		op := slices.Index(s.operations, name)
		if op < 0 {
			return nil, fmt.Errorf("%s: operation %q is none of %q", s.name, name, s.operations)
		}
		operations[i] = byte(op)
	}
	return OperationCell{s, string(operations)}, nil
}

// Sample implements Space. All cells are alike.
func (s *cellSpace) Sample(rng *rand.Rand) Arch {
	operations := make([]byte, s.edges())
	for i := range operations {
		operations[i] = byte(rng.IntN(len(s.operations)))
	}
	return OperationCell{s, string(operations)}
}

// Neighbours implements Space.
func (s *cellSpace) Neighbours(a Arch) []Arch {
	c := s.mine(a)
	var neighbours []Arch
	for i := range c.operations {
		for op := range s.operations {
			if byte(op) != c.operations[i] {
				operations := []byte(c.operations)
				operations[i] = byte(op)
				neighbours = append(neighbours, OperationCell{s, string(operations)})
			}
		}
	}
	return neighbours
}

// Mutate implements Space. Where there is one operation, a cell is its own mutant.
func (s *cellSpace) Mutate(a Arch, rng *rand.Rand) Arch {
	if len(s.operations) == 1 {
		return s.mine(a)
	}
	operations := []byte(s.mine(a).operations)
	i := rng.IntN(len(operations))
	other := byte(rng.IntN(len(s.operations) - 1))
	if other >= operations[i] {
		other++
	}
	operations[i] = other
	return OperationCell{s, string(operations)}
}

// Schema implements Space.
func (s *cellSpace) Schema() Schema {
	var targets []int
	for target := range s.nodes {
		targets = append(targets, slices.Repeat([]int{target}, target)...)
	}
	return Schema{
		Nodes: s.nodes, NodeTypes: s.nodes, EdgeTypes: len(s.operations), Directed: true,
		Heads: []Head{{Name: "operation", Groups: s.edges(), Classes: max(2, len(s.operations)), Nodes: targets}},
	}
}

// Encode implements Space.
func (s *cellSpace) Encode(a Arch) Graph {
	c := s.mine(a)
	g := Graph{Nodes: make([]int32, s.nodes), Edges: make([]int32, s.edges())}
	for i := range g.Nodes {
		g.Nodes[i] = int32(i)
	}
	for i := range g.Edges {
		g.Edges[i] = int32(c.operations[i])
	}
	g.Labels = slices.Clone(g.Edges)
	return g
}

// Decode implements Space.
func (s *cellSpace) Decode(scores []float32) (Arch, error) {
	if want := s.edges() * max(2, len(s.operations)); len(scores) != want {
		return nil, fmt.Errorf("%s: %d scores, want %d", s.name, len(scores), want)
	}
	classes := len(scores) / s.edges()
	operations := make([]byte, s.edges())
	for i := range operations {
		best := 0
		for op, score := range scores[i*classes:][:len(s.operations)] {
			if score > scores[i*classes+best] {
				best = op
			}
		}
		operations[i] = byte(best)
	}
	return OperationCell{s, string(operations)}, nil
}

// finiteCells is a space of cells that is small enough to list.
type finiteCells struct{ *cellSpace }

// Len implements FiniteSpace.
func (s finiteCells) Len() int {
	n := 1
	for range s.edges() {
		n *= len(s.operations)
	}
	return n
}

// At implements FiniteSpace.
func (s finiteCells) At(i int) Arch {
	if i < 0 || i >= s.Len() {
		panic(fmt.Sprintf("%s: no cell %d", s.name, i))
	}
	operations := make([]byte, s.edges())
	for edge := range slices.Backward(operations) {
		operations[edge] = byte(i % len(s.operations))
		i /= len(s.operations)
	}
	return OperationCell{s.cellSpace, string(operations)}
}

// Index implements FiniteSpace.
func (s finiteCells) Index(a Arch) (i int) {
	for _, op := range []byte(s.mine(a).operations) {
		i = i*len(s.operations) + int(op)
	}
	return i
}

package export

import (
	"fmt"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// Drawing is an architecture, or a cell of it, as a directed graph to be drawn. Operations are the
// labels of its nodes or of its edges.
type Drawing struct {
	Title string   // which cell, of an architecture that has several; else ""
	Nodes []string // the label of each node, in topological order
	Edges []Line
}

// Line is an edge from one node to a later one, by their positions. Its label is "" where
// operations are on the nodes.
type Line struct {
	From, To int
	Label    string
}

// Drawings returns the graphs of an architecture of one of this project's benchmarks or of a space
// of cells: one, or both cells of a genotype of NAS-Bench-301.
func Drawings(a datasets.Arch) ([]Drawing, error) {
	switch a := a.(type) {
	case nasbench101.Cell:
		return []Drawing{drawing101(a)}, nil
	case nasbench201.Cell, datasets.OperationCell:
		operations, nodes, _ := nasbench201.OperationNames(a)
		return []Drawing{drawingOfOperations(operations, nodes)}, nil
	case nasbench301.Genotype:
		return []Drawing{drawing301("normal cell", a.Normal), drawing301("reduction cell", a.Reduce)}, nil
	case nasbenchgraph.Arch:
		return []Drawing{drawingOfGraphNetwork(a)}, nil
	}
	return nil, fmt.Errorf("export: there is no drawing of a %T", a)
}

func drawing101(cell nasbench101.Cell) (d Drawing) {
	for v := range cell.Vertices() {
		d.Nodes = append(d.Nodes, cell.Op(v).String())
		for u := range v {
			if cell.Edge(u, v) {
				d.Edges = append(d.Edges, Line{From: u, To: v})
			}
		}
	}
	return d
}

// drawingOfOperations is a cell with an operation on each edge, (0,1), (0,2), (1,2), (0,3), ....
func drawingOfOperations(operations []string, nodes int) (d Drawing) {
	for node := range nodes {
		name := fmt.Sprint(node)
		switch node {
		case 0:
			name = "input"
		case nodes - 1:
			name = "output"
		}
		d.Nodes = append(d.Nodes, name)
		for from := range node {
			d.Edges = append(d.Edges, Line{from, node, operations[len(d.Edges)]})
		}
	}
	return d
}

func drawing301(title string, cell nasbench301.Cell) Drawing {
	d := Drawing{Title: title, Nodes: []string{"c(k-2)", "c(k-1)", "1", "2", "3", "4"}}
	for i, edge := range cell {
		d.Edges = append(d.Edges, Line{int(edge.From), 2 + i/2, edge.Op.String()})
	}
	return d
}

// drawingOfGraphNetwork has the computing nodes between input and output, where all that is no
// source of another node goes to.
func drawingOfGraphNetwork(a nasbenchgraph.Arch) Drawing {
	d, isSource := Drawing{Nodes: []string{"input"}}, map[uint8]bool{}
	for i, link := range a.Links {
		d.Nodes = append(d.Nodes, a.Ops[i].String())
		d.Edges = append(d.Edges, Line{From: int(link), To: i + 1})
		isSource[link] = true
	}
	output := len(d.Nodes)
	d.Nodes = append(d.Nodes, "output")
	for node := 1; node < output; node++ {
		if !isSource[uint8(node)] {
			d.Edges = append(d.Edges, Line{From: node, To: output})
		}
	}
	return d
}

// Graphviz returns a drawing of an architecture in the language of Graphviz's dot. Edges that cut,
// labelled none, are left out; the nodes of a genotype's cells have their output.
func Graphviz(a datasets.Arch) (string, error) {
	drawings, err := Drawings(a)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, d := range drawings {
		name := func(node int) string { return strings.TrimSpace(d.Title + " " + fmt.Sprint(node)) }
		for node, label := range d.Nodes {
			lines = append(lines, fmt.Sprintf("  %q [label=%q];", name(node), label))
		}
		for _, e := range d.Edges {
			line := fmt.Sprintf("  %q -> %q", name(e.From), name(e.To))
			switch e.Label {
			case "none":
				continue
			case "":
			default:
				line += fmt.Sprintf(" [label=%q]", e.Label)
			}
			lines = append(lines, line+";")
		}
		if _, ok := a.(nasbench301.Genotype); ok {
			for node := 2; node < len(d.Nodes); node++ {
				lines = append(lines, fmt.Sprintf("  %q -> %q;", name(node), d.Title+" output"))
			}
		}
	}
	return "digraph architecture {\n  rankdir=LR;\n" + strings.Join(lines, "\n") + "\n}\n", nil
}

package show

import (
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/plots"
)

// Cell draws an architecture of NAS-Bench-101, -201 or -301, or of a space of cells; of
// NAS-Bench-301, both cells.
func Cell(title string, arch datasets.Arch) error {
	var cells []plots.Cell
	titles := []string{title}
	options := plots.CellGraphOptions{}
	switch a := arch.(type) {
	case nasbench101.Cell:
		cells = append(cells, cell101(a))
	case nasbench201.Cell, datasets.OperationCell:
		operations, nodes, _ := nasbench201.OperationNames(a)
		cells = append(cells, operationCell(operations, nodes))
	case nasbench301.Genotype:
		cells = append(cells, cell301(a.Normal), cell301(a.Reduce))
		titles = []string{title + ": normal cell", title + ": reduction cell"}
		for op := range nasbench301.Op(nasbench301.NumOps) { // so that both have the same colours
			options.Operations = append(options.Operations, op.String())
		}
	default:
		return fmt.Errorf("show cell: there is no drawing of a %T; use plots.CellGraph", arch)
	}
	for i, cell := range cells {
		options.Title = titles[i]
		png, err := plots.CellGraph(cell, options)
		if err != nil {
			return err
		}
		PNG(png)
	}
	return nil
}

func cell101(cell nasbench101.Cell) (picture plots.Cell) {
	for v := range cell.Vertices() {
		picture.Nodes = append(picture.Nodes, cell.Op(v).String())
		for u := range v {
			if cell.Edge(u, v) {
				picture.Edges = append(picture.Edges, plots.Edge{From: u, To: v})
			}
		}
	}
	return picture
}

// operationCell is a cell with an operation on each edge, (0,1), (0,2), (1,2), (0,3), ....
func operationCell(operations []string, nodes int) (picture plots.Cell) {
	for node := range nodes {
		name := fmt.Sprint(node)
		switch node {
		case 0:
			name = "input"
		case nodes - 1:
			name = "output"
		}
		picture.Nodes = append(picture.Nodes, name)
		for from := range node {
			picture.Edges = append(picture.Edges, plots.Edge{From: from, To: node, Label: operations[len(picture.Edges)]})
		}
	}
	return picture
}

func cell301(cell nasbench301.Cell) plots.Cell {
	picture := plots.Cell{Nodes: []string{"c(k-2)", "c(k-1)", "1", "2", "3", "4"}}
	for i, edge := range cell {
		picture.Edges = append(picture.Edges, plots.Edge{From: int(edge.From), To: 2 + i/2, Label: edge.Op.String()})
	}
	return picture
}

// Graph prints what the encoder sees of an architecture, and what the decoder has to say.
func Graph(space datasets.Space, arch datasets.Arch) {
	graph := space.Encode(arch)
	fmt.Println("nodes", graph.Nodes, " edges, -1 for none", graph.Edges)
	at := 0
	for _, head := range space.Schema().Heads {
		fmt.Printf("decoder's head %-11q %2d choices among %d: right ones %v\n", head.Name, head.Groups, head.Classes, graph.Labels[at:at+head.Groups])
		at += head.Groups
	}
}

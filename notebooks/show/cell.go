package show

import (
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/plots"
)

// Cell draws an architecture of NAS-Bench-101, -201 or -301; of the last, both cells.
func Cell(title string, arch datasets.Arch) error {
	var cells []plots.Cell
	titles := []string{title}
	options := plots.CellGraphOptions{}
	switch a := arch.(type) {
	case nasbench101.Cell:
		cells = append(cells, cell101(a))
	case nasbench201.Cell:
		cells = append(cells, cell201(a))
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

func cell201(cell nasbench201.Cell) plots.Cell {
	picture := plots.Cell{Nodes: []string{"input", "1", "2", "output"}}
	for i, op := range cell {
		from, to := nasbench201.Edge(i)
		picture.Edges = append(picture.Edges, plots.Edge{From: from, To: to, Label: op.String()})
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

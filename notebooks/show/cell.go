package show

import (
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/export"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/plots"
)

// Cell draws an architecture of one of the benchmarks, or of a space of cells; of NAS-Bench-301,
// both cells.
func Cell(title string, arch datasets.Arch) error {
	drawings, err := export.Drawings(arch)
	if err != nil {
		return fmt.Errorf("show cell: %w; use plots.CellGraph", err)
	}
	options := plots.CellGraphOptions{}
	if _, ok := arch.(nasbench301.Genotype); ok {
		for op := range nasbench301.Op(nasbench301.NumOps) { // so that both have the same colours
			options.Operations = append(options.Operations, op.String())
		}
	}
	for _, d := range drawings {
		cell := plots.Cell{Nodes: d.Nodes}
		for _, e := range d.Edges {
			cell.Edges = append(cell.Edges, plots.Edge(e))
		}
		if options.Title = title; d.Title != "" {
			options.Title += ": " + d.Title
		}
		png, err := plots.CellGraph(cell, options)
		if err != nil {
			return err
		}
		PNG(png)
	}
	return nil
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

package plots

import (
	"errors"
	"fmt"

	"golang.org/x/image/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Cell is a directed acyclic graph for [CellGraph]. Operations are the labels of its edges, as in
// NAS-Bench-201, or of its nodes, as in NAS-Bench-101.
type Cell struct {
	Nodes []string // the label of each node, in topological order; "\n" begins a new line
	Edges []Edge   // in any order, at most one between two nodes
}

// Edge is an edge of a [Cell] from one node to a later one, by their positions in Nodes. Its label
// is empty where operations are on the nodes.
type Edge struct {
	From, To int
	Label    string
}

// CellGraphOptions are the options of [CellGraph].
type CellGraphOptions struct {
	Title string

	// HideNone leaves out the edges labelled "none", which are otherwise dotted and grey.
	HideNone bool

	// Operations lists all operations of the space, so that each has the same colour in every
	// drawing. By default the operations of the cell, in alphabetical order, share out the colours.
	Operations []string
}

// none is the operation that cuts an edge, as NAS-Bench-201 spells it.
const none = "none"

// CellGraph draws a cell, its nodes in a row from input to output. Edges between neighbours are
// straight; others pass above or below the row, on the side where they cross fewer. Edges have the
// colours of their operations. If no edge has a label, the nodes between the first and the last do.
//
// The error says that there are fewer than two nodes or no edges, or which edge does not lead from
// a node to a later one, or is the second between its nodes.
func CellGraph(cell Cell, o CellGraphOptions) ([]byte, error) {
	if err := cell.check(); err != nil {
		return nil, fmt.Errorf("cell graph: %w", err)
	}
	d := newDrawing(cell, o)
	w, h := d.size()
	title := textStyle(titleSize, font.WeightBold)
	title.YAlign = draw.YTop
	if o.Title != "" {
		w = max(w, title.Width(o.Title))
		h += title.Height(o.Title) + 6
	}
	return encode(w+2*margin, h+2*margin, func(c draw.Canvas) {
		if o.Title != "" {
			c.FillText(title, vg.Point{X: c.Center().X, Y: c.Max.Y}, o.Title)
		}
		d.draw(c)
	})
}

func (cell Cell) check() error {
	n := len(cell.Nodes)
	if n < 2 {
		return fmt.Errorf("%d nodes, want at least 2", n)
	}
	if len(cell.Edges) == 0 {
		return errors.New("no edges")
	}
	seen := map[[2]int]bool{}
	for i, e := range cell.Edges {
		if e.From < 0 || e.From >= e.To || e.To >= n {
			return fmt.Errorf("edge %d goes from node %d to %d: want 0 <= from < to < %d", i, e.From, e.To, n)
		}
		if seen[[2]int{e.From, e.To}] {
			return fmt.Errorf("edge %d: a second edge from node %d to %d", i, e.From, e.To)
		}
		seen[[2]int{e.From, e.To}] = true
	}
	return nil
}

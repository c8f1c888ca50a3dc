// Package show puts figures below the notebook cell that calls it: charts that answer the mouse,
// and loss curves that grow during training.
package show

import (
	"context"
	"encoding/gob"
	"os"
	"os/signal"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/plots"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

func init() { // what a chart consists of, for the way to the kernel
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// Chart shows a Vega-Lite chart of package plots, where the notebook is open in JupyterLab, and
// elsewhere the PNG picture that stands in for it.
func Chart(chart map[string]any, png []byte) {
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		plots.VegaLiteMIME:     chart,
		protocol.MIMEImagePNG:  png,
		protocol.MIMETextPlain: "chart",
	}})
}

// PNG shows a picture, and waits until it is on its way: a quick cell could end before.
func PNG(png []byte) {
	gonbui.DisplayPng(png)
	gonbui.Sync()
}

// Table shows a table, as HTML where the front end can, and else as text.
func Table(t experiment.Table) {
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  t.HTML(),
		protocol.MIMETextPlain: t.String(),
	}})
	gonbui.Sync()
}

// Context returns a context that ends when the cell is interrupted, so that what it does keeps what
// it has done.
func Context() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt) // until the cell ends
	return ctx
}

// Package show puts figures below the notebook cell that calls it: charts that answer the mouse,
// and loss curves that grow during training.
package show

import (
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/runs"
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

// redraw is the time between two pictures of a curve that grows.
const redraw = 2 * time.Second

// Training calls train, which does a stage of the run, and draws the losses of that name as they
// come. The curve of all epochs stays; of a stage that was done before it is all there is to see.
func Training(run *runs.Run, stage crlso.Stage, losses []string, train func() error) error {
	id, drawn := gonbui.UniqueId(), time.Time{}
	draw := func() error {
		_, values := run.Losses(stage)
		var curves []plots.Loss
		for _, name := range losses {
			if values[name] == nil {
				return fmt.Errorf("stage %s has no loss %q: its losses are %q", stage, name, slices.Sorted(maps.Keys(values)))
			}
			curves = append(curves, plots.Loss{Name: name, Y: values[name]})
		}
		png, err := plots.LossCurve(curves, plots.LossCurveOptions{Title: "Training: " + string(stage)})
		if err == nil {
			gonbui.SendData(&protocol.DisplayData{DisplayID: id, Data: map[protocol.MIMEType]any{protocol.MIMEImagePNG: png}})
		}
		drawn = time.Now()
		return err
	}
	gonbui.UpdateHTML(id, "The loss curve follows.") // above all that training prints
	gonbui.Sync()
	run.Watch = func(s crlso.Stage) {
		if s == stage && time.Since(drawn) >= redraw {
			draw() // if it cannot be drawn, the end will say so
		}
	}
	defer func() { run.Watch = nil }()
	err := train()
	if _, values := run.Losses(stage); len(values) > 0 {
		err = errors.Join(err, draw())
	}
	gonbui.Sync()
	return err
}

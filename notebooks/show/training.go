package show

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/inspect"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/plots"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// redraw is the time between two pictures of a curve that grows.
const redraw = 2 * time.Second

// Training trains graph VAE and surrogate as [runs.Run.TrainJoint] does, and draws the losses of
// the joint stage as they come. The curve of all epochs stays; of a stage that was done before it
// is all there is to see.
func Training(ctx context.Context, run *runs.Run) error {
	id, drawn := gonbui.UniqueId(), time.Time{}
	draw := func() error {
		_, values := run.Losses(crlso.JointStage)
		var curves []plots.Loss
		for _, name := range jointLosses {
			if values[name] != nil {
				curves = append(curves, plots.Loss{Name: name, Y: values[name]})
			}
		}
		png, err := plots.LossCurve(curves, plots.LossCurveOptions{Title: "Training: joint"})
		if err == nil {
			gonbui.SendData(&protocol.DisplayData{DisplayID: id, Data: map[protocol.MIMEType]any{protocol.MIMEImagePNG: png}})
		}
		drawn = time.Now()
		return err
	}
	gonbui.UpdateHTML(id, "The loss curve follows.") // above all that training prints
	gonbui.Sync()
	run.Watch = func(stage crlso.Stage) {
		if stage == crlso.JointStage && time.Since(drawn) >= redraw {
			draw() // if it cannot be drawn, the end will say so
		}
	}
	defer func() { run.Watch = nil }()
	err := run.TrainJoint(ctx)
	if _, values := run.Losses(crlso.JointStage); len(values) > 0 {
		err = errors.Join(err, draw())
	}
	gonbui.Sync()
	return err
}

// jointLosses are the losses of joint training but their sum.
var jointLosses = []string{"reconstruction", "divergence", "regression"}

// Losses prints the losses of joint training after its last epoch.
func Losses(run *runs.Run) {
	epochs, losses := run.Losses(crlso.JointStage)
	var texts []string
	for _, name := range jointLosses {
		if values := losses[name]; len(values) > 0 {
			texts = append(texts, fmt.Sprintf("%s %.6f", name, values[len(values)-1]))
		}
	}
	fmt.Printf("after %d epochs: %s\n", len(epochs), strings.Join(texts, ", "))
}

// Tau prints how well values, such as predictions, order architectures whose accuracies are known:
// Kendall's tau, 1 for the same order and 0 for none, on all of them and on the best.
func Tau(name string, values, accuracies []float64) {
	best := max(1, min(1000, len(accuracies)/10))
	fmt.Printf("%s: Kendall tau %.3f on all %d, %.3f among the best %d\n", name,
		stats.KendallTau(values, accuracies), len(accuracies), stats.TopKendallTau(values, accuracies, best), best)
}

// Labels prints what an oracle has answered.
func Labels(name string, oracle *datasets.Oracle) {
	best, sum := 0.0, 0.0
	for _, q := range oracle.Log() {
		best, sum = max(best, q.Accuracy), sum+q.Accuracy
	}
	n := len(oracle.Log())
	fmt.Printf("%s: %d labels, %d queries left; best %.3f %%, mean %.2f %%\n", name, n, oracle.Remaining(), best, sum/float64(n))
}

// Decoder prints what a decoder is worth.
func Decoder(r inspect.DecoderReport) {
	fmt.Printf("of the training set    %6.2f %% decode to themselves, %6.2f %% to an architecture\n", 100*r.Reconstruction.Exact, 100*r.Reconstruction.Valid)
	fmt.Printf("near architectures     %6.2f %% decode to one, %6.2f %% of those are different\n", 100*r.AroundData.Valid, 100*r.AroundData.Unique)
	fmt.Printf("from a standard normal %6.2f %% decode to one, %6.2f %% of those are different\n", 100*r.Prior.Valid, 100*r.Prior.Unique)
	if u := r.Unseen; u != (inspect.Reconstruction{}) {
		fmt.Printf("sampled anew           %6.2f %% decode to themselves, %6.2f %% to an architecture\n", 100*u.Exact, 100*u.Valid)
	}
}

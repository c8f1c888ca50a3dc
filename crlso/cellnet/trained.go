package cellnet

import (
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Network is the trained network of one cell: it has the weights of the cell's operations, and no
// others. It must not be used from several goroutines. [Network.Close] frees its memory.
type Network struct {
	Operations             []string // of the edges (0,1), (0,2), (1,2), ...
	Nodes                  int      // of the cell
	Height, Width, Colours int      // of an image
	Classes                int
	Config                 Config // that it was trained by

	store  *model.Store
	scores *model.Exec // pixels -> scores
}

// prepare makes the network's program, and its variables with any values.
func (n *Network) prepare(on compute.Backend, of cell) (err error) {
	n.store = model.NewStore()
	n.scores, err = model.NewExec(on, n.store, func(_ *model.Scope, x *Node) *Node {
		b := builder{config: n.Config, nodes: of.nodes, classes: n.Classes, ops: of.ops, statistics: kept}
		return b.logits(n.store.Scope(networkScope), x)
	})
	if err == nil {
		_, err = n.Scores(make([]float32, n.images().size()))
	}
	return err
}

// Close frees the program and the weights. The network must not be used any more.
func (n *Network) Close() {
	n.scores.Finalize()
	n.store.Finalize()
}

func (n *Network) images() Images {
	return Images{Height: n.Height, Width: n.Width, Colours: n.Colours, Classes: n.Classes}
}

// Scores returns a row of scores for each image, one of each class: the highest is the class that
// the network takes it for. pixels are as in [Set].
func (n *Network) Scores(pixels []float32) ([][]float32, error) {
	images := n.images()
	if len(pixels)%images.size() != 0 {
		return nil, fmt.Errorf("cell network: %d pixel values, want %d for each image", len(pixels), images.size())
	}
	parts := images.inParts(Set{Pixels: pixels, Labels: make([]int32, len(pixels)/images.size())})
	rows := make([][]float32, 0, len(pixels)/images.size())
	for _, p := range parts {
		result, err := n.scores.Call1(p.pixels)
		if err != nil {
			return nil, err
		}
		tensors.MustConstFlatData(result, func(flat []float32) {
			rows = slices.AppendSeq(rows, slices.Chunk(slices.Clone(flat), n.Classes))
		})
	}
	return rows[:len(pixels)/images.size()], nil
}

// Accuracy returns how many of the images the network classifies right, in percent.
func (n *Network) Accuracy(set Set) (float64, error) {
	rows, err := n.Scores(set.Pixels)
	if err != nil {
		return 0, err
	}
	if len(rows) != set.Len() || set.Len() == 0 {
		return 0, fmt.Errorf("cell network: %d images and %d labels, want as many, and some", len(rows), set.Len())
	}
	right := 0
	for i, row := range rows {
		if slices.Index(row, slices.Max(row)) == int(set.Labels[i]) {
			right++
		}
	}
	return 100 * float64(right) / float64(set.Len()), nil
}

const (
	latencyRuns = 30 // the median of these
	warmingUp   = 5
)

// Latency returns the time in milliseconds that the network takes for a batch of images, from
// pixels on the device to scores on the host: the median of 30 runs. It compiles a program for the
// batch.
func (n *Network) Latency(batch int) (float64, error) {
	if batch < 1 {
		return 0, fmt.Errorf("cell network: latency of %d images, want 1 or more", batch)
	}
	x := n.images().tensor(make([]float32, batch*n.images().size()))
	var times []time.Duration
	for range warmingUp + latencyRuns {
		begin := time.Now()
		result, err := n.scores.Call1(x)
		if err != nil {
			return 0, err
		}
		tensors.MustConstFlatData(result, func([]float32) {})
		times = append(times, time.Since(begin))
		result.MustFinalizeAll()
	}
	times = times[warmingUp:]
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1e6, nil
}

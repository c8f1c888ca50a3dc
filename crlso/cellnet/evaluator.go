package cellnet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"gonum.org/v1/gonum/stat"
)

// Evaluator trains the network of a cell, and measures its validation accuracy. The same cell with
// the same seed has the same accuracy on one machine. Several goroutines may use it at once: each
// has compiled programs of its own, which stay for the next. The backend is XLA. It must not be
// copied after first use.
type Evaluator struct {
	Backend compute.Backend
	Images  Images
	Config  Config
	// Runs is how many trainings, from seeds that follow each other, an accuracy is the mean of; 0 is
	// 1. With 2 or more the measurement has their standard deviation, "deviation".
	Runs int
	// LatencyBatch, unless it is 0, lets evaluations measure how long the network takes for so many
	// images, and name it "latency": see [Network.Latency]. No training runs meanwhile.
	LatencyBatch int
	// PerCell compiles a program for each cell instead of one for all: some seconds more for each
	// cell, and then about twice as fast. It is for trainings of half a minute and more.
	PerCell bool

	trainers backend.Pool[int, *trainer] // by nodes of a cell
	quiet    sync.RWMutex                // held for writing while a latency is measured
}

// Evaluate implements datasets.Evaluator. The measurement has "parameters" too.
func (e *Evaluator) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	m := datasets.Measurement{Others: map[string]float64{}}
	var network *Network
	err := e.train(ctx, a, max(1, e.Runs), func(t *trainer, c cell, accuracies []float64) (err error) {
		m.Accuracy = stat.Mean(accuracies, nil)
		if len(accuracies) > 1 {
			m.Others["deviation"] = stat.StdDev(accuracies, nil)
		}
		m.Others["parameters"] = float64(e.Config.parameters(e.Images, c))
		if e.LatencyBatch > 0 {
			network, err = t.network(c)
		}
		return err
	})
	if err == nil && network != nil {
		m.Others["latency"], err = e.latency(network)
		network.Close()
	}
	if err != nil {
		return datasets.Measurement{}, err
	}
	return m, nil
}

// latency measures while nothing is trained.
func (e *Evaluator) latency(n *Network) (float64, error) {
	e.quiet.Lock()
	defer e.quiet.Unlock()
	return n.Latency(e.LatencyBatch)
}

// Train trains the network of a cell once, as Evaluate does, and returns it.
func (e *Evaluator) Train(ctx context.Context, a datasets.Arch) (n *Network, err error) {
	err = e.train(ctx, a, 1, func(t *trainer, c cell, _ []float64) (err error) {
		n, err = t.network(c)
		return err
	})
	return n, err
}

// train trains the network of a cell, a number of times, and lets use see the last one before the
// next training.
func (e *Evaluator) train(ctx context.Context, a datasets.Arch, runs int, use func(t *trainer, c cell, accuracies []float64) error) error {
	if err := errors.Join(e.check(), ctx.Err()); err != nil {
		return err
	}
	c, err := cellOf(a)
	if err != nil {
		return err
	}
	e.quiet.RLock()
	defer e.quiet.RUnlock()
	var t *trainer
	if e.PerCell {
		t, err = newTrainer(e.Backend, e.Images, e.Config, c.nodes, c.ops)
	} else {
		t, err = e.trainers.Take(c.nodes, e.Backend, func(on compute.Backend) (*trainer, error) {
			return newTrainer(on, e.Images, e.Config, c.nodes, nil)
		})
	}
	if err != nil {
		return err
	}
	if e.PerCell {
		defer t.close()
	} else {
		defer e.trainers.Put(c.nodes, t)
	}
	var accuracies []float64
	for run := range runs {
		accuracy, err := t.train(ctx, c, e.Config.Seed+uint64(run))
		if errors.Is(err, nn.ErrDiverged) {
			err = fmt.Errorf("%w: %w", datasets.ErrFailed, err)
		}
		if err != nil {
			return err
		}
		accuracies = append(accuracies, 100*accuracy)
	}
	return use(t, c, accuracies)
}

func (e *Evaluator) check() error {
	c, i := e.Config, e.Images
	if c.Channels < 1 || c.Cells < 1 || c.Training.Epochs < 1 || c.Training.Batch < 1 {
		return fmt.Errorf("cell networks: %d channels, %d cells, %d epochs and batches of %d, want at least 1 of each",
			c.Channels, c.Cells, c.Training.Epochs, c.Training.Batch)
	}
	if i.Height < 4 || i.Width < 4 || i.Train.Len() == 0 || i.Validation.Len() == 0 {
		return fmt.Errorf("cell networks: %d images to train on and %d for validation, of %d x %d pixels; want some, of 4 x 4 or more",
			i.Train.Len(), i.Validation.Len(), i.Height, i.Width)
	}
	if e.Backend.String() == gobackend.BackendName { // compute v0.1.2: their gradients panic in its own goroutine
		return errors.New("cell networks: GoMLX's Go backend cannot train convolutions, use XLA")
	}
	return nil
}

// cell is an architecture as this package sees it.
type cell struct {
	nodes int
	names []string // of the operation of each edge, (0,1), (0,2), (1,2), ...
	ops   []int
}

func cellOf(a datasets.Arch) (c cell, err error) {
	names, nodes, ok := nasbench201.OperationNames(a)
	if !ok {
		return c, fmt.Errorf("cell networks: %v is a %T, want a cell of NAS-Bench-201 or of a space of cells", a, a)
	}
	return newCell(names, nodes)
}

func newCell(names []string, nodes int) (cell, error) {
	c := cell{nodes: nodes, names: names}
	for _, name := range names {
		op, err := nasbench201.ParseOp(name)
		if err != nil {
			return cell{}, fmt.Errorf("cell networks: there is no operation %q, only those of NAS-Bench-201", name)
		}
		c.ops = append(c.ops, int(op))
	}
	return c, nil
}

// parameters is the number of trainable weights of the network of a cell.
func (c Config) parameters(images Images, of cell) (n int) {
	channels := c.Channels
	n += 9*images.Colours*channels + 2*channels
	for stage := range 3 {
		if stage > 0 {
			channels *= 2
			half := channels / 2
			n += 9*half*channels + 2*channels + 9*channels*channels + 2*channels + half*channels
		}
		for _, op := range of.ops {
			if op == opConv1 {
				n += c.Cells * (channels*channels + 2*channels)
			} else if op == opConv3 {
				n += c.Cells * (9*channels*channels + 2*channels)
			}
		}
	}
	return n + 2*channels + channels*images.Classes + images.Classes
}

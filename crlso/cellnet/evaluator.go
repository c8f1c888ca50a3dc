package cellnet

import (
	"context"
	"errors"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Evaluator trains the network of a cell, and measures its validation accuracy. The same cell with
// the same seed has the same accuracy on one machine. Several goroutines may use it at once: each
// has compiled programs of its own, which stay for the next. The backend is XLA. It must not be
// copied after first use.
type Evaluator struct {
	Backend compute.Backend
	Images  Images
	Config  Config

	trainers backend.Pool[int, *trainer] // by nodes of a cell
}

// Evaluate implements datasets.Evaluator.
func (e *Evaluator) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	if err := errors.Join(e.check(), ctx.Err()); err != nil {
		return datasets.Measurement{}, err
	}
	gates, nodes, err := gatesOf(a)
	if err != nil {
		return datasets.Measurement{}, err
	}
	t, err := e.trainers.Take(nodes, e.Backend, func(on compute.Backend) (*trainer, error) {
		return newTrainer(on, e.Images, e.Config, nodes)
	})
	if err != nil {
		return datasets.Measurement{}, err
	}
	defer e.trainers.Put(nodes, t)
	accuracy, err := t.train(ctx, gates)
	if err != nil {
		if ctx.Err() == nil { // it diverged
			err = fmt.Errorf("%w: %w", datasets.ErrFailed, err)
		}
		return datasets.Measurement{}, err
	}
	return datasets.Measurement{
		Accuracy: 100 * accuracy,
		Others:   map[string]float64{"parameters": float64(e.Config.Parameters(e.Images, gates, nodes))},
	}, nil
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

// gatesOf returns the gates of a cell, [edges, 5], and its number of nodes.
func gatesOf(a datasets.Arch) (gates []float32, nodes int, err error) {
	names, nodes, ok := nasbench201.OperationNames(a)
	if !ok {
		return nil, 0, fmt.Errorf("cell networks: %v is a %T, want a cell of NAS-Bench-201 or of a space of cells", a, a)
	}
	gates = make([]float32, len(names)*numOps)
	for i, name := range names {
		op, err := nasbench201.ParseOp(name)
		if err != nil {
			return nil, 0, fmt.Errorf("cell networks: there is no operation %q, only those of NAS-Bench-201", name)
		}
		gates[i*numOps+int(op)] = 1
	}
	return gates, nodes, nil
}

// Parameters is the number of trainable weights of the network of a cell with these gates.
func (c Config) Parameters(images Images, gates []float32, nodes int) (n int) {
	channels := c.Channels
	n += 9*images.Colours*channels + 2*channels
	for stage := range 3 {
		if stage > 0 {
			channels *= 2
			half := channels / 2
			n += 9*half*channels + 2*channels + 9*channels*channels + 2*channels + half*channels
		}
		for edge := range nodes * (nodes - 1) / 2 {
			if gates[edge*numOps+opConv1] == 1 {
				n += c.Cells * (channels*channels + 2*channels)
			}
			if gates[edge*numOps+opConv3] == 1 {
				n += c.Cells * (9*channels*channels + 2*channels)
			}
		}
	}
	return n + 2*channels + channels*images.Classes + images.Classes
}

// trainer trains networks of cells with as many nodes, one after the other, by the same programs.
type trainer struct {
	config  Config
	images  Images
	nodes   int
	store   *model.Store
	trainer *nn.Trainer
	judge   *model.Exec // (gates, pixels to normalise by, pixels, labels) -> accuracy
	pixels  *tensors.Tensor
	labels  *tensors.Tensor
	normal  *tensors.Tensor // pixels of the training images that the statistics are of
	vpixels *tensors.Tensor
	vlabels *tensors.Tensor
}

const networkScope = "/cellnet"

// statistics is how many training images the normalisations take their statistics of when a network
// is judged.
const statistics = 500

func newTrainer(on compute.Backend, images Images, config Config, nodes int) (*trainer, error) {
	t := &trainer{config: config, images: images, nodes: nodes, store: model.NewStore()}
	nn.SetSeed(t.store, config.Seed)
	pixels := func(s Set, n int) *tensors.Tensor {
		size := images.Height * images.Width * images.Colours
		return tensors.FromFlatDataAndDimensions(s.Pixels[:n*size], n, images.Height, images.Width, images.Colours)
	}
	labels := func(s Set) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(s.Labels, s.Len()) }
	t.pixels, t.labels = pixels(images.Train, images.Train.Len()), labels(images.Train)
	t.normal = pixels(images.Train, min(statistics, images.Train.Len()))
	t.vpixels, t.vlabels = pixels(images.Validation, images.Validation.Len()), labels(images.Validation)

	network := func(gates *Node, rows int, x *Node) *Node {
		b := builder{config, nodes, gates, rows, images.Classes}
		return b.logits(t.store.Scope(networkScope), x)
	}
	var err error
	t.judge, err = model.NewExec(on, t.store, func(_ *model.Scope, inputs []*Node) *Node {
		gates, normal, x, labels := inputs[0], inputs[1], inputs[2], inputs[3]
		rows := normal.Shape().Dim(0)
		scores := Slice(network(gates, rows, Concatenate([]*Node{normal, x}, 0)), AxisRange(rows))
		right := ConvertDType(Equal(ArgMax(scores, -1, dtypes.Int32), labels), dtypes.Float32)
		return ReduceAllMean(right)
	})
	if err != nil {
		return nil, err
	}
	if _, err := t.accuracy(make([]float32, nodes*(nodes-1)/2*numOps)); err != nil { // creates the weights
		return nil, err
	}
	t.trainer, err = nn.NewTrainer(on, t.store, config.Training, 3, nn.Objective{
		Scope: networkScope,
		Names: []string{"cross-entropy"},
		Loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			x, answers := Gather(tables[0], at), Gather(tables[1], at)
			scores := LogSoftmax(network(tables[2], x.Shape().Dim(0), x))
			entropy := Neg(ReduceSum(Mul(scores, OneHot(answers, images.Classes, dtypes.Float32)), -1))
			return []*Node{nn.WeightedMean(entropy, weights)}
		},
	})
	return t, err
}

// train trains the network with these gates from fresh weights, and returns its validation
// accuracy, a fraction.
func (t *trainer) train(ctx context.Context, gates []float32) (float64, error) {
	if err := nn.DrawAgain(t.store.Scope(networkScope), t.config.Seed); err != nil {
		return 0, err
	}
	n, c := t.images.Train.Len(), t.config.Training
	s := c.NewSchedule(nn.NewRand(t.config.Seed, "cellnet", 0), n, 0, c.Epochs, c.Epochs*c.StepsPerEpoch(n))
	tables := []*tensors.Tensor{t.pixels, t.labels, t.gates(gates)}
	if _, err := t.trainer.Run(ctx, s, 0, tables, nil); err != nil {
		return 0, err
	}
	return t.accuracy(gates)
}

func (t *trainer) gates(gates []float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(gates, len(gates)/numOps, numOps)
}

func (t *trainer) accuracy(gates []float32) (float64, error) {
	result, err := t.judge.Call1(t.gates(gates), t.normal, t.vpixels, t.vlabels)
	if err != nil {
		return 0, err
	}
	return float64(tensors.ToScalar[float32](result)), nil
}

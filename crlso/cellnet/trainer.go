package cellnet

import (
	"context"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// trainer trains networks of cells with as many nodes, one after the other, by the same programs;
// or of one cell.
type trainer struct {
	config     Config
	images     Images
	nodes      int
	ops        []int // of the one cell, or nil
	on         compute.Backend
	store      *model.Store
	trainer    *nn.Trainer
	settle     *model.Exec // (gates, pixels): the normalisations keep the statistics of these images
	judge      *model.Exec // (gates, pixels, labels) -> how many images are classified right
	pixels     *tensors.Tensor
	labels     *tensors.Tensor
	normal     *tensors.Tensor // pixels of the training images that the statistics are of
	validation []part
}

const (
	ofStatistics = 500 // training images that the normalisations take their statistics of at last
	atOnce       = 500 // images that a trained network sees at once
)

func newTrainer(on compute.Backend, images Images, config Config, nodes int, ops []int) (*trainer, error) {
	t := &trainer{config: config, images: images, nodes: nodes, ops: ops, on: on, store: model.NewStore()}
	nn.SetSeed(t.store, config.Seed)
	t.pixels = images.tensor(images.Train.Pixels)
	t.labels = tensors.FromFlatDataAndDimensions(images.Train.Labels, images.Train.Len())
	t.normal = images.tensor(images.Train.Pixels[:min(ofStatistics, images.Train.Len())*images.size()])
	t.validation = images.inParts(images.Validation)

	network := func(statistics statistics, gates, x *Node) *Node {
		b := builder{config: config, nodes: nodes, classes: images.Classes, ops: ops, statistics: statistics}
		if ops == nil {
			b.gates = gates
		}
		return b.logits(t.store.Scope(networkScope), x)
	}
	var err error
	t.settle, err = model.NewExec(on, t.store, func(_ *model.Scope, inputs []*Node) *Node {
		return ReduceAllMean(network(keepBatch, inputs[0], inputs[1]))
	})
	if err != nil {
		return nil, err
	}
	t.judge, err = model.NewExec(on, t.store, func(_ *model.Scope, inputs []*Node) *Node {
		right := Equal(ArgMax(network(kept, inputs[0], inputs[1]), -1, dtypes.Int32), inputs[2])
		return ReduceAllSum(ConvertDType(right, dtypes.Float32))
	})
	if err != nil {
		return nil, err
	}
	if _, err := t.accuracy(cell{ops: make([]int, nodes*(nodes-1)/2)}); err != nil { // creates the weights
		return nil, err
	}
	t.trainer, err = nn.NewTrainer(on, t.store, config.Training, 3, nn.Objective{
		Scope: networkScope,
		Names: []string{"cross-entropy"},
		Loss: func(tables, batch []*Node) []*Node {
			weights, at := batch[0], InsertAxes(batch[1], -1)
			x, answers := Gather(tables[0], at), Gather(tables[1], at)
			scores := LogSoftmax(network(ofBatch, tables[2], x))
			entropy := Neg(ReduceSum(Mul(scores, OneHot(answers, images.Classes, dtypes.Float32)), -1))
			return []*Node{nn.WeightedMean(entropy, weights)}
		},
	})
	return t, err
}

// train trains the network of a cell from fresh weights, and returns its validation accuracy, a
// fraction.
func (t *trainer) train(ctx context.Context, of cell, seed uint64) (float64, error) {
	if err := nn.DrawAgain(t.store.Scope(networkScope), seed); err != nil {
		return 0, err
	}
	n, c := t.images.Train.Len(), t.config.Training
	s := c.NewSchedule(nn.NewRand(seed, "cellnet", 0), n, 0, c.Epochs, c.Epochs*c.StepsPerEpoch(n))
	tables := []*tensors.Tensor{t.pixels, t.labels, of.gates()}
	if _, err := t.trainer.Run(ctx, s, 0, tables, nil); err != nil {
		return 0, err
	}
	return t.accuracy(of)
}

// gates returns 1 for the operation of each edge and 0 for the others, [edges, 5].
func (c cell) gates() *tensors.Tensor {
	gates := make([]float32, len(c.ops)*numOps)
	for edge, op := range c.ops {
		gates[edge*numOps+op] = 1
	}
	return tensors.FromFlatDataAndDimensions(gates, len(c.ops), numOps)
}

func (t *trainer) accuracy(of cell) (float64, error) {
	gates := of.gates()
	if _, err := t.settle.Call1(gates, t.normal); err != nil {
		return 0, err
	}
	right := 0.0
	for _, p := range t.validation {
		result, err := t.judge.Call1(gates, p.pixels, p.labels)
		if err != nil {
			return 0, err
		}
		right += float64(tensors.ToScalar[float32](result))
	}
	return right / float64(t.images.Validation.Len()), nil
}

// close frees programs, weights and images.
func (t *trainer) close() {
	t.settle.Finalize()
	t.judge.Finalize()
	t.trainer.Close()
	t.store.Finalize()
	for _, p := range append(t.validation, part{t.pixels, t.labels}) {
		p.pixels.MustFinalizeAll()
		p.labels.MustFinalizeAll()
	}
	t.normal.MustFinalizeAll()
}

// network returns the network of one cell, with the weights that it has here.
func (t *trainer) network(of cell) (*Network, error) {
	n := &Network{Operations: of.names, Nodes: of.nodes, Config: t.config,
		Height: t.images.Height, Width: t.images.Width, Colours: t.images.Colours, Classes: t.images.Classes}
	if err := n.prepare(t.on, of); err != nil {
		return nil, err
	}
	return n, n.setWeights(t.store)
}

// tensor returns images, [N, height, width, colours].
func (i Images) tensor(pixels []float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(pixels, len(pixels)/i.size(), i.Height, i.Width, i.Colours)
}

// part is a part of a set, on the device.
type part struct{ pixels, labels *tensors.Tensor }

// inParts returns a set in parts of one size; the last one is filled up with images of a class that
// there is not.
func (i Images) inParts(set Set) (parts []part) {
	n := min(atOnce, set.Len())
	for from := 0; from < set.Len(); from += n {
		to := min(from+n, set.Len())
		labels := append(slices.Clone(set.Labels[from:to]), slices.Repeat([]int32{-1}, n-(to-from))...)
		parts = append(parts, part{
			i.tensor(append(slices.Clone(set.Pixels[from*i.size():to*i.size()]), make([]float32, (n-(to-from))*i.size())...)),
			tensors.FromFlatDataAndDimensions(labels, n),
		})
	}
	return parts
}

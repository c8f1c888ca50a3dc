package crlso

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Epoch reports on training: the mean of each loss over the examples of one epoch.
type Epoch struct {
	Stage  string // "predictor" or "joint"
	Number int    // epochs done, 1 for the first
	Of     int
	Losses []Loss // the objective first
}

// Loss is a named value that training reports.
type Loss struct {
	Name  string
	Value float64
}

// JointLoss is the regularised objective of the method, with the reconstruction loss L_rec, the divergence
// L_KL, and pseudo-labels y as fractions:
//
//	min  L_rec + beta L_KL + mean (1 - f(z) - y(a))^2,   U, u >= 0
//
// It returns the objective and its three terms, scalars. graphs holds B graphs with labels of shape [B,
// schema.Labels()]; y and weights are [B]; eps is standard normal noise, [B, Z].
//
// Source: train_gvae in train_gvae_semi_supervised.py of the released code.
func JointLoss(store *model.Store, config Config, schema datasets.Schema, graphs Graphs, labels, y, weights, eps *Node) (total, reconstruction, divergence, regression *Node) {
	mu, logVar := Encoder(store.Scope(encoderScope), config, graphs)
	z := Reparameterize(mu, logVar, eps, config.ReparamNoise)
	scores := Decoder(store.Scope(decoderScope), config, z, schema.Outputs())
	point := z
	if config.ICNNOnMean {
		point = mu
	}
	performance := Performance(store.Scope(icnnScope), config, point)

	reconstruction = weightedMean(ReconstructionLoss(schema, scores, labels), weights)
	divergence = weightedMean(KLDivergence(mu, logVar), weights)
	regression = weightedMean(Square(Sub(performance, y)), weights)
	total = Add(Add(reconstruction, MulScalar(divergence, config.KLWeight)), regression)
	return total, reconstruction, divergence, regression
}

// TrainJoint trains graph VAE and ICNN on the whole space from epoch first (0 for a fresh model) to the
// last, with pseudo-labels in percent for all architectures in the order of the space. After each epoch
// it calls each, unless that is nil; an error from each, or a cancelled ctx, ends training after a
// whole epoch, from where a later call can go on.
func (m *Model) TrainJoint(ctx context.Context, pseudoLabels []float64, first int, each func(Epoch) error) error {
	if len(pseudoLabels) != m.Space.Len() {
		return fmt.Errorf("joint training: %d pseudo-labels for %d architectures", len(pseudoLabels), m.Space.Len())
	}
	trainer, err := newTrainer(m.backend, m.store, m.Config.Joint, 4, objective{
		scope: gvaeScope,
		names: []string{"total", "reconstruction", "divergence", "regression"},
		loss: func(tables, batch []*Node) []*Node {
			nodes, edges, labels, y := tables[0], tables[1], tables[2], tables[3]
			weights, indices, eps := batch[0], batch[1], batch[2]
			at := InsertAxes(indices, -1)
			total, reconstruction, divergence, regression := JointLoss(m.store, m.Config, m.schema,
				m.gather(nodes, edges, indices), Gather(labels, at), Gather(y, at), weights, eps)
			return []*Node{total, reconstruction, divergence, regression}
		},
		project: func(g *Graph) {
			ProjectICNN(m.store.Scope(icnnScope), m.Config, g)
		},
	})
	if err != nil {
		return err
	}
	defer trainer.exec.Finalize()
	tables := []*tensors.Tensor{m.nodes, m.edges, m.labels, fractions(pseudoLabels)}
	return m.train(ctx, "joint", trainer, m.Space.Len(), first, 1, tables, func(rng *rand.Rand, s schedule) []*tensors.Tensor {
		return []*tensors.Tensor{normal(rng, 1, len(s.rates), s.batch, m.Config.LatentDim)}
	}, each)
}

// TrainPredictor trains the predictor on labelled architectures. each is called after every
// predictorStride epochs; see TrainJoint for its error.
func (m *Model) TrainPredictor(ctx context.Context, labelled []datasets.Query, each func(Epoch) error) error {
	if len(labelled) == 0 {
		return errors.New("predictor training: no labelled architectures")
	}
	indices, accuracies := make([]int, len(labelled)), make([]float64, len(labelled))
	for i, q := range labelled {
		indices[i], accuracies[i] = m.Space.Index(q.Arch), q.Accuracy
	}
	trainer, err := newTrainer(m.backend, m.store, m.Config.Predictor, 4, objective{
		scope: predictorScope,
		names: []string{"squared error"},
		loss: func(tables, batch []*Node) []*Node {
			nodes, edges, labelled, y := tables[0], tables[1], tables[2], tables[3]
			weights, at := batch[0], InsertAxes(batch[1], -1)
			predicted := Predictor(m.store.Scope(predictorScope), m.Config, m.gather(nodes, edges, Gather(labelled, at)))
			return []*Node{weightedMean(Square(Sub(predicted, Gather(y, at))), weights)}
		},
	})
	if err != nil {
		return err
	}
	defer trainer.exec.Finalize()
	tables := []*tensors.Tensor{m.nodes, m.edges, int32s(indices), fractions(accuracies)}
	return m.train(ctx, "predictor", trainer, len(labelled), 0, predictorStride, tables, nil, each)
}

// predictorStride is the number of epochs that predictor training makes in one call to the device.
const predictorStride = 20

// train runs a stage from epoch first to its last, stride epochs at a time. Batches and noise of an epoch
// depend on the seed, the stage and the epoch only, so a stage that was interrupted goes on as if it had not
// been.
func (m *Model) train(ctx context.Context, stage string, t *trainer, n, first, stride int, tables []*tensors.Tensor,
	noise func(*rand.Rand, schedule) []*tensors.Tensor, each func(Epoch) error) error {
	perEpoch := t.config.stepsPerEpoch(n)
	for epoch := first; epoch < t.config.Epochs; epoch += stride {
		count := min(stride, t.config.Epochs-epoch)
		rng := newRand(m.Config.Seed, stage, epoch)
		s := t.config.newSchedule(rng, n, epoch, count, perEpoch*stride)
		var perStep []*tensors.Tensor
		if noise != nil {
			perStep = noise(rng, s)
		}
		means, err := t.run(ctx, s, epoch*perEpoch, tables, perStep)
		if err != nil {
			return fmt.Errorf("%s training, epoch %d of %d: %w", stage, epoch+1, t.config.Epochs, err)
		}
		if each == nil {
			continue
		}
		report := Epoch{Stage: stage, Number: epoch + count, Of: t.config.Epochs}
		for i, name := range t.objective.names {
			report.Losses = append(report.Losses, Loss{name, means[i]})
		}
		if err := each(report); err != nil {
			return err
		}
	}
	return nil
}

// newRand is the random source for one part of the method: a function of its arguments alone.
func newRand(seed uint64, part string, number int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", part, number)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// normal draws a tensor of normal values with mean 0 and the given standard deviation.
func normal(rng *rand.Rand, deviation float64, dims ...int) *tensors.Tensor {
	size := 1
	for _, d := range dims {
		size *= d
	}
	flat := make([]float32, size)
	for i := range flat {
		flat[i] = float32(rng.NormFloat64() * deviation)
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

package crlso

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Stage is a part of training that can be interrupted and taken up between two epochs.
type Stage string

// The stages, in their order.
const (
	PredictorStage   Stage = "predictor"   // on the initial set
	PretrainingStage Stage = "pretraining" // of the graph VAE, without labels
	JointStage       Stage = "joint"       // of graph VAE and surrogate

	warmUpStage Stage = "warm-up" // of the surrogate: the beginning of JointStage
)

// String is what errors call a stage.
func (s Stage) String() string {
	switch s {
	case PredictorStage:
		return "predictor training"
	case JointStage:
		return "joint training"
	case warmUpStage:
		return "warm-up of the surrogate"
	}
	return string(s)
}

// Stages returns the stages that training with this configuration has, in their order.
func (c Config) Stages() (stages []Stage) {
	if !c.Supervised && c.PerformanceWeight > 0 {
		stages = append(stages, PredictorStage)
	}
	if c.Pretrain.Epochs > 0 {
		stages = append(stages, PretrainingStage)
	}
	return append(stages, JointStage)
}

// Training returns the schedule of a stage.
func (c Config) Training(stage Stage) nn.Training {
	return map[Stage]nn.Training{
		PredictorStage: c.Predictor, PretrainingStage: c.Pretrain, warmUpStage: c.WarmUp, JointStage: c.Joint,
	}[stage]
}

// Train trains one stage on what is labelled, from epoch first (0 for a fresh model) to the last;
// the stages before it must be done: see [Model.TrainPredictor], [Model.Pretrain] and
// [Model.TrainJoint].
func (m *Model) Train(ctx context.Context, stage Stage, labelled []datasets.Query, first int, each func(Epoch) error) error {
	switch stage {
	case PredictorStage:
		return m.TrainPredictor(ctx, labelled, each)
	case PretrainingStage:
		return m.Pretrain(ctx, first, each)
	case JointStage:
		labels, err := m.JointLabels(labelled)
		if err != nil {
			return err
		}
		return m.TrainJoint(ctx, labels, first, each)
	}
	return fmt.Errorf("there is no stage %q", string(stage))
}

// Epoch reports on training: the mean of each loss over the examples of one epoch.
type Epoch struct {
	Stage  Stage
	Number int // epochs done, 1 for the first
	Of     int
	Losses []Loss // the objective first
}

// Loss is a named value that training reports.
type Loss struct {
	Name  string
	Value float64
}

// TrainJoint trains graph VAE and surrogate on the training set from epoch first (0 for a fresh
// model) to the last, with labels in percent for all its architectures, in its order, NaN for those
// that have none. If Config.PerformanceWeight is 0, it trains the graph VAE alone and needs no
// labels. A warm-up of the surrogate, if Config.WarmUp has epochs, comes before epoch 0 and is not
// reported. After each epoch it calls each, unless that is nil; an error from each, or a cancelled
// ctx, ends training after a whole epoch, from where a later call can go on.
func (m *Model) TrainJoint(ctx context.Context, labels []float64, first int, each func(Epoch) error) error {
	if m.Config.PerformanceWeight == 0 {
		return m.trainVAE(ctx, JointStage, first, each)
	}
	if n := len(m.training.Archs); len(labels) != n {
		return fmt.Errorf("joint training: %d labels for the %d architectures of the training set", len(labels), n)
	}
	if first == 0 && m.Config.WarmUp.Epochs > 0 {
		if err := m.warmUp(ctx, labels); err != nil {
			return err
		}
	}
	trainer, err := m.trainer(JointStage, 5, nn.Objective{
		Scope: gvaeScope,
		Names: []string{"total", "reconstruction", "divergence", "regression"},
		Loss: func(tables, batch []*Node) []*Node {
			at := InsertAxes(batch[1], -1)
			total, reconstruction, divergence, regression := JointLoss(m.store, m.Config, m.schema, Batch{
				Graphs:  m.graphs(Gather(tables[0], at), Gather(tables[1], at)),
				Labels:  Gather(tables[2], at),
				Y:       Gather(tables[3], at),
				Known:   Gather(tables[4], at),
				Weights: batch[0],
				Eps:     batch[2],
			})
			return []*Node{total, reconstruction, divergence, regression}
		},
		Project: func(g *Graph) {
			ProjectICNN(m.store.Scope(icnnScope), m.Config.Networks, g)
		},
	})
	if err != nil {
		return err
	}
	y, known := slices.Clone(labels), make([]float32, len(labels))
	for i, label := range labels {
		if math.IsNaN(label) {
			y[i] = 0
		} else {
			known[i] = 1
		}
	}
	tables := []*tensors.Tensor{m.training.Nodes, m.training.Edges, m.training.Labels,
		nn.Fractions(y), tensors.FromFlatDataAndDimensions(known, len(known))}
	return m.train(ctx, stageRun{JointStage, trainer, len(labels), 1, tables, m.latentNoise}, first, each)
}

// warmUp trains the surrogate alone, from initial weights drawn from Config.Seed, on the latents
// that the labelled architectures have now. Without it, a fresh ICNN, whose values are far from
// those of accuracies, would undo the pretraining of the graph VAE in the first steps of joint
// training.
func (m *Model) warmUp(ctx context.Context, labels []float64) error {
	if err := nn.DrawAgain(m.store.Scope(icnnScope), m.Config.Seed); err != nil {
		return err
	}
	var archs []datasets.Arch
	var targets []float64
	for i, label := range labels {
		if !math.IsNaN(label) {
			archs, targets = append(archs, m.training.Archs[i]), append(targets, label)
		}
	}
	latents, err := m.Encode(archs...)
	if err != nil {
		return err
	}
	z, err := nn.LatentTensor(latents, len(latents), m.Config.LatentDim)
	if err != nil {
		return err
	}
	trainer, err := m.trainer(warmUpStage, 2, m.regressionOfSurrogate())
	if err != nil {
		return err
	}
	return m.train(ctx, stageRun{warmUpStage, trainer, len(latents), m.Config.WarmUp.Epochs, []*tensors.Tensor{z, nn.Fractions(targets)}, nil}, 0, nil)
}

// regressionOfSurrogate fits the surrogate to targets, fractions, at latents that stay as they are.
func (m *Model) regressionOfSurrogate() nn.Objective {
	return nn.RegressionOn(icnnScope,
		func(rows []*Node) *Node { return Performance(m.store.Scope(icnnScope), m.Config.Networks, rows[0]) },
		func(g *Graph) { ProjectICNN(m.store.Scope(icnnScope), m.Config.Networks, g) })
}

// Pretrain trains the graph VAE on the training set, without labels, from epoch first to the last
// of Config.Pretrain: see TrainJoint. At epoch 0 it gives the graph VAE initial weights, drawn from
// Config.Seed.
func (m *Model) Pretrain(ctx context.Context, first int, each func(Epoch) error) error {
	if first == 0 {
		for _, scope := range []string{encoderScope, decoderScope} {
			if err := nn.DrawAgain(m.store.Scope(scope), m.Config.Seed); err != nil {
				return err
			}
		}
	}
	return m.trainVAE(ctx, PretrainingStage, first, each)
}

// trainVAE trains the graph VAE alone.
func (m *Model) trainVAE(ctx context.Context, stage Stage, first int, each func(Epoch) error) error {
	trainer, err := m.trainer(stage, 3, nn.Objective{
		Scope:  gvaeScope,
		Frozen: icnnScope,
		Names:  []string{"total", "reconstruction", "divergence"},
		Loss: func(tables, batch []*Node) []*Node {
			at := InsertAxes(batch[1], -1)
			total, reconstruction, divergence, _ := VAELoss(m.store, m.Config, m.schema, Batch{
				Graphs:  m.graphs(Gather(tables[0], at), Gather(tables[1], at)),
				Labels:  Gather(tables[2], at),
				Weights: batch[0],
				Eps:     batch[2],
			})
			return []*Node{total, reconstruction, divergence}
		},
	})
	if err != nil {
		return err
	}
	tables := []*tensors.Tensor{m.training.Nodes, m.training.Edges, m.training.Labels}
	return m.train(ctx, stageRun{stage, trainer, len(m.training.Archs), 1, tables, m.latentNoise}, first, each)
}

// latentNoise draws the noise on the latents of each step.
func (m *Model) latentNoise(rng *rand.Rand, s nn.Schedule) []*tensors.Tensor {
	dim := m.Config.LatentDim
	eps := nn.Normal(rng, 1, len(s.Weights)*dim)
	return []*tensors.Tensor{tensors.FromFlatDataAndDimensions(eps, s.Dims(s.Batch, dim)...)}
}

// JointLabels returns the labels that joint training takes, in percent, in the order of the
// training set: the predictor's pseudo-labels, which needs TrainPredictor before; or, if
// Config.Supervised is set, those of the labelled architectures and NaN for all others; or nil if
// no label enters.
func (m *Model) JointLabels(labelled []datasets.Query) ([]float64, error) {
	switch {
	case m.Config.PerformanceWeight == 0:
		return nil, nil
	case !m.Config.Supervised:
		return m.PseudoLabels(m.training.Archs...)
	}
	known := make(map[datasets.Arch]float64, len(labelled))
	for i, target := range m.targets(labelled) {
		known[m.Space.Canonical(labelled[i].Arch)] = target
	}
	labels := make([]float64, len(m.training.Archs))
	for i, a := range m.training.Archs {
		target, ok := known[m.Space.Canonical(a)]
		if !ok {
			target = math.NaN()
		}
		labels[i] = target
	}
	return labels, nil
}

// targets returns what networks learn of labelled architectures, in percent.
func (m *Model) targets(labelled []datasets.Query) []float64 {
	targets := make([]float64, len(labelled))
	for i, q := range labelled {
		targets[i] = q.Accuracy
	}
	return m.Config.LabelTransform.targets(targets)
}

// TrainPredictor trains the predictor on labelled architectures. each is called after every
// predictorStride epochs; see TrainJoint for its error.
func (m *Model) TrainPredictor(ctx context.Context, labelled []datasets.Query, each func(Epoch) error) error {
	if len(labelled) == 0 {
		return errors.New("predictor training: no labelled architectures")
	}
	predictor := func(rows []*Node) *Node {
		return Predictor(m.store.Scope(predictorScope), m.Config, m.graphs(rows[0], rows[1]))
	}
	trainer, err := m.trainer(PredictorStage, 3, nn.RegressionOn(predictorScope, predictor, nil))
	if err != nil {
		return err
	}
	graphs := NewTable(m.Space, datasets.Archs(labelled), len(labelled))
	defer graphs.Free()
	tables := []*tensors.Tensor{graphs.Nodes, graphs.Edges, nn.Fractions(m.targets(labelled))}
	return m.train(ctx, stageRun{PredictorStage, trainer, len(labelled), predictorStride, tables, nil}, 0, each)
}

package crlso

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Epoch reports on training: the mean of each loss over the examples of one epoch.
type Epoch struct {
	Stage  string // "predictor", "pretraining" or "joint"
	Number int    // epochs done, 1 for the first
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
		return m.trainVAE(ctx, "joint", m.Config.Joint, first, each)
	}
	if n := len(m.training.Archs); len(labels) != n {
		return fmt.Errorf("joint training: %d labels for the %d architectures of the training set", len(labels), n)
	}
	if first == 0 && m.Config.WarmUp.Epochs > 0 {
		if err := m.warmUp(ctx, labels); err != nil {
			return err
		}
	}
	trainer, err := m.trainer("joint", m.Config.Joint, 5, nn.Objective{
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
			ProjectICNN(m.store.Scope(icnnScope), m.Config, g)
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
	return m.train(ctx, stageRun{"joint", trainer, len(labels), 1, tables, m.latentNoise}, first, each)
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
	trainer, err := m.trainer("warm-up", m.Config.WarmUp, 2, m.regressionOfSurrogate())
	if err != nil {
		return err
	}
	return m.train(ctx, stageRun{"warm-up", trainer, len(latents), m.Config.WarmUp.Epochs, []*tensors.Tensor{z, nn.Fractions(targets)}, nil}, 0, nil)
}

// regressionOfSurrogate fits the surrogate to targets, fractions, at latents that stay as they are.
func (m *Model) regressionOfSurrogate() nn.Objective {
	return nn.RegressionOn(icnnScope,
		func(z *Node) *Node { return Performance(m.store.Scope(icnnScope), m.Config, z) },
		func(g *Graph) { ProjectICNN(m.store.Scope(icnnScope), m.Config, g) })
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
	return m.trainVAE(ctx, "pretraining", m.Config.Pretrain, first, each)
}

// trainVAE trains the graph VAE alone.
func (m *Model) trainVAE(ctx context.Context, stage string, config nn.Training, first int, each func(Epoch) error) error {
	trainer, err := m.trainer(stage, config, 3, nn.Objective{
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
	trainer, err := m.trainer("predictor", m.Config.Predictor, 3, nn.Objective{
		Scope: predictorScope,
		Names: []string{"squared error"},
		Loss: func(tables, batch []*Node) []*Node {
			nodes, edges, y := tables[0], tables[1], tables[2]
			weights, at := batch[0], InsertAxes(batch[1], -1)
			predicted := Predictor(m.store.Scope(predictorScope), m.Config, m.graphs(Gather(nodes, at), Gather(edges, at)))
			return []*Node{nn.WeightedMean(Square(Sub(predicted, Gather(y, at))), weights)}
		},
	})
	if err != nil {
		return err
	}
	graphs := NewTable(m.Space, datasets.Archs(labelled), len(labelled))
	defer graphs.Free()
	tables := []*tensors.Tensor{graphs.Nodes, graphs.Edges, nn.Fractions(m.targets(labelled))}
	return m.train(ctx, stageRun{"predictor", trainer, len(labelled), predictorStride, tables, nil}, 0, each)
}

// stageNames are what errors call the stages.
var stageNames = map[string]string{"predictor": "predictor training", "pretraining": "pretraining", "warm-up": "warm-up of the surrogate", "joint": "joint training"}

// predictorStride is the number of epochs that predictor training makes in one call to the device.
const predictorStride = 20

// stageRun is what the training of a stage takes.
type stageRun struct {
	stage    string
	trainer  *nn.Trainer
	examples int
	stride   int // epochs in one call to the device
	tables   []*tensors.Tensor
	noise    func(*rand.Rand, nn.Schedule) []*tensors.Tensor // further per-step inputs; nil if there are none
}

// draw is what is drawn for some epochs: their batches, and further per-step inputs.
type draw struct {
	schedule nn.Schedule
	perStep  []*tensors.Tensor
}

// draw draws the next stride epochs from one on, if there is one. It does so while the device is at
// those before. Batches and noise of an epoch depend on the seed, the stage and the epoch only, so
// a stage that was interrupted goes on as if it had not been.
func (s stageRun) draw(seed uint64, epoch int) <-chan draw {
	config := s.trainer.Config
	if epoch >= config.Epochs {
		return nil
	}
	drawn := make(chan draw, 1)
	go func() {
		rng := nn.NewRand(seed, s.stage, epoch)
		steps := config.StepsPerEpoch(s.examples) * s.stride
		d := draw{schedule: config.NewSchedule(rng, s.examples, epoch, min(s.stride, config.Epochs-epoch), steps)}
		if s.noise != nil {
			d.perStep = s.noise(rng, d.schedule)
		}
		drawn <- d
	}()
	return drawn
}

// train runs a stage from epoch first to its last, stride epochs at a time.
func (m *Model) train(ctx context.Context, s stageRun, first int, each func(Epoch) error) error {
	epochs, perEpoch := s.trainer.Config.Epochs, s.trainer.Config.StepsPerEpoch(s.examples)
	next := s.draw(m.Config.Seed, first)
	for epoch := first; epoch < epochs; epoch += s.stride {
		d := <-next
		count := d.schedule.Steps / perEpoch
		next = s.draw(m.Config.Seed, epoch+count)
		means, err := s.trainer.Run(ctx, d.schedule, epoch*perEpoch, s.tables, d.perStep)
		if err != nil {
			return fmt.Errorf("%s, epoch %d of %d: %w", stageNames[s.stage], epoch+1, epochs, err)
		}
		if each == nil {
			continue
		}
		report := Epoch{Stage: s.stage, Number: epoch + count, Of: epochs}
		for i, name := range s.trainer.Objective.Names {
			report.Losses = append(report.Losses, Loss{name, means[i]})
		}
		if err := each(report); err != nil {
			return err
		}
	}
	return nil
}

// programs caches what is compiled on first use. It is dropped when Config (seeds aside), Devices
// or BFloat16 changes.
type programs struct {
	config   Config                 // that they were made for, with seeds 0
	devices  int                    // that they were made for
	bfloat16 bool                   // that they were made for
	trainers map[string]*nn.Trainer // by stage
	search   backend.Pool[searchSize, *searchPrograms]
}

// current returns the programs for the present configuration, none of them compiled if it has
// changed.
func (m *Model) current() *programs {
	config := m.Config
	config.Seed, config.SearchSeed = 0, 0
	if m.programs.config != config || m.programs.devices != m.Devices || m.programs.bfloat16 != m.BFloat16 {
		m.programs = programs{config: config, devices: m.Devices, bfloat16: m.BFloat16, trainers: make(map[string]*nn.Trainer)}
	}
	return &m.programs
}

// trainer returns the trainer of a stage, the same one as long as the configuration stays.
func (m *Model) trainer(stage string, config nn.Training, numTables int, objective nn.Objective) (*nn.Trainer, error) {
	trainers := m.current().trainers
	if t := trainers[stage]; t != nil {
		return t, nil
	}
	t, err := nn.NewTrainer(m.backend, m.store, config, numTables, objective)
	if err == nil && m.Devices > 1 && (stage == "pretraining" || stage == "joint") {
		err = t.SplitOver(m.Devices, m.backend, numTables)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stageNames[stage], err)
	}
	t.BFloat16 = m.BFloat16
	trainers[stage] = t
	return t, nil
}

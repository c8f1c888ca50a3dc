package crlso

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/gomlx/gomlx/core/tensors"
)

// predictorStride is the number of epochs that predictor training makes in one call to the device.
const predictorStride = 20

// stageRun is what the training of a stage takes.
type stageRun struct {
	stage    Stage
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
		rng := nn.NewRand(seed, string(s.stage), epoch)
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
			return fmt.Errorf("%s, epoch %d of %d: %w", s.stage, epoch+1, epochs, err)
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
	config   Config // that they were made for, with seeds 0
	devices  int    // that they were made for
	bfloat16 bool   // that they were made for
	trainers map[Stage]*nn.Trainer
	search   backend.Pool[searchSize, *searchPrograms]
}

// current returns the programs for the present configuration, none of them compiled if it has
// changed.
func (m *Model) current() *programs {
	config := m.Config
	config.Seed, config.SearchSeed = 0, 0
	if m.programs.config != config || m.programs.devices != m.Devices || m.programs.bfloat16 != m.BFloat16 {
		m.programs = programs{config: config, devices: m.Devices, bfloat16: m.BFloat16, trainers: make(map[Stage]*nn.Trainer)}
	}
	return &m.programs
}

// trainer returns the trainer of a stage, the same one as long as the configuration stays.
func (m *Model) trainer(stage Stage, numTables int, objective nn.Objective) (*nn.Trainer, error) {
	trainers := m.current().trainers
	if t := trainers[stage]; t != nil {
		return t, nil
	}
	t, err := nn.NewTrainer(m.backend, m.store, m.Config.Training(stage), numTables, objective)
	if err == nil && m.Devices > 1 && (stage == PretrainingStage || stage == JointStage) {
		err = t.SplitOver(m.Devices, m.backend, numTables)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stage, err)
	}
	t.BFloat16 = m.BFloat16
	trainers[stage] = t
	return t, nil
}

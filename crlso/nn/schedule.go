package nn

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Schedule holds the batches of some epochs over n examples, padded to a fixed number of steps.
// Several networks that are trained side by side have a leading axis S in each step.
type Schedule struct {
	Steps    int       // steps to run
	Batch    int       // examples per step
	networks int       // S; 0 is one network, whose arrays have no such axis
	Indices  []int32   // [padded steps, S, batch] which example
	Weights  []float32 // [padded steps, S, batch] 1, or 0 where a batch is filled up
	rates    []float32 // [padded steps, S] learning rate
}

// NewSchedule shuffles n examples anew for each of the epochs first, ..., first+count-1. The last
// batch of an epoch may be smaller. The arrays are padded to a fixed number of steps, so that one
// compiled program serves schedules of different lengths.
func (t Training) NewSchedule(rng *rand.Rand, n, first, count, padded int) Schedule {
	perEpoch := t.StepsPerEpoch(n)
	s := Schedule{
		Steps:   perEpoch * count,
		Batch:   t.Batch,
		Indices: make([]int32, padded*t.Batch),
		Weights: make([]float32, padded*t.Batch),
		rates:   make([]float32, padded),
	}
	for epoch := range count {
		for i, example := range rng.Perm(n) {
			at := epoch*perEpoch*t.Batch + i
			s.Indices[at], s.Weights[at] = int32(example), 1
		}
		for step := range perEpoch {
			s.rates[epoch*perEpoch+step] = float32(t.rate(first + epoch))
		}
	}
	return s
}

// SideBySide joins the schedules of S networks with the same batch, padded to a fixed number of
// steps. Where one schedule has ended before others, its examples have weight 0 and its learning
// rate is 0, so that its network stays as it is.
func SideBySide(schedules []Schedule, batch, padded int) Schedule {
	all := Schedule{Batch: batch, networks: len(schedules)}
	var indices [][]int32
	var weights, rates [][]float32
	for _, s := range schedules {
		all.Steps = max(all.Steps, s.Steps)
		indices, weights, rates = append(indices, s.Indices), append(weights, s.Weights), append(rates, s.rates)
	}
	all.Indices = Interleave(indices, padded, batch)
	all.Weights = Interleave(weights, padded, batch)
	all.rates = Interleave(rates, padded, 1)
	return all
}

// Interleave joins S tables with rows of one width row by row, [rows, S, width]. Where a table has
// fewer rows, zeros stand in.
func Interleave[T int32 | float32](tables [][]T, rows, width int) []T {
	out := make([]T, rows*len(tables)*width)
	for i, table := range tables {
		row := 0
		for values := range slices.Chunk(table, width) {
			copy(out[(row*len(tables)+i)*width:], values)
			row++
		}
	}
	return out
}

// Dims returns the shape of values of one step each: [padded steps, S, inner...], without S for one
// network.
func (s Schedule) Dims(inner ...int) []int {
	if s.networks == 0 {
		return append([]int{len(s.rates)}, inner...)
	}
	return append([]int{len(s.rates) / s.networks, s.networks}, inner...)
}

// StepsPerEpoch is the number of batches that n examples make.
func (t Training) StepsPerEpoch(n int) int { return (n + t.Batch - 1) / t.Batch }

// rate is the learning rate of an epoch, counted from 0.
func (t Training) rate(epoch int) float64 {
	return t.MinLearningRate + (t.LearningRate-t.MinLearningRate)*(1+math.Cos(math.Pi*float64(epoch)/float64(t.Epochs)))/2
}

// Training says how one of the networks is optimised: by Adam, with a learning rate that falls from
// epoch to epoch along half a cosine.
type Training struct {
	Epochs          int
	Batch           int
	LearningRate    float64
	MinLearningRate float64 // where the cosine ends
	Beta1, Beta2    float64 // decay of Adam's first and second moment
	WeightDecay     float64 // L2 penalty, added to the gradient
	ClipNorm        float64 // largest norm of the gradient over all weights; 0 is no limit
}

// QuickTraining is a schedule that reaches the optimum of CR-LSO's joint training in fewer epochs
// than the released one: ten times its rate, with Adam's usual moments.
func QuickTraining(epochs, batch int) Training {
	return Training{Epochs: epochs, Batch: batch, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, ClipNorm: 5}
}

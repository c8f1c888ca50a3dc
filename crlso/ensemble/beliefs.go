package ensemble

import (
	"github.com/cr-lso/cr-lso/datasets"
	"gonum.org/v1/gonum/stat"
)

// Beliefs are what an ensemble's members together expect of architectures, on the scale of their
// labels.
type Beliefs struct {
	Archs           []datasets.Arch
	Mean, Deviation []float64
}

// newBeliefs returns mean and deviation of what each member predicts of the architectures.
func newBeliefs(archs []datasets.Arch, members [][]float64) Beliefs {
	b := Beliefs{archs, make([]float64, len(archs)), make([]float64, len(archs))}
	predictions := make([]float64, len(members))
	for i := range archs {
		for j, member := range members {
			predictions[j] = member[i]
		}
		b.Mean[i], b.Deviation[i] = stat.PopMeanStdDev(predictions, nil)
	}
	return b
}

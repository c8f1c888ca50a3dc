package ensemble

import (
	"math"

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

// mixed returns mean and deviation of what is drawn from b or from a second opinion, each as often.
func (b Beliefs) mixed(mean, deviation []float64) Beliefs {
	both := Beliefs{b.Archs, make([]float64, len(mean)), make([]float64, len(mean))}
	for i := range mean {
		both.Mean[i] = (b.Mean[i] + mean[i]) / 2
		apart := (b.Mean[i] - mean[i]) / 2
		both.Deviation[i] = math.Sqrt((b.Deviation[i]*b.Deviation[i]+deviation[i]*deviation[i])/2 + apart*apart)
	}
	return both
}

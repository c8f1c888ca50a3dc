package nasbench201

import "github.com/cr-lso/cr-lso/datasets"

// Cost is what a network costs to have and to train.
type Cost struct {
	Parameters int
	FLOPs      float64 // multiplications with additions of one inference, in millions
	Seconds    float64 // of one training run of 200 epochs; 0 if the table's source does not say
}

// Cost returns what the network of a cell costs on the data set of the table. Parameters and FLOPs
// follow from the number of convolutions: the benchmark's networks stack 15 cells of 16, 32 and 64
// channels, five of each. Seconds are of the networks that validation is of, so on CIFAR-10 of
// training on half of the training set, on the benchmark's machines.
//
// Source: the records of three cells in the benchmark's own file; the parameters of all cells
// agree.
func (t *Table) Cost(a datasets.Arch) Cost {
	cell := cellOf(a)
	parameters, flops := 72_656, 7_782_400
	for _, op := range cell {
		switch op {
		case Conv3x3:
			parameters += 243_040
			flops += 35_389_440
		case Conv1x1:
			parameters += 28_000
			flops += 3_932_160
		}
	}
	if t.data.name == "imagenet16" {
		flops /= 4 // images of 16 x 16 pixels and not 32 x 32
	}
	const features = 65 // of the classifier, with its bias
	cost := Cost{Parameters: parameters + features*t.data.classes, FLOPs: float64(flops+features*t.data.classes) / 1e6}
	if t.seconds != nil {
		cost.Seconds = t.seconds[Space{}.Index(cell)]
	}
	return cost
}

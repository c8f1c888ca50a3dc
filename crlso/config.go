package crlso

import (
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
)

// Config holds every hyperparameter of the method once. The presets give the values that the
// authors' code uses; accuracies that the networks see are fractions in [0, 1].
type Config struct {
	// Seed is the source of everything random in training: training set, initial set, weights,
	// batches, noise. For a Searcher it is the seed of the training set and the pretraining that
	// all its searches share.
	Seed uint64
	// SearchSeed is the source of everything random in the search: fine-tuning and noise on starts.
	SearchSeed uint64

	// TrainingSet is the number of architectures that the graph VAE is trained on, drawn from Seed;
	// 0 is all, as released. A finite space is drawn from uniformly, another one by Space.Sample.
	// The initial set is always part of it.
	TrainingSet int

	Networks // sizes and forms of encoder, decoder and surrogate

	KLWeight     float64 // beta
	ReparamNoise float64 // factor on the standard deviation when z is sampled in training
	ICNNOnMean   bool    // train the surrogate on mu instead of the sampled z

	// PerformanceWeight is the factor of the regression in the joint objective, 1 as released. 0,
	// the ablation of joint training, trains the graph VAE alone, without labels, and leaves it to
	// the search's fine-tuning to fit the surrogate, to fixed latents. With Direction Stay there is
	// no surrogate at all.
	PerformanceWeight float64
	// Supervised trains on the accuracies of the initial set alone, without predictor and
	// pseudo-labels: the ablation of semi-supervision. The regression is then the mean over those
	// in a batch.
	Supervised bool
	// LabelTransform is applied to accuracies before networks see them; for the ablation of the
	// transform.
	LabelTransform LabelTransform

	// Semi-supervised predictor.
	PredictorDim    int // width of its convolutions and of its MLP
	PredictorLayers int // rounds of message passing
	PredictorCode   int // dimension of the code between convolutions and MLP

	Predictor nn.Training // on the initial set
	Pretrain  nn.Training // the graph VAE alone, without labels, before Joint; 0 epochs, as released, are none
	WarmUp    nn.Training // the surrogate alone, on the latents that Joint begins with; 0 epochs, as released, are none
	Joint     nn.Training // graph VAE and surrogate together, on the training set
	FineTune  nn.Training // the surrogate alone on the labelled set, in every round of the search

	// Search.
	InitialSet    int       // Q_start, labelled architectures to start from
	Budget        int       // Q_end, labelled architectures at the end
	TopK          int       // architectures that a round starts from
	StepSize      float64   // eta, first step along the gradient
	StepIncrement float64   // added to eta each time the decoded architecture is already labelled
	SearchNoise   float64   // s, standard deviation of the noise on a start, per dimension
	Direction     Direction // which way the step goes
	MaxRetries    int       // attempts from one start before the round gives up on it
	FineTuneNoise float64   // standard deviation of the noise on latents in fine-tuning
	LabelNoise    float64   // standard deviation of the noise on accuracies in fine-tuning
}

// LabelTransform is what the networks see in place of accuracies.
type LabelTransform string

const (
	// FractionLabels are accuracies as fractions, as released.
	FractionLabels LabelTransform = "fractions"
	// QuantileLabels are 0.8 + 0.1 q for the normal quantiles q of the accuracies among those that
	// a network is fitted to: [stats.NormalQuantiles]. They keep the order, and tell good
	// architectures apart as well as bad ones. Mean and deviation are near those of the cells of
	// NAS-Bench-201 on CIFAR-10, 0.84 and 0.13, so learning rates and noise suit both kinds of
	// labels.
	QuantileLabels LabelTransform = "normal quantiles"
)

// targets returns the labels of architectures with these accuracies, both in percent.
func (t LabelTransform) targets(accuracies []float64) []float64 {
	if t != QuantileLabels {
		return accuracies
	}
	targets := stats.NormalQuantiles(accuracies)
	for i, q := range targets {
		targets[i] = 80 + 10*q
	}
	return targets
}

// Direction is the sign of the search step with respect to predicted accuracy.
type Direction int

const (
	Ascend  Direction = 1  // towards higher predicted accuracy: the method as intended
	Stay    Direction = 0  // no step, only noise: an ablation
	Descend Direction = -1 // towards lower predicted accuracy: what the released scripts do
)

// Validate reports every value that cannot work, in one line.
func (c Config) Validate() error {
	var p problems
	c.Networks.check(p.check)
	check := p.check
	for _, f := range []struct {
		name  string
		value int
	}{
		{"PredictorDim", c.PredictorDim}, {"PredictorLayers", c.PredictorLayers}, {"PredictorCode", c.PredictorCode},
		{"InitialSet", c.InitialSet}, {"TopK", c.TopK}, {"MaxRetries", c.MaxRetries},
	} {
		check(f.value >= 1, "%s is %d, want at least 1", f.name, f.value)
	}
	check(c.TrainingSet == 0 || c.TrainingSet >= c.InitialSet,
		"TrainingSet is %d, want 0 or at least the InitialSet of %d", c.TrainingSet, c.InitialSet)
	check(c.Budget >= c.InitialSet, "Budget is %d, below the InitialSet of %d", c.Budget, c.InitialSet)
	check(c.TopK <= c.InitialSet, "TopK is %d, above the InitialSet of %d", c.TopK, c.InitialSet)
	check(c.PerformanceWeight >= 0, "PerformanceWeight is %g, want 0 or more", c.PerformanceWeight)
	check(c.LabelTransform == FractionLabels || c.LabelTransform == QuantileLabels,
		"LabelTransform is %q, want %q or %q", c.LabelTransform, FractionLabels, QuantileLabels)
	check(c.Direction >= Descend && c.Direction <= Ascend, "Direction is %d, want -1, 0 or 1", c.Direction)
	c.checkTrainings(check)
	return p.err()
}

// checkTrainings checks the schedules of all stages.
func (c Config) checkTrainings(check func(ok bool, format string, args ...any)) {
	for _, f := range []struct {
		name  string
		t     nn.Training
		least int // epochs
	}{
		{"Predictor", c.Predictor, 1}, {"Pretrain", c.Pretrain, 0}, {"WarmUp", c.WarmUp, 0},
		{"Joint", c.Joint, 1}, {"FineTune", c.FineTune, 1},
	} {
		check(f.t.Epochs >= f.least, "%s.Epochs is %d, want at least %d", f.name, f.t.Epochs, f.least)
		if f.t.Epochs == 0 {
			continue
		}
		check(f.t.Batch >= 1, "%s.Batch is %d, want at least 1", f.name, f.t.Batch)
		check(f.t.LearningRate > 0, "%s.LearningRate is %g, want above 0", f.name, f.t.LearningRate)
		check(f.t.Beta1 >= 0 && f.t.Beta1 < 1 && f.t.Beta2 >= 0 && f.t.Beta2 < 1,
			"%s.Beta1 and Beta2 are %g and %g, want 0 <= beta < 1", f.name, f.t.Beta1, f.t.Beta2)
	}
}

// ValidateFor is Validate, and checks that the training set can be had from a space.
func (c Config) ValidateFor(space datasets.Space) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := c.Networks.ValidateFor(space); err != nil {
		return err
	}
	finite, ok := space.(datasets.FiniteSpace)
	switch {
	case !ok && c.TrainingSet == 0:
		return fmt.Errorf("configuration: TrainingSet is 0, which is all architectures, but %s cannot be enumerated; set how many to draw", space.Name())
	case ok && c.TrainingSet > 0 && c.TrainingSet > finite.Len():
		return fmt.Errorf("configuration: TrainingSet is %d, but %s has only %d architectures", c.TrainingSet, space.Name(), finite.Len())
	}
	return nil
}

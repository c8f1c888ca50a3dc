package crlso

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Config holds every hyperparameter of the method once. The presets give the values that the
// authors' code uses; accuracies that the networks see are fractions in [0, 1].
type Config struct {
	// Seed is the source of everything random in training: initial set, weights, batches, noise.
	Seed uint64
	// SearchSeed is the source of everything random in the search: fine-tuning and noise on starts.
	SearchSeed uint64

	// Graph VAE.
	LatentDim     int     // Z, dimension of the latent space
	HiddenDim     int     // H, width of encoder and decoder
	EncoderLayers int     // rounds of message passing
	StateScale    float64 // factor on the node states, and on their sum, after a round; 1 as released
	DecoderBlocks int     // H->H residual blocks before the one that produces the scores
	KLWeight      float64 // beta
	ReparamNoise  float64 // factor on the standard deviation when z is sampled in training

	// Input convex neural network.
	ICNNWidth  int
	ICNNLayers int      // K, hidden layers above the first
	ICNNForm   ICNNForm // where the activation stands
	ICNNOnMean bool     // train the ICNN on mu instead of the sampled z

	// Semi-supervised predictor.
	PredictorDim    int // width of its convolutions and of its MLP
	PredictorLayers int // rounds of message passing
	PredictorCode   int // dimension of the code between convolutions and MLP

	Predictor Training // on the initial set
	Joint     Training // graph VAE and ICNN together, on the whole space
	FineTune  Training // the ICNN alone on the labelled set, in every round of the search

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

// ICNNForm is where an ICNN applies its activation.
type ICNNForm string

const (
	// ActivationPerTerm is h' = LeakyReLU(U h) + LeakyReLU(V z), as in the released code.
	ActivationPerTerm ICNNForm = "per term"
	// ActivationOfSum is h' = LeakyReLU(U h + V z), as in Amos et al. 2017.
	ActivationOfSum ICNNForm = "of sum"
)

// Direction is the sign of the search step with respect to predicted accuracy.
type Direction int

const (
	Ascend  Direction = 1  // towards higher predicted accuracy: the method as intended
	Stay    Direction = 0  // no step, only noise: an ablation
	Descend Direction = -1 // towards lower predicted accuracy: what the released scripts do
)

// Released201 is the authors' configuration for NAS-Bench-201 (nas_bench_201_experiments), except
// that the search climbs where theirs descends.
func Released201() Config {
	adam := Training{Epochs: 200, Batch: 256, LearningRate: 1e-4, Beta1: 0, Beta2: 0.5}
	predictor, joint, fineTune := adam, adam, adam
	predictor.Batch, predictor.MinLearningRate = 32, 1e-5
	joint.WeightDecay, joint.ClipNorm = 3e-5, 5
	fineTune.Epochs, fineTune.Batch, fineTune.MinLearningRate, fineTune.WeightDecay = 50, 32, 1e-5, 1e-5
	return Config{
		LatentDim: 16, HiddenDim: 256, EncoderLayers: 3, StateScale: 1, DecoderBlocks: 1,
		KLWeight: 0.005, ReparamNoise: 0.01,
		ICNNWidth: 128, ICNNLayers: 4, ICNNForm: ActivationPerTerm,
		PredictorDim: 64, PredictorLayers: 4, PredictorCode: 64,
		Predictor: predictor, Joint: joint, FineTune: fineTune,
		InitialSet: 300, Budget: 500, TopK: 10,
		StepSize: 0.2, StepIncrement: 0.2, SearchNoise: 0.5, Direction: Ascend, MaxRetries: 100,
		FineTuneNoise: 0.05, LabelNoise: 0.01,
	}
}

// Paper201 is the larger configuration for NAS-Bench-201 that a later fork of the authors' code gives
// as the paper's.
func Paper201() Config {
	c := Released201()
	c.LatentDim, c.HiddenDim, c.ICNNWidth = 64, 512, 256
	c.PredictorDim, c.PredictorLayers = 512, 3
	c.Joint.Batch = 512
	c.TopK = 5
	return c
}

// Released101 is the authors' configuration for NAS-Bench-101 (nas_bench_101_experiments), except
// that the search climbs where theirs descends.
func Released101() Config {
	c := Released201()
	c.LatentDim, c.HiddenDim, c.DecoderBlocks, c.ICNNWidth = 64, 512, 2, 256
	c.KLWeight, c.ICNNOnMean = 0.1, true
	c.Joint.Batch, c.Joint.WeightDecay = 512, 0
	c.FineTune.Batch = 256
	c.InitialSet, c.Budget = 600, 900
	c.SearchNoise, c.LabelNoise = 0.05, 0
	return c
}

var presets = map[string]func() Config{
	"released201": Released201,
	"paper201":    Paper201,
	"released101": Released101,
}

// Presets lists the names that Preset knows.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// Preset returns the configuration of that name: released201, paper201 or released101.
func Preset(name string) (Config, error) {
	preset, ok := presets[name]
	if !ok {
		return Config{}, fmt.Errorf("unknown preset %q; known are %s", name, strings.Join(Presets(), ", "))
	}
	return preset(), nil
}

// Scales lists the scales that AtScale knows, the smallest first.
var Scales = []string{"smoke", "laptop", "paper"}

// AtScale returns the configuration for NAS-Bench-201 at one of the notebooks' scales; "" is laptop:
//
//	smoke   networks of an eighth of the width and two epochs: shows that everything runs
//	laptop  Released201 with 80 epochs of joint training instead of 200
//	paper   Paper201
func AtScale(scale string) (Config, error) {
	c := Released201()
	switch scale {
	case "smoke":
		c.HiddenDim, c.ICNNWidth, c.PredictorDim, c.PredictorCode = 32, 16, 32, 32
		c.Predictor.Epochs, c.Joint.Epochs, c.FineTune.Epochs = 40, 2, 5
		c.Predictor.LearningRate, c.Joint.LearningRate = 1e-3, 1e-3
		c.InitialSet, c.Budget = 60, 100
	case "laptop", "":
		c.Joint.Epochs = 80
	case "paper":
		c = Paper201()
	default:
		return Config{}, fmt.Errorf("unknown scale %q; known are %s", scale, strings.Join(Scales, ", "))
	}
	return c, nil
}

// Validate reports every value that cannot work, in one line.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"LatentDim", c.LatentDim}, {"HiddenDim", c.HiddenDim}, {"EncoderLayers", c.EncoderLayers},
		{"ICNNWidth", c.ICNNWidth}, {"ICNNLayers", c.ICNNLayers},
		{"PredictorDim", c.PredictorDim}, {"PredictorLayers", c.PredictorLayers}, {"PredictorCode", c.PredictorCode},
		{"InitialSet", c.InitialSet}, {"TopK", c.TopK}, {"MaxRetries", c.MaxRetries},
	} {
		check(f.value >= 1, "%s is %d, want at least 1", f.name, f.value)
	}
	check(c.StateScale > 0, "StateScale is %g, want above 0", c.StateScale)
	check(c.DecoderBlocks >= 0, "DecoderBlocks is %d, want 0 or more", c.DecoderBlocks)
	check(c.Budget >= c.InitialSet, "Budget is %d, below the InitialSet of %d", c.Budget, c.InitialSet)
	check(c.TopK <= c.InitialSet, "TopK is %d, above the InitialSet of %d", c.TopK, c.InitialSet)
	check(c.ICNNForm == ActivationPerTerm || c.ICNNForm == ActivationOfSum,
		"ICNNForm is %q, want %q or %q", c.ICNNForm, ActivationPerTerm, ActivationOfSum)
	check(c.Direction >= Descend && c.Direction <= Ascend, "Direction is %d, want -1, 0 or 1", c.Direction)
	for _, f := range []struct {
		name string
		t    Training
	}{{"Predictor", c.Predictor}, {"Joint", c.Joint}, {"FineTune", c.FineTune}} {
		check(f.t.Epochs >= 1, "%s.Epochs is %d, want at least 1", f.name, f.t.Epochs)
		check(f.t.Batch >= 1, "%s.Batch is %d, want at least 1", f.name, f.t.Batch)
		check(f.t.LearningRate > 0, "%s.LearningRate is %g, want above 0", f.name, f.t.LearningRate)
		check(f.t.Beta1 >= 0 && f.t.Beta1 < 1 && f.t.Beta2 >= 0 && f.t.Beta2 < 1,
			"%s.Beta1 and Beta2 are %g and %g, want 0 <= beta < 1", f.name, f.t.Beta1, f.t.Beta2)
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("configuration: %s", strings.ReplaceAll(errors.Join(errs...).Error(), "\n", "; "))
}

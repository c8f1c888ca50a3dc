package crlso

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/stats"
)

// Config holds every hyperparameter of the method once. The presets give the values that the
// authors' code uses; accuracies that the networks see are fractions in [0, 1].
type Config struct {
	// Seed is the source of everything random in training: training set, initial set, weights, batches, noise. For a
	// Searcher it is the seed of the training set and the pretraining that all its searches share.
	Seed uint64
	// SearchSeed is the source of everything random in the search: fine-tuning and noise on starts.
	SearchSeed uint64

	// TrainingSet is the number of architectures that the graph VAE is trained on, drawn from Seed; 0 is all, as released.
	// A finite space is drawn from uniformly, another one by Space.Sample. The initial set is always part of it.
	TrainingSet int

	// Graph VAE.
	LatentDim     int     // Z, dimension of the latent space
	HiddenDim     int     // H, width of encoder and decoder
	EncoderLayers int     // rounds of message passing
	StateScale    float64 // factor on the node states, and on their sum, after a round; 1 as released
	DecoderBlocks int     // H->H residual blocks before the one that produces the scores
	KLWeight      float64 // beta
	ReparamNoise  float64 // factor on the standard deviation when z is sampled in training

	// Surrogate f of accuracy: an input convex neural network, or for the ablation of convexity an MLP.
	Surrogate  SurrogateKind
	ICNNWidth  int
	ICNNLayers int      // K, hidden layers above the first
	ICNNForm   ICNNForm // where the ICNN's activation stands
	ICNNOnMean bool     // train the surrogate on mu instead of the sampled z

	// PerformanceWeight is the factor of the regression in the joint objective, 1 as released. 0, the ablation of
	// joint training, trains the graph VAE alone, without labels, and leaves it to the search's fine-tuning
	// to fit the surrogate, to fixed latents. With Direction Stay there is no surrogate at all.
	PerformanceWeight float64
	// Supervised trains on the accuracies of the initial set alone, without predictor and pseudo-labels: the
	// ablation of semi-supervision. The regression is then the mean over those in a batch.
	Supervised bool
	// LabelTransform is applied to accuracies before networks see them; for the ablation of the transform.
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

// SurrogateKind is a kind of network that models accuracy as 1 - f(z).
type SurrogateKind string

const (
	// ICNNSurrogate is [ICNN], convex in z: the method.
	ICNNSurrogate SurrogateKind = "icnn"
	// MLPSurrogate is [MLP], of the same width and number of layers, and not convex.
	MLPSurrogate SurrogateKind = "mlp"
)

// LabelTransform is what the networks see in place of accuracies.
type LabelTransform string

const (
	// FractionLabels are accuracies as fractions, as released.
	FractionLabels LabelTransform = "fractions"
	// QuantileLabels are 0.8 + 0.1 q for the normal quantiles q of the accuracies among those that a
	// network is fitted to: [stats.NormalQuantiles]. They keep the order, and tell good
	// architectures apart as well as bad ones. Mean and deviation are near those of the cells of
	// NAS-Bench-201 on CIFAR-10, 0.84 and 0.13, so learning rates and noise suit both kinds of labels.
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
	adam := nn.Training{Epochs: 200, Batch: 256, LearningRate: 1e-4, Beta1: 0, Beta2: 0.5}
	predictor, joint, fineTune := adam, adam, adam
	predictor.Batch, predictor.MinLearningRate = 32, 1e-5
	joint.WeightDecay, joint.ClipNorm = 3e-5, 5
	fineTune.Epochs, fineTune.Batch, fineTune.MinLearningRate, fineTune.WeightDecay = 50, 32, 1e-5, 1e-5
	return Config{
		LatentDim: 16, HiddenDim: 256, EncoderLayers: 3, StateScale: 1, DecoderBlocks: 1,
		KLWeight: 0.005, ReparamNoise: 0.01,
		Surrogate: ICNNSurrogate, ICNNWidth: 128, ICNNLayers: 4, ICNNForm: ActivationPerTerm,
		PerformanceWeight: 1, LabelTransform: FractionLabels,
		PredictorDim: 64, PredictorLayers: 4, PredictorCode: 64,
		Predictor: predictor, Joint: joint, FineTune: fineTune,
		InitialSet: 300, Budget: 500, TopK: 10,
		StepSize: 0.2, StepIncrement: 0.2, SearchNoise: 0.5, Direction: Ascend, MaxRetries: 100,
		FineTuneNoise: 0.05, LabelNoise: 0.01,
	}
}

// NGAE201 is Released201 with an MLP in place of the ICNN: gradient search in a latent space that nothing makes
// convex, as in NGAE (Li, Liu, Liu and Wang, "Neural Architecture Optimization with Graph VAE", arXiv 2006.10310),
// which trains encoder, decoder and regression on accuracy together. It departs from that paper in
// having no second regression on complexity, and in everything else that it shares with CR-LSO here,
// so that convexity is all that tells the two apart: graph VAE, pseudo-labels, schedules and search.
func NGAE201() Config {
	c := Released201()
	c.Surrogate = MLPSurrogate
	return c
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

// Short201 is Released201 for comparisons over many seeds, of 200 queries of which 100 are the initial set. It has the
// released networks, objective, predictor and search, and another way to the joint optimum: the graph VAE is pretrained
// without labels, once for all searches of a [Searcher]; in each search the surrogate is fitted to the latents that are
// there; and joint training takes 3 epochs at ten times the released rate, with Adam's usual moments, instead
// of 200. Every cell then decodes to itself, as after the full schedule, but the surrogate follows the
// pseudo-labels less closely: Kendall's tau between the two is about 0.7.
func Short201() Config {
	c := Released201()
	c.InitialSet, c.Budget = 100, 200
	c.shorten(15)
	return c
}

// Quick201 is Released201 with a quarter of the epochs of joint training at twenty times the rate, which end at the same loss.
func Quick201() Config {
	c := Released201()
	c.Joint.Epochs, c.Joint.LearningRate = 50, 2e-3
	return c
}

// shorten sets the schedule of Short201, with some epochs of pretraining.
func (c *Config) shorten(pretrain int) {
	c.Pretrain = quick(pretrain, 256)
	c.WarmUp = nn.Training{Epochs: 10, Batch: 256, LearningRate: 3e-3, Beta1: 0.9, Beta2: 0.999}
	weightDecay := c.Joint.WeightDecay
	c.Joint = quick(3, 256)
	c.Joint.WeightDecay = weightDecay
}

// Released101 is the authors' configuration for NAS-Bench-101 (nas_bench_101_experiments), except
// that the search climbs where theirs descends. It trains on all 423,624 cells.
func Released101() Config {
	c := Released201()
	c.LatentDim, c.HiddenDim, c.DecoderBlocks, c.ICNNWidth = 64, 512, 2, 256
	c.KLWeight, c.ICNNOnMean = 0.1, true
	c.Joint.Batch, c.Joint.WeightDecay = 512, 0
	c.FineTune.Batch = 256
	c.InitialSet, c.Budget = 600, 900
	c.SearchNoise, c.LabelNoise = 0.05, 0
	c.MaxRetries = 1000 // with so little noise, a start often leads to what is known; the release has no limit
	return c
}

// Short101 is to Released101 what Short201 is to Released201, for comparisons of 150 queries of which 50 are the initial
// set. So that a whole training takes seconds, encoder and decoder have a width of 128, and the training
// set is 10,000 cells.
func Short101() Config {
	c := Released101()
	c.HiddenDim, c.TrainingSet = 128, 10_000
	c.InitialSet, c.Budget = 50, 150
	c.SearchNoise = 0.2 // with 0.05, seven searches of a hundred come to a round in which no start leads to a new cell
	c.shorten(60)
	return c
}

// Extended301 is this project's configuration for NAS-Bench-301, which the authors published none for: the released
// networks of NAS-Bench-201, whose edges carry operations too, with the larger latent space and ICNN of NAS-Bench-101
// for two cells. Accuracies of random architectures differ by 0.7 points here, by 13 on NAS-Bench-201: as fractions they are
// lost in the noise of a predictor of the released schedule, whose order has a Kendall tau of about 0, so the networks see
// normal quantiles, and the predictor learns faster. Joint training is shorter than as released, at a higher rate; the
// budget is that of the comparisons with other searches.
func Extended301() Config {
	c := Released201()
	c.LabelTransform, c.Predictor = QuantileLabels, quick(200, 32)
	c.TrainingSet = 100_000
	c.LatentDim, c.DecoderBlocks, c.ICNNWidth, c.ICNNOnMean = 64, 2, 256, true
	c.Joint = quick(100, 512)
	c.InitialSet, c.Budget = 100, 192
	c.SearchNoise, c.MaxRetries = 0.2, 1000
	return c
}

// Short301 is Extended301 with the schedule, width and training set of Short101.
func Short301() Config {
	c := Extended301()
	c.HiddenDim, c.TrainingSet = 128, 10_000
	c.InitialSet = 50
	c.shorten(60)
	return c
}

// quick is a schedule that reaches the joint optimum in fewer epochs than the released one: ten times its rate, with
// Adam's usual moments.
func quick(epochs, batch int) nn.Training {
	return nn.Training{Epochs: epochs, Batch: batch, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, ClipNorm: 5}
}

var presets = map[string]func() Config{
	"released201": Released201,
	"paper201":    Paper201,
	"ngae201":     NGAE201,
	"short201":    Short201,
	"quick201":    Quick201,
	"released101": Released101,
	"short101":    Short101,
	"extended301": Extended301,
	"short301":    Short301,
}

// Presets lists the names that Preset knows.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// Preset returns the configuration of one of the names of Presets.
func Preset(name string) (Config, error) {
	preset, ok := presets[name]
	if !ok {
		return Config{}, fmt.Errorf("unknown preset %q; known are %s", name, strings.Join(Presets(), ", "))
	}
	return preset(), nil
}

// Scales lists the scales of the notebooks, the smallest first.
var Scales = []string{"smoke", "laptop", "paper"}

// AtScale returns the configuration for NAS-Bench-201 at one of the notebooks' scales; "" is laptop:
//
//	smoke   networks of an eighth of the width and two epochs: shows that everything runs
//	laptop  Released201 with 80 epochs of joint training instead of 200
//	paper   Paper201
func AtScale(scale string) (Config, error) {
	laptop := Released201()
	laptop.Joint.Epochs = 80
	smoke := smokeOf(laptop)
	smoke.Joint.Epochs, smoke.Joint.LearningRate = 2, 1e-3
	return atScale(scale, smoke, laptop, Paper201())
}

// AtScale101 is AtScale for NAS-Bench-101:
//
//	smoke   1,000 cells, small networks
//	laptop  30,000 cells, Released101 with 30 epochs of a faster schedule of this project's instead of 200
//	paper   Released101, all 423,624 cells
func AtScale101(scale string) (Config, error) {
	laptop := Released101()
	laptop.TrainingSet = 30_000
	laptop.Joint = quick(30, 128)
	laptop.Joint.LearningRate = 5e-4 // at 1e-3, networks of this width diverge
	laptop.SearchNoise = 0.2         // with 0.05, from some round on no start leads to a new cell
	smoke := smokeOf(laptop)
	smoke.TrainingSet, smoke.Joint = 1000, quick(25, 50)
	smoke.SearchNoise = 1 // or its decoder, hardly trained, would say little that is new
	return atScale(scale, smoke, laptop, Released101())
}

// AtScale301 is AtScale for NAS-Bench-301:
//
//	smoke   1,000 architectures, small networks
//	laptop  Extended301 with 20,000 architectures and 40 epochs
//	paper   Extended301, 100,000 architectures
func AtScale301(scale string) (Config, error) {
	laptop := Extended301()
	laptop.TrainingSet = 20_000
	laptop.Joint = quick(40, 128)
	smoke := smokeOf(laptop)
	smoke.TrainingSet, smoke.Joint = 1000, quick(5, 50)
	smoke.SearchNoise = 1
	return atScale(scale, smoke, laptop, Extended301())
}

// smokeOf returns c with small networks and few labels. Joint training is for the caller to shorten.
func smokeOf(c Config) Config {
	c.HiddenDim, c.ICNNWidth, c.PredictorDim, c.PredictorCode = 32, 16, 32, 32
	c.Predictor.Epochs, c.FineTune.Epochs = 40, 5
	c.Predictor.LearningRate = 1e-3
	c.InitialSet, c.Budget = 60, 100
	return c
}

func atScale(scale string, smoke, laptop, paper Config) (Config, error) {
	switch scale {
	case "smoke":
		return smoke, nil
	case "laptop", "":
		return laptop, nil
	case "paper":
		return paper, nil
	}
	return Config{}, fmt.Errorf("unknown scale %q; known are %s", scale, strings.Join(Scales, ", "))
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
	check(c.TrainingSet == 0 || c.TrainingSet >= c.InitialSet,
		"TrainingSet is %d, want 0 or at least the InitialSet of %d", c.TrainingSet, c.InitialSet)
	check(c.DecoderBlocks >= 0, "DecoderBlocks is %d, want 0 or more", c.DecoderBlocks)
	check(c.Budget >= c.InitialSet, "Budget is %d, below the InitialSet of %d", c.Budget, c.InitialSet)
	check(c.TopK <= c.InitialSet, "TopK is %d, above the InitialSet of %d", c.TopK, c.InitialSet)
	check(c.Surrogate == ICNNSurrogate || c.Surrogate == MLPSurrogate,
		"Surrogate is %q, want %q or %q", c.Surrogate, ICNNSurrogate, MLPSurrogate)
	check(c.PerformanceWeight >= 0, "PerformanceWeight is %g, want 0 or more", c.PerformanceWeight)
	check(c.LabelTransform == FractionLabels || c.LabelTransform == QuantileLabels,
		"LabelTransform is %q, want %q or %q", c.LabelTransform, FractionLabels, QuantileLabels)
	check(c.ICNNForm == ActivationPerTerm || c.ICNNForm == ActivationOfSum,
		"ICNNForm is %q, want %q or %q", c.ICNNForm, ActivationPerTerm, ActivationOfSum)
	check(c.Direction >= Descend && c.Direction <= Ascend, "Direction is %d, want -1, 0 or 1", c.Direction)
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
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("configuration: %s", strings.ReplaceAll(errors.Join(errs...).Error(), "\n", "; "))
}

package crlso

import (
	"fmt"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
)

// schema101 is a space of one architecture, again and again, with the schema of NAS-Bench-101: what
// the sizes of networks depend on.
type schema101 struct{ datasets.FiniteSpace }

func (schema101) Name() string         { return "schema of NAS-Bench-101" }
func (schema101) Len() int             { return Tiny201().TrainingSet }
func (schema101) At(int) datasets.Arch { return nil }
func (schema101) Encode(datasets.Arch) datasets.Graph {
	return datasets.Graph{
		Nodes:  make([]int32, 7),
		Edges:  append(make([]int32, 20), -1),
		Labels: make([]int32, 49+7),
	}
}

func (schema101) Schema() datasets.Schema {
	return datasets.Schema{Nodes: 7, NodeTypes: 6, Heads: []datasets.Head{
		{Name: "adjacency", Groups: 49, Classes: 1},
		{Name: "operation", Groups: 7, Classes: 6},
	}}
}

// TestSizes compares the number of weights with those counted in the authors' PyTorch code.
func TestSizes(t *testing.T) {
	for _, test := range []struct {
		preset string
		space  datasets.FiniteSpace
		want   int
	}{
		{"released201", space, 792_800},
		{"paper201", space, 3_162_480},
		{"released101", schema101{}, 3_696_544},
	} {
		t.Run(test.preset, func(t *testing.T) {
			config, err := Preset(test.preset)
			if err != nil {
				t.Fatal(err)
			}
			m := newModel(t, testbed.Go(t), test.space, config)
			if got, _ := m.NumWeights(); got != test.want {
				t.Errorf("%d weights, want %d", got, test.want)
			}
			if test.preset != "released201" {
				return
			}
			for scope, want := range map[string]int{encoderScope: 540_724, decoderScope: 176_028, icnnScope: 76_048} {
				if got := m.store.Scope(scope).NumParameters(); got != want {
					t.Errorf("%s has %d weights, want %d", scope, got, want)
				}
			}
		})
	}
}

func TestUnknownPreset(t *testing.T) {
	_, err := Preset("released301")
	expect.ErrorLine(t, err, "released301", "paper201", "released101", "released201")
}

func TestValidate(t *testing.T) {
	for _, name := range Presets() {
		config, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, change := range map[string]func(*Config){
		"LatentDim is 0":                  func(c *Config) { c.LatentDim = 0 },
		"Budget is 299, below":            func(c *Config) { c.Budget = 299 },
		"TopK is 301, above":              func(c *Config) { c.TopK = 301 },
		`ICNNForm is "relu"`:              func(c *Config) { c.ICNNForm = "relu" },
		"Direction is 2":                  func(c *Config) { c.Direction = 2 },
		"Joint.Batch is 0":                func(c *Config) { c.Joint.Batch = 0 },
		"FineTune.Epochs is 0":            func(c *Config) { c.FineTune.Epochs = 0 },
		"Predictor.LearningRate is -0.01": func(c *Config) { c.Predictor.LearningRate = -0.01 },
		"MaxRetries is 0":                 func(c *Config) { c.MaxRetries = 0 },
		`Surrogate is ""`:                 func(c *Config) { c.Surrogate = "" },
		"PerformanceWeight is -1":         func(c *Config) { c.PerformanceWeight = -1 },
		`LabelTransform is "log"`:         func(c *Config) { c.LabelTransform = "log" },
		"Pretrain.Epochs is -1, want":     func(c *Config) { c.Pretrain.Epochs = -1 },
		"WarmUp.LearningRate is 0":        func(c *Config) { c.WarmUp = nn.Training{Epochs: 1, Batch: 1} },
		"Pretrain.Batch is 0":             func(c *Config) { c.Pretrain = nn.Training{Epochs: 1, LearningRate: 1} },
	} {
		config := Released201()
		change(&config)
		expect.ErrorLine(t, config.Validate(), want)
	}
	config := Released201()
	config.HiddenDim, config.Joint.Beta2 = -1, 1
	expect.ErrorLine(t, config.Validate(), "HiddenDim is -1", "Joint.Beta1 and Beta2 are 0 and 1")
}

// TestInitialWeights checks the bound of PyTorch's default initialisation, and that seeds matter
// and backends do not.
func TestInitialWeights(t *testing.T) {
	config := Tiny201()
	testbed.OnBackends(t, func(t *testing.T, backend compute.Backend) {
		a := testbed.Weights(t, newModel(t, backend, space, config).Store())
		b := testbed.Weights(t, newModel(t, testbed.Go(t), space, config).Store())
		config := config
		config.Seed++
		c := testbed.Weights(t, newModel(t, backend, space, config).Store())
		path := decoderScope + "/dense/weights"
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Error("the same seed gives other weights")
		}
		if fmt.Sprint(a[path]) == fmt.Sprint(c[path]) {
			t.Error("another seed gives the same weights")
		}
		sum := 0.0
		for _, w := range a[path] {
			if w*w > 1/float32(config.LatentDim) {
				t.Errorf("weight %g is beyond 1/sqrt(%d)", w, config.LatentDim)
			}
			sum += float64(w * w)
		}
		// The mean square of a uniform variable in +-b is b^2/3.
		if got, want := sum/float64(len(a[path])), 1/float64(3*config.LatentDim); got < 0.8*want || got > 1.2*want {
			t.Errorf("mean square of the weights is %g, want about %g", got, want)
		}
	})
}

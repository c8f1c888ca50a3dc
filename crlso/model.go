package crlso

import (
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Model is the graph VAE, the surrogate and the predictor of one space, with their weights and the
// graphs of the training set on the backend's device. It must not be used from several goroutines.
type Model struct {
	Config Config // the sizes of networks and of the training set must not be changed
	Space  datasets.Space
	// Devices is the number of the backend's devices that Pretrain and TrainJoint split each batch
	// over; 0 is one. It has to divide their Batch. Random numbers are the same for any number, so
	// results differ by rounding only.
	Devices int
	// BFloat16 makes training round activations and weights to bfloat16 where they are multiplied,
	// for devices that are faster at that. Sums, stored weights, losses and Adam stay in float32,
	// and so does all that is not TrainPredictor, Pretrain or TrainJoint.
	BFloat16 bool

	backend compute.Backend
	store   *model.Store
	schema  datasets.Schema

	training Table
	drawn    []datasets.Arch // the training set before labelled architectures entered it; nil if it is the whole space

	encode, predict, decode, performance *model.Exec
	programs                             programs
}

// Where the weights of each network stand in the store.
const (
	gvaeScope      = "/gvae"
	encoderScope   = "/gvae/encoder"
	decoderScope   = "/gvae/decoder"
	icnnScope      = "/gvae/icnn"
	predictorScope = "/predictor"
)

// NewModel returns a model with initial weights drawn from config.Seed.
func NewModel(backend compute.Backend, space datasets.Space, config Config) (*Model, error) {
	if err := config.ValidateFor(space); err != nil {
		return nil, err
	}
	m := &Model{
		Config:  config,
		Space:   space,
		backend: backend,
		store:   model.NewStore(),
		schema:  space.Schema(),
	}
	nn.SetSeed(m.store, config.Seed)

	archs, whole, err := drawTrainingSet(space, config.TrainingSet, nn.NewRand(config.Seed, "training set", 0))
	if err != nil {
		return nil, err
	}
	if !whole {
		m.drawn = archs
	}
	m.training = NewTable(space, archs, len(archs))
	if err := m.compile(); err != nil {
		return nil, fmt.Errorf("model of %s: %w", space.Name(), err)
	}
	return m, nil
}

// batchSize is the number of architectures that Encode, PseudoLabels, Decode and Performance take
// to the device at once.
const batchSize = 1024

// compile prepares the programs that apply the networks; each is compiled when it is first used.
func (m *Model) compile() (err error) {
	// The log-variance is an output too, because GoMLX's Go backend (compute v0.1.2) fails on
	// weights that no output needs.
	m.encode, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, nodes, edges *Node) (mu, logVar *Node) {
		return Encoder(m.store.Scope(encoderScope), m.Config.Networks, m.graphs(nodes, edges))
	})
	if err != nil {
		return err
	}
	m.predict, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, nodes, edges *Node) *Node {
		return MulScalar(Predictor(m.store.Scope(predictorScope), m.Config, m.graphs(nodes, edges)), 100)
	})
	if err != nil {
		return err
	}
	m.decode, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, z *Node) *Node {
		return Decoder(m.store.Scope(decoderScope), m.Config.Networks, m.schema, z, nil)
	})
	if err != nil {
		return err
	}
	m.performance, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, z *Node) *Node {
		return MulScalar(Performance(m.store.Scope(icnnScope), m.Config.Networks, z), 100)
	})
	if err != nil {
		return err
	}
	return m.createWeights()
}

// createWeights builds all networks once, which creates their weights. Nothing is computed.
func (m *Model) createWeights() error {
	exec, err := model.NewExec(m.backend, m.store, func(_ *model.Scope, nodes, edges *Node) *Node {
		graphs := m.graphs(nodes, edges)
		mu, _ := Encoder(m.store.Scope(encoderScope), m.Config.Networks, graphs)
		Decoder(m.store.Scope(decoderScope), m.Config.Networks, m.schema, mu, nil)
		Surrogate(m.store.Scope(icnnScope), m.Config.Networks, mu)
		Predictor(m.store.Scope(predictorScope), m.Config, graphs)
		return OnePlus(nodes)
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	one := NewTable(m.Space, m.training.Archs[:1], 1)
	defer one.Free()
	_, err = exec.Call1(one.Nodes, one.Edges)
	return err
}

// graphs returns a batch of architectures for the networks. Edges are known to be complete only
// where the whole space is.
func (m *Model) graphs(nodes, edges *Node) Graphs {
	return NewGraphs(m.schema, m.drawn == nil && m.training.Complete, nodes, edges)
}

// Backend is what the model computes on.
func (m *Model) Backend() compute.Backend { return m.backend }

// Store holds all weights and the state of the optimisers, in the scopes of this package, so that
// GoMLX's checkpoints and layers work on them.
func (m *Model) Store() *model.Store { return m.store }

// NumWeights is the number of trainable weights of the graph VAE and the surrogate, and of the
// predictor.
func (m *Model) NumWeights() (gvae, predictor int) {
	return m.store.Scope(gvaeScope).NumParameters(), m.store.Scope(predictorScope).NumParameters()
}

// Encode returns the latents mu(a), rows of length Z, of architectures of the space.
func (m *Model) Encode(archs ...datasets.Arch) ([][]float64, error) {
	flat, err := m.apply(m.encode, archs)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return nn.Rows(flat, m.Config.LatentDim), nil
}

// PseudoLabels returns the predictor's accuracy y(a), in percent, for architectures of the space.
// They are on the scale of Config.LabelTransform.
func (m *Model) PseudoLabels(archs ...datasets.Arch) ([]float64, error) {
	flat, err := m.apply(m.predict, archs)
	if err != nil {
		return nil, fmt.Errorf("pseudo-labels: %w", err)
	}
	return nn.Float64s(flat), nil
}

// Performance returns the model 1 - f(z) of accuracy, in percent, for latents of length Z. It is
// concave if the surrogate is an ICNN, and on the scale of Config.LabelTransform.
func (m *Model) Performance(latents [][]float64) ([]float64, error) {
	flat, err := nn.ApplyToLatents(m.performance, latents, batchSize, m.Config.LatentDim)
	if err != nil {
		return nil, fmt.Errorf("performance: %w", err)
	}
	return nn.Float64s(flat), nil
}

// Decoding is what a latent decodes to.
type Decoding struct {
	Arch datasets.Arch
	Err  error // why the scores make no architecture of the space; Arch is nil then
}

// Decode returns the architecture that p(a|z) scores highest, for latents of length Z.
func (m *Model) Decode(latents [][]float64) ([]Decoding, error) {
	scores, err := nn.ApplyToLatents(m.decode, latents, batchSize, m.Config.LatentDim)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	var out []Decoding
	for row := range slices.Chunk(scores, m.schema.Outputs()) {
		arch, err := m.Space.Decode(row)
		out = append(out, Decoding{arch, err})
	}
	return out, nil
}

// apply runs a program on the graphs of architectures, a batch at a time, and concatenates its
// first outputs.
func (m *Model) apply(exec *model.Exec, archs []datasets.Arch) ([]float32, error) {
	var out []float32
	for chunk := range slices.Chunk(archs, batchSize) {
		batch := NewTable(m.Space, chunk, batchSize) // filled up, so that one program serves all sizes
		results, err := exec.Exec(batch.Nodes, batch.Edges)
		batch.Free()
		if err != nil {
			return nil, err
		}
		out = nn.AppendRows(out, results[0], len(chunk))
		for _, unused := range results[1:] {
			unused.MustFinalizeAll()
		}
	}
	return out, nil
}

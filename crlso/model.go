// Package crlso implements CR-LSO (Rao, Zhao and Liu, "CR-LSO: Convex Neural Architecture Optimization in the
// Latent Space of Graph Variational Autoencoder with Input Convex Neural Networks", arXiv 2211.05950)
// on GoMLX.
//
// The method embeds architectures in the latent space of a graph variational autoencoder, [Encoder] and
// [Decoder], that is trained together with an input convex neural network, [ICNN], so that accuracy becomes a
// concave function of the latent. A search then follows its gradient. Read the files in this order:
// encoder.go, decoder.go, gvae.go, icnn.go, predictor.go, joint.go, search.go.
//
// A [Run] takes the method from the first labels to the last query and keeps everything in a folder:
//
//	backend, err := crlso.NewBackend()
//	run, err := crlso.Open("runs/first", backend, benchmark.Space(), crlso.Released201())
//	oracle, err := datasets.NewOracle(benchmark, run.Config.Budget, datasets.MeanLabel)
//	err = run.LabelInitialSet(oracle)
//	err = run.TrainPredictor(ctx)
//	err = run.TrainJoint(ctx)
//	rounds, err := run.Search(ctx, oracle)
//
// Accuracies are in percent on the host, as in package datasets, and fractions inside the networks.
package crlso

import (
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Model is the graph VAE, the surrogate and the predictor of one finite space, with their weights and the
// graphs of all architectures on the backend's device. It must not be used from several goroutines.
type Model struct {
	Config Config // the sizes of networks must not be changed
	Space  datasets.FiniteSpace

	backend compute.Backend
	store   *model.Store
	schema  datasets.Schema

	// The whole space, in the order of Space.At: see datasets.Graph.
	nodes, edges, labels *tensors.Tensor
	complete             bool // every pair of nodes has an edge, in all graphs

	encode, predict, decode, performance *model.Exec
	programs                             programs
}

// programs are those parts of a model that are compiled when they are first needed and depend on more of the
// configuration than the sizes of networks. A change of the configuration, but for the seeds, makes them void.
type programs struct {
	config   Config              // that they were made for, with seeds 0
	trainers map[string]*trainer // by stage
	search   *searchPrograms
}

// current returns the programs for the present configuration, none of them compiled if it has changed.
func (m *Model) current() *programs {
	config := m.Config
	config.Seed, config.SearchSeed = 0, 0
	if m.programs.config != config {
		m.programs = programs{config: config, trainers: make(map[string]*trainer)}
	}
	return &m.programs
}

// trainer returns the trainer of a stage, the same one as long as the configuration stays.
func (m *Model) trainer(stage string, config Training, numTables int, objective objective) (*trainer, error) {
	trainers := m.current().trainers
	if t := trainers[stage]; t != nil {
		return t, nil
	}
	t, err := newTrainer(m.backend, m.store, config, numTables, objective)
	if err == nil {
		trainers[stage] = t
	}
	return t, err
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
func NewModel(backend compute.Backend, space datasets.FiniteSpace, config Config) (*Model, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	m := &Model{
		Config:   config,
		Space:    space,
		backend:  backend,
		store:    model.NewStore(),
		schema:   space.Schema(),
		complete: true,
	}
	m.store.RootScope().SetParam(seedParam, config.Seed)

	var nodes, edges, labels []int32
	for i := range space.Len() {
		graph := space.Encode(space.At(i))
		nodes = append(nodes, graph.Nodes...)
		edges = append(edges, graph.Edges...)
		labels = append(labels, graph.Labels...)
	}
	m.complete = !slices.Contains(edges, -1)
	m.nodes = tensors.FromFlatDataAndDimensions(nodes, space.Len(), m.schema.Nodes)
	m.edges = tensors.FromFlatDataAndDimensions(edges, space.Len(), m.schema.Pairs())
	m.labels = tensors.FromFlatDataAndDimensions(labels, space.Len(), m.schema.Labels())

	if err := m.compile(); err != nil {
		return nil, fmt.Errorf("model of %s: %w", space.Name(), err)
	}
	return m, nil
}

// batchSize is the number of architectures that Encode, PseudoLabels, Decode and Performance take to the
// device at once.
const batchSize = 1024

// compile prepares the programs that apply the networks; each is compiled when it is first used.
func (m *Model) compile() (err error) {
	// The log-variance is an output too, because GoMLX's Go backend (compute v0.1.2) fails on weights that
	// no output needs.
	m.encode, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, nodes, edges, indices *Node) (mu, logVar *Node) {
		return Encoder(m.store.Scope(encoderScope), m.Config, m.gather(nodes, edges, indices))
	})
	if err != nil {
		return err
	}
	m.predict, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, nodes, edges, indices *Node) *Node {
		return MulScalar(Predictor(m.store.Scope(predictorScope), m.Config, m.gather(nodes, edges, indices)), 100)
	})
	if err != nil {
		return err
	}
	m.decode, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, z *Node) *Node {
		return Decoder(m.store.Scope(decoderScope), m.Config, z, m.schema.Outputs())
	})
	if err != nil {
		return err
	}
	m.performance, err = model.NewExec(m.backend, m.store, func(_ *model.Scope, z *Node) *Node {
		return MulScalar(Performance(m.store.Scope(icnnScope), m.Config, z), 100)
	})
	if err != nil {
		return err
	}
	return m.createWeights()
}

// createWeights builds all networks once, which creates their weights. Nothing is computed.
func (m *Model) createWeights() error {
	exec, err := model.NewExec(m.backend, m.store, func(_ *model.Scope, nodes, edges, indices *Node) *Node {
		graphs := m.gather(nodes, edges, indices)
		mu, _ := Encoder(m.store.Scope(encoderScope), m.Config, graphs)
		Decoder(m.store.Scope(decoderScope), m.Config, mu, m.schema.Outputs())
		Surrogate(m.store.Scope(icnnScope), m.Config, mu)
		Predictor(m.store.Scope(predictorScope), m.Config, graphs)
		return OnePlus(indices)
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	_, err = exec.Exec1(m.nodes, m.edges, []int32{0})
	return err
}

func (m *Model) gather(nodes, edges, indices *Node) Graphs {
	return gatherGraphs(m.schema, m.complete, nodes, edges, indices)
}

// NumWeights is the number of trainable weights of the graph VAE and the surrogate, and of the predictor.
func (m *Model) NumWeights() (gvae, predictor int) {
	return m.store.Scope(gvaeScope).NumParameters(), m.store.Scope(predictorScope).NumParameters()
}

// Encode returns the latents mu(a), rows of length Z, of the architectures with the given indices in the space;
// of all architectures if there are none.
func (m *Model) Encode(indices ...int) ([][]float64, error) {
	flat, err := m.apply(m.encode, m.orAll(indices))
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return rows(flat, m.Config.LatentDim), nil
}

// PseudoLabels returns the predictor's accuracy y(a), in percent, for the architectures with the given indices;
// for all architectures if there are none. They are on the scale of Config.LabelTransform.
func (m *Model) PseudoLabels(indices ...int) ([]float64, error) {
	flat, err := m.apply(m.predict, m.orAll(indices))
	if err != nil {
		return nil, fmt.Errorf("pseudo-labels: %w", err)
	}
	return float64s(flat), nil
}

// Performance returns the model 1 - f(z) of accuracy, in percent, for latents of length Z. It is concave if the
// surrogate is an ICNN, and on the scale of Config.LabelTransform.
func (m *Model) Performance(latents [][]float64) ([]float64, error) {
	flat, err := m.applyToLatents(m.performance, latents)
	if err != nil {
		return nil, fmt.Errorf("performance: %w", err)
	}
	return float64s(flat), nil
}

// Decoding is what a latent decodes to.
type Decoding struct {
	Arch datasets.Arch
	Err  error // why the scores make no architecture of the space; Arch is nil then
}

// Decode returns the architecture that p(a|z) scores highest, for latents of length Z.
func (m *Model) Decode(latents [][]float64) ([]Decoding, error) {
	scores, err := m.applyToLatents(m.decode, latents)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return m.decodings(scores), nil
}

// decodings reads scores, [B, outputs].
func (m *Model) decodings(scores []float32) []Decoding {
	var out []Decoding
	for row := range slices.Chunk(scores, m.schema.Outputs()) {
		arch, err := m.Space.Decode(row)
		out = append(out, Decoding{arch, err})
	}
	return out
}

// Reconstruction compares architectures with what their latents decode to.
type Reconstruction struct {
	Exact float64 // share that decode to themselves
	Valid float64 // share that decode to any architecture of the space
}

// Reconstruct encodes and decodes all architectures of the space.
func (m *Model) Reconstruct() (Reconstruction, error) {
	latents, err := m.Encode()
	if err != nil {
		return Reconstruction{}, err
	}
	decoded, err := m.Decode(latents)
	if err != nil {
		return Reconstruction{}, err
	}
	exact, valid := 0, 0
	for i, d := range decoded {
		if d.Err == nil {
			valid++
			if m.Space.Canonical(d.Arch) == m.Space.Canonical(m.Space.At(i)) {
				exact++
			}
		}
	}
	n := float64(len(decoded))
	return Reconstruction{Exact: float64(exact) / n, Valid: float64(valid) / n}, nil
}

func (m *Model) orAll(indices []int) []int {
	if len(indices) > 0 {
		return indices
	}
	all := make([]int, m.Space.Len())
	for i := range all {
		all[i] = i
	}
	return all
}

// apply runs a program on the graphs of architectures, a batch at a time, and concatenates its first outputs.
func (m *Model) apply(exec *model.Exec, indices []int) ([]float32, error) {
	var out []float32
	for chunk := range slices.Chunk(indices, batchSize) {
		batch := make([]int32, batchSize) // filled up with architecture 0, so that one program serves all sizes
		for i, index := range chunk {
			if index < 0 || index >= m.Space.Len() {
				return nil, fmt.Errorf("index %d is outside %s, which has %d architectures", index, m.Space.Name(), m.Space.Len())
			}
			batch[i] = int32(index)
		}
		results, err := exec.Exec(m.nodes, m.edges, batch)
		if err != nil {
			return nil, err
		}
		out = appendRows(out, results[0], len(chunk))
		for _, unused := range results[1:] {
			unused.MustFinalizeAll()
		}
	}
	return out, nil
}

// applyToLatents is apply for a program that takes latents.
func (m *Model) applyToLatents(exec *model.Exec, latents [][]float64) ([]float32, error) {
	var out []float32
	for chunk := range slices.Chunk(latents, batchSize) {
		batch, err := m.latentTensor(chunk, batchSize)
		if err != nil {
			return nil, err
		}
		result, err := exec.Exec1(batch)
		if err != nil {
			return nil, err
		}
		out = appendRows(out, result, len(chunk))
	}
	return out, nil
}

// latentTensor returns latents as [size, Z], filled up with zeros.
func (m *Model) latentTensor(latents [][]float64, size int) (*tensors.Tensor, error) {
	dim := m.Config.LatentDim
	flat := make([]float32, size*dim)
	for i, z := range latents {
		if len(z) != dim {
			return nil, fmt.Errorf("latent %d has %d dimensions, want %d", i, len(z), dim)
		}
		for j, x := range z {
			flat[i*dim+j] = float32(x)
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, size, dim), nil
}

// appendRows appends the first n rows of x and frees it.
func appendRows(out []float32, x *tensors.Tensor, n int) []float32 {
	tensors.MustConstFlatData(x, func(flat []float32) {
		out = append(out, flat[:len(flat)/x.Shape().Dim(0)*n]...)
	})
	x.MustFinalizeAll()
	return out
}

func float64s(values []float32) []float64 {
	out := make([]float64, len(values))
	for i, x := range values {
		out[i] = float64(x)
	}
	return out
}

// rows cuts values into rows of the given length.
func rows(values []float32, length int) [][]float64 {
	return slices.Collect(slices.Chunk(float64s(values), length))
}

// fractions turns percentages into a tensor of fractions.
func fractions(percent []float64) *tensors.Tensor {
	flat := make([]float32, len(percent))
	for i, x := range percent {
		flat[i] = float32(x / 100)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(flat))
}

// int32s turns indices into a tensor.
func int32s(indices []int) *tensors.Tensor {
	flat := make([]int32, len(indices))
	for i, x := range indices {
		flat[i] = int32(x)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(flat))
}

package ensemble

import (
	"math/rand/v2"
	"slices"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// latentNetworks are surrogates on the latents of a graph VAE, trained side by side from fresh
// weights as often as one likes. They see latents as standard scores, of which random architectures
// have a mean of 0 and a standard deviation of 1; that keeps what is concave concave.
type latentNetworks struct {
	vae             *crlso.Model
	config          LatentConfig
	networks        crlso.Networks
	mean, deviation []float64 // of latents, [Z]
	low, high       []float64 // corners of the box of the scores of random architectures, [Z]

	store   *model.Store
	trainer *nn.Trainer
	apply   *model.Exec // scores [B, Z] -> performance [members, B]
	climbOn *model.Exec // scores [B, Z] and steps so far -> scores after a segment, [B, Z]
}

const latentScope = "/latent"

// reference is how many random architectures tell where latents are.
const reference = 1000

func newLatentNetworks(vae *crlso.Model, config LatentConfig) (*latentNetworks, error) {
	m := &latentNetworks{vae: vae, config: config, networks: vae.Config.Networks, store: model.NewStore()}
	nn.SetNetworks(m.store, config.Members)
	rng := rand.New(rand.NewPCG(0, 0)) // the box is the same for all searches
	var archs []datasets.Arch
	for range reference {
		archs = append(archs, vae.Space.Sample(rng))
	}
	latents, err := vae.Encode(archs...)
	if err != nil {
		return nil, err
	}
	column := make([]float64, len(latents))
	for j := range m.networks.LatentDim {
		for i, z := range latents {
			column[i] = z[j]
		}
		mean, deviation := stat.PopMeanStdDev(column, nil)
		deviation = max(deviation, 1e-6) // a dimension that is not used
		m.mean, m.deviation = append(m.mean, mean), append(m.deviation, deviation)
		m.low = append(m.low, (floats.Min(column)-mean)/deviation)
		m.high = append(m.high, (floats.Max(column)-mean)/deviation)
	}
	if m.apply, err = model.NewExec(vae.Backend(), m.store, func(_ *model.Scope, z *Node) *Node { return m.performance(z) }); err != nil {
		return nil, err
	}
	if _, err := m.apply.Call1(nn.TensorOf(m.low)); err != nil { // creates the weights
		return nil, err
	}
	m.climbOn, err = model.NewExec(vae.Backend(), m.store, func(_ *model.Scope, z, before *Node) *Node { return m.ascent(z, before) })
	if err != nil {
		return nil, err
	}
	m.trainer, err = nn.NewTrainer(vae.Backend(), m.store, config.Training, 2, nn.RegressionOn(latentScope,
		func(rows []*Node) *Node {
			return Reshape(crlso.Performance(m.store.Scope(latentScope), m.networks, rows[0]), config.Members, -1)
		},
		func(g *Graph) { crlso.ProjectICNN(m.store.Scope(latentScope), m.networks, g) }))
	return m, err
}

// performance is what each network says of the same scores, [members, B] of [B, Z].
func (m *latentNetworks) performance(z *Node) *Node {
	everyone := BroadcastPrefix(z, m.config.Members)
	return Reshape(crlso.Performance(m.store.Scope(latentScope), m.networks, everyone), m.config.Members, -1)
}

// segment is how many steps of an ascent make one program, and lie between two points that are
// decoded.
const segment = 4

// ascent makes a segment of steps from z, [B, Z], up the mean of the networks and inside of the
// box. before is the number of steps so far, a scalar.
func (m *latentNetworks) ascent(z, before *Node) *Node {
	corner := func(values []float64) *Node {
		return BroadcastToShape(InsertAxes(Const(z.Graph(), nn.Float32s(values)), 0), z.Shape())
	}
	low, high := corner(m.low), corner(m.high)
	for step := range segment {
		gradient := Gradient(ReduceAllSum(ReduceMean(m.performance(z), 0)), z)[0]
		size := MulScalar(Rsqrt(AddScalar(before, float64(step+1))), m.config.StepSize*floats.Distance(m.low, m.high, 2))
		length := Mul(size, Rsqrt(AddScalar(ReduceAndKeep(Square(gradient), ReduceSum, -1), 1e-20)))
		z = Max(Min(Add(z, Mul(gradient, length)), high), low)
	}
	return z
}

// climb makes ascents, and returns where each is after every segment, start after start and then
// segment after segment.
func (m *latentNetworks) climb(starts [][]float64) (points [][]float64, err error) {
	z := starts
	for step := 0; step < m.config.Steps; step += segment {
		result, err := m.climbOn.Call1(nn.TensorOf(z...), float32(step))
		if err != nil {
			return nil, err
		}
		z = nn.Rows(nn.AppendRows(nil, result, len(starts)), m.networks.LatentDim)
		points = append(points, z...)
	}
	return points, nil
}

// scores returns the latents of architectures as standard scores.
func (m *latentNetworks) scores(archs []datasets.Arch) ([][]float64, error) {
	latents, err := m.vae.Encode(archs...)
	for _, z := range latents {
		floats.Sub(z, m.mean)
		floats.Div(z, m.deviation)
	}
	return latents, err
}

// fit trains the networks from fresh weights on normal quantiles of the accuracies, and returns the
// highest mean that they then expect of what is labelled.
func (m *latentNetworks) fit(labelled []datasets.Query, rng *rand.Rand) (best float64, err error) {
	z, err := m.scores(datasets.Archs(labelled))
	if err != nil {
		return 0, err
	}
	accuracies := make([]float64, len(labelled))
	for i, q := range labelled {
		accuracies[i] = q.Accuracy
	}
	size := powerOfTwo(len(labelled))
	latents, err := nn.LatentTensor(z, size, m.networks.LatentDim)
	if err != nil {
		return 0, err
	}
	rows := []*tensors.Tensor{latents, nn.PaddedVector(stats.NormalQuantiles(accuracies), size)}
	members := sideBySide{m.store.Scope(latentScope), m.trainer, m.config.Members}
	if err := members.trainAgain(rows, len(labelled), rng); err != nil {
		return 0, err
	}
	b, err := m.believeAt(z, datasets.Archs(labelled))
	if err != nil {
		return 0, err
	}
	return slices.Max(b.Mean), nil
}

// believe returns what the networks together expect of architectures.
func (m *latentNetworks) believe(archs []datasets.Arch) (Beliefs, error) {
	z, err := m.scores(archs)
	if err != nil {
		return Beliefs{}, err
	}
	return m.believeAt(z, archs)
}

// believeAt is believe with the scores of the architectures.
func (m *latentNetworks) believeAt(z [][]float64, archs []datasets.Arch) (Beliefs, error) {
	size := powerOfTwo(len(archs))
	latents, err := nn.LatentTensor(z, size, m.networks.LatentDim)
	if err != nil {
		return Beliefs{}, err
	}
	result, err := m.apply.Call1(latents)
	if err != nil {
		return Beliefs{}, err
	}
	members := nn.Rows(nn.AppendRows(nil, result, m.config.Members), size)
	for i := range members {
		members[i] = members[i][:len(archs)]
	}
	return newBeliefs(archs, members), nil
}

// ascents decodes about n latents on the way of ascents, and returns the different architectures
// among them that were not asked for.
func (m *latentNetworks) ascents(known search.Known, n int, rng *rand.Rand) ([]datasets.Arch, error) {
	starts := max(1, n*segment/m.config.Steps)
	archs := datasets.Archs(mostAccurate(known.Log(), min(parents, starts, len(known.Log()))))
	for len(archs) < starts {
		archs = append(archs, known.Space().Sample(rng))
	}
	z, err := m.scores(archs)
	if err != nil {
		return nil, err
	}
	latents, err := m.climb(z)
	if err != nil {
		return nil, err
	}
	for _, z := range latents {
		floats.Mul(z, m.deviation)
		floats.Add(z, m.mean)
	}
	decoded, err := m.vae.Decode(latents)
	if err != nil {
		return nil, err
	}
	fresh := newOnes(known)
	for _, d := range decoded {
		if d.Err == nil {
			fresh.add(d.Arch)
		}
	}
	return fresh.archs, nil
}

// Package network is the part of a trained model that the explorer needs, decoder and model of
// accuracy, in a form that goes into a page: it is what WebAssembly computes with in the browser.
package network

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/export"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/float16"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Saved is a network as JSON.
type Saved struct {
	Space    json.RawMessage // the name of a benchmark's space, or the file of another one: see datasets.ReadSpace
	Networks crlso.Networks
	Weights  []Weight
}

// Weight is a tensor of weights, rounded to half precision.
type Weight struct {
	Path   string
	Dims   []int
	Values []byte // two bytes each, little-endian
}

// The scopes of decoder and surrogate in a model's store.
const (
	decoderScope   = "/gvae/decoder"
	surrogateScope = "/gvae/icnn"
)

// Save returns decoder and surrogate of a model.
func Save(m *crlso.Model) (Saved, error) {
	saved := Saved{Networks: m.Config.Networks}
	var err error
	if saved.Space, err = spaceText(m.Space); err != nil {
		return saved, err
	}
	for v := range m.Store().IterVariables() {
		if !strings.HasPrefix(v.Path(), decoderScope+"/") && !strings.HasPrefix(v.Path(), surrogateScope+"/") || v.DType() != dtypes.Float32 {
			continue
		}
		value, err := v.Value()
		if err != nil {
			return saved, err
		}
		saved.Weights = append(saved.Weights, Weight{v.Path(), value.Shape().Dimensions, HalfPrecision(tensors.MustCopyFlatData[float32](value))})
	}
	slices.SortFunc(saved.Weights, func(a, b Weight) int { return strings.Compare(a.Path, b.Path) })
	return saved, nil
}

// HalfPrecision returns values as two bytes each, little-endian.
func HalfPrecision(values []float32) []byte {
	var b []byte
	for _, half := range float16.FromFloat32s(values...) {
		b = append(b, byte(half), byte(half>>8))
	}
	return b
}

var spaces = []datasets.Space{nasbench101.Space{}, nasbench201.Space{}, nasbench301.Space{}, nasbenchgraph.Space{}, nasbenchgraph.Proteins()}

// named returns the benchmarks' space of a name, nil if there is none.
func named(name string) datasets.Space {
	if i := slices.IndexFunc(spaces, func(s datasets.Space) bool { return s.Name() == name }); i >= 0 {
		return spaces[i]
	}
	return nil
}

// spaceText describes a space to readSpace.
func spaceText(space datasets.Space) (json.RawMessage, error) {
	name := space.Name()
	if s, ok := space.(nasbench101.Space); ok && s.Len() < nasbench101.NumCells {
		name = nasbench101.Space{}.Name() // a decoder knows no part of it
	}
	if named(name) != nil {
		return json.Marshal(name)
	}
	if _, ok := space.(json.Marshaler); !ok {
		return nil, fmt.Errorf("explorer: a page cannot hold the space %s; only those of benchmarks and of files can be explored", name)
	}
	return json.Marshal(space)
}

func readSpace(text json.RawMessage) (datasets.Space, error) {
	var name string
	if json.Unmarshal(text, &name) != nil {
		return datasets.ParseSpace(text)
	}
	if s := named(name); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("there is no space %q", name)
}

// Network is a decoder with a model of accuracy.
type Network struct {
	saved                         Saved
	space                         datasets.Space
	decode, performance, gradient *model.Exec
}

// New returns a network on a backend.
func New(backend compute.Backend, saved Saved) (*Network, error) {
	n := &Network{saved: saved}
	var err error
	if n.space, err = readSpace(saved.Space); err != nil {
		return nil, err
	}
	store := model.NewStore()
	for _, w := range saved.Weights {
		if _, err := store.CreateVariable(w.Path, tensors.FromFlatDataAndDimensions(fullPrecision(w.Values), w.Dims...)); err != nil {
			return nil, err
		}
	}
	performance := func(z *Node) *Node {
		return MulScalar(crlso.Performance(store.Scope(surrogateScope), saved.Networks, z), 100)
	}
	for exec, f := range map[**model.Exec]func(z *Node) *Node{
		&n.decode: func(z *Node) *Node {
			return crlso.Decoder(store.Scope(decoderScope), saved.Networks, n.space.Schema(), z, nil)
		},
		&n.performance: performance,
		&n.gradient:    func(z *Node) *Node { return Gradient(ReduceAllSum(performance(z)), z)[0] },
	} {
		if *exec, err = model.NewExec(backend, store, func(_ *model.Scope, z *Node) *Node { return f(z) }); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func fullPrecision(b []byte) []float32 {
	values := make([]float32, len(b)/2)
	for i := range values {
		values[i] = float16.FromBits(uint16(b[2*i]) | uint16(b[2*i+1])<<8).Float32()
	}
	return values
}

// Decoded is what a latent decodes to.
type Decoded struct {
	Arch     string // canonical, as the space prints it; "" if there is none
	Error    string // why there is none
	Drawings []export.Drawing
}

// Decode decodes latents, one after the other.
func (n *Network) Decode(latents []float32) ([]Decoded, error) {
	scores, err := n.apply(n.decode, latents, 32)
	if err != nil {
		return nil, err
	}
	var all []Decoded
	for row := range slices.Chunk(scores, n.space.Schema().Outputs()) {
		arch, err := n.space.Decode(row)
		if err != nil {
			all = append(all, Decoded{Error: err.Error()})
			continue
		}
		drawings, _ := export.Drawings(arch) // of a space of choices there are none
		all = append(all, Decoded{Arch: arch.String(), Drawings: drawings})
	}
	return all, nil
}

// Performance returns the model's accuracy of each latent, in percent.
func (n *Network) Performance(latents []float32) ([]float32, error) {
	return n.apply(n.performance, latents, 256)
}

// Gradient returns the gradient of Performance at each latent, one after the other.
func (n *Network) Gradient(latents []float32) ([]float32, error) {
	return n.apply(n.gradient, latents, 256)
}

var standIn = sync.OnceValues(nasbench301.OpenStandIn)

// StandIn returns what the stand-in for NAS-Bench-301 says of an architecture, in percent.
func StandIn(text string) (float64, error) {
	benchmark, err := standIn()
	if err != nil {
		return 0, err
	}
	arch, err := benchmark.Space().Parse(text)
	if err != nil {
		return 0, err
	}
	record, err := benchmark.Lookup(arch)
	return record.Val, err
}

// apply runs a program on some latents at once.
func (n *Network) apply(exec *model.Exec, latents []float32, atOnce int) ([]float32, error) {
	dim := n.saved.Networks.LatentDim
	if len(latents)%dim != 0 {
		return nil, fmt.Errorf("%d numbers are no latents of %d dimensions", len(latents), dim)
	}
	return nn.ApplyToLatents(exec, nn.Rows(latents, dim), atOnce, dim)
}

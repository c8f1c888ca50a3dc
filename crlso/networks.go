package crlso

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

// Networks says how large encoder, decoder and surrogate are, and which form they have.
type Networks struct {
	LatentDim     int     // Z, dimension of the latent space
	HiddenDim     int     // H, width of encoder and decoder
	EncoderLayers int     // rounds of message passing
	StateScale    float64 // factor on the node states, and on their sum, after a round; 1 as released
	DecoderBlocks int     // H->H residual blocks before the one that produces the scores

	// Directed gives messages along an edge other weights than those against it. The released
	// encoder sends both alike, and cannot tell architectures apart that differ in directions.
	Directed bool
	// Decoder is how an architecture is told from its latent.
	Decoder DecoderForm
	// OnlyPossible has the decoder leave out what a space says is impossible: see
	// datasets.Head.Possible. The released one has to learn it.
	OnlyPossible bool

	// Surrogate f of accuracy: an input convex neural network, or for the ablation of convexity an
	// MLP.
	Surrogate  SurrogateKind
	ICNNWidth  int
	ICNNLayers int      // K, hidden layers above the first
	ICNNForm   ICNNForm // where the ICNN's activation stands
}

// DecoderForm is how a decoder tells an architecture.
type DecoderForm string

const (
	// AtOnce scores everything by the latent alone, as released.
	AtOnce DecoderForm = ""
	// NodeByNode scores a node, and the edges to it, by the latent and what it has told of the
	// nodes before.
	NodeByNode DecoderForm = "node by node"
)

// SurrogateKind is a kind of network that models accuracy as 1 - f(z).
type SurrogateKind string

const (
	// ICNNSurrogate is [ICNN], convex in z: the method.
	ICNNSurrogate SurrogateKind = "icnn"
	// MLPSurrogate is [MLP], of the same width and number of layers, and not convex.
	MLPSurrogate SurrogateKind = "mlp"
)

// ICNNForm is where an ICNN applies its activation.
type ICNNForm string

const (
	// ActivationPerTerm is h' = LeakyReLU(U h) + LeakyReLU(V z), as in the released code.
	ActivationPerTerm ICNNForm = "per term"
	// ActivationOfSum is h' = LeakyReLU(U h + V z), as in Amos et al. 2017.
	ActivationOfSum ICNNForm = "of sum"
)

// Validate reports every value that cannot work, in one line.
func (n Networks) Validate() error {
	var p problems
	n.check(p.check)
	return p.err()
}

// ValidateFor is Validate, and reports what cannot work on a space.
func (n Networks) ValidateFor(space datasets.Space) error {
	schema := space.Schema()
	switch err := n.Validate(); {
	case err != nil:
		return err
	case n.Directed && !schema.Directed:
		return fmt.Errorf("configuration: Directed is set, but the edges of %s have no direction; set it to false", space.Name())
	case n.Decoder == NodeByNode && slices.ContainsFunc(schema.Heads, func(h datasets.Head) bool { return h.Nodes == nil }):
		return fmt.Errorf("configuration: Decoder is %q, but %s does not say which nodes its heads are about (datasets.Head.Nodes)",
			n.Decoder, space.Name())
	}
	return nil
}

func (n Networks) check(check func(ok bool, format string, args ...any)) {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"LatentDim", n.LatentDim}, {"HiddenDim", n.HiddenDim}, {"EncoderLayers", n.EncoderLayers},
		{"ICNNWidth", n.ICNNWidth}, {"ICNNLayers", n.ICNNLayers},
	} {
		check(f.value >= 1, "%s is %d, want at least 1", f.name, f.value)
	}
	check(n.StateScale > 0, "StateScale is %g, want above 0", n.StateScale)
	check(n.DecoderBlocks >= 0, "DecoderBlocks is %d, want 0 or more", n.DecoderBlocks)
	check(n.Decoder == AtOnce || n.Decoder == NodeByNode, "Decoder is %q, want %q or %q", n.Decoder, AtOnce, NodeByNode)
	check(n.Surrogate == ICNNSurrogate || n.Surrogate == MLPSurrogate,
		"Surrogate is %q, want %q or %q", n.Surrogate, ICNNSurrogate, MLPSurrogate)
	check(n.ICNNForm == ActivationPerTerm || n.ICNNForm == ActivationOfSum,
		"ICNNForm is %q, want %q or %q", n.ICNNForm, ActivationPerTerm, ActivationOfSum)
}

// problems are what is wrong with a configuration.
type problems []error

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

// err is all of them in one line, nil if there are none.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("configuration: %s", strings.ReplaceAll(errors.Join(p...).Error(), "\n", "; "))
}

package datasets_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

// Chain is an architecture: three operations in a row, such as "cps".
type Chain string

const operations = "cps" // convolution, pooling, skip

func (c Chain) String() string { return string(c) }

// Chains is a space of one's own. Package spacetest says whether it keeps to the contract.
type Chains struct{}

func (Chains) Name() string { return "chains" }

func (Chains) Parse(s string) (datasets.Arch, error) {
	if len(s) != 3 || strings.Trim(s, operations) != "" {
		return nil, fmt.Errorf("chain %q: want three of the letters %s", s, operations)
	}
	return Chain(s), nil
}

func (Chains) Sample(rng *rand.Rand) datasets.Arch {
	return Chain([]byte{operations[rng.IntN(3)], operations[rng.IntN(3)], operations[rng.IntN(3)]})
}

func (s Chains) Mutate(a datasets.Arch, rng *rand.Rand) datasets.Arch {
	neighbours := s.Neighbours(a)
	return neighbours[rng.IntN(len(neighbours))]
}

func (Chains) Neighbours(a datasets.Arch) (neighbours []datasets.Arch) {
	c := a.(Chain) // panics if a is not of this space
	for i, own := range c {
		for _, op := range operations {
			if op != own {
				neighbours = append(neighbours, c[:i]+Chain(op)+c[i+1:])
			}
		}
	}
	return neighbours
}

// Canonical moves skips to the end: the network is the same wherever they stand.
func (Chains) Canonical(a datasets.Arch) datasets.Arch {
	others := strings.ReplaceAll(string(a.(Chain)), "s", "")
	return Chain(others + "sss"[len(others):])
}

func (Chains) Schema() datasets.Schema {
	heads := []datasets.Head{{Name: "operation", Groups: 3, Classes: 3}}
	return datasets.Schema{Nodes: 3, NodeTypes: 3, Heads: heads}
}

func (s Chains) Encode(a datasets.Arch) datasets.Graph {
	g := datasets.Graph{Edges: []int32{0, -1, 0}} // none from the first to the third
	for _, op := range s.Canonical(a).(Chain) {
		class := int32(strings.IndexRune(operations, op))
		g.Nodes, g.Labels = append(g.Nodes, class), append(g.Labels, class)
	}
	return g
}

func (s Chains) Decode(scores []float32) (datasets.Arch, error) {
	if len(scores) != 9 {
		return nil, fmt.Errorf("decode chains: got %d scores, want 9", len(scores))
	}
	c := []byte("ccc")
	for i, score := range scores {
		if best := strings.IndexByte(operations, c[i/3]); score > scores[i/3*3+best] {
			c[i/3] = operations[i%3]
		}
	}
	return s.Canonical(Chain(c)), nil
}

// Trained is a benchmark of one's own: the accuracies of what was trained.
type Trained map[Chain]float64

func (*Trained) Name() string          { return "trained chains" }
func (*Trained) Source() string        { return "made up" }
func (*Trained) Space() datasets.Space { return Chains{} }
func (*Trained) HasTest() bool         { return false }
func (*Trained) Best() float64         { return math.NaN() } // nobody knows

func (t *Trained) Lookup(a datasets.Arch) (datasets.Record, error) {
	accuracy, ok := (*t)[Chains{}.Canonical(a).(Chain)]
	if !ok {
		return datasets.Record{}, fmt.Errorf("%v was not trained", a)
	}
	return datasets.Record{Val: accuracy, Test: math.NaN()}, nil
}

// A space and a benchmark of one's own are two types. An oracle then answers for them, and charges
// chains that differ in the place of their skips once.
func Example() {
	oracle, err := datasets.NewOracle(&Trained{"ccp": 91.5, "cps": 88}, 3, datasets.MeanLabel)
	if err != nil {
		log.Fatal(err)
	}
	for _, chain := range []Chain{"ccp", "csp", "scp", "ppp"} {
		accuracy, err := oracle.Query(chain)
		fmt.Printf("%v: %v %%, %d queries remain, error: %v\n", chain, accuracy, oracle.Remaining(), err)
	}
	// Output:
	// ccp: 91.5 %, 2 queries remain, error: <nil>
	// csp: 88 %, 1 queries remain, error: <nil>
	// scp: 88 %, 1 queries remain, error: <nil>
	// ppp: 0 %, 1 queries remain, error: query trained chains: ppp was not trained
}

package nasbenchgraph

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// all yields every way to write an architecture: links node by node, then operations.
func all() iter.Seq[Arch] {
	return func(yield func(Arch) bool) {
		for links := range 24 {
			for ops := range NumOps * NumOps * NumOps * NumOps {
				a := Arch{
					Links: [NumNodes]uint8{0, uint8(links / 12), uint8(links / 4 % 3), uint8(links % 4)},
					Ops:   [NumNodes]Op{Op(ops / 729), Op(ops / 81 % 9), Op(ops / 9 % 9), Op(ops % 9)},
				}
				if a.check() == nil && !yield(a) {
					return
				}
			}
		}
	}
}

// The architectures are exactly the keys of the benchmark's files, in their order. The digests
// were made by a Python program from the files cora.bench and proteins.bench: a line for each key.
func TestSpaceHasTheKeysOfTheFiles(t *testing.T) {
	for space, want := range map[Space]struct {
		size   int
		digest string
	}{
		{}:         {NumArchs, "f1cff58e1682b6f25f51df4e87452304fba92df3705f28edb0fbe841933d76f5"},
		Proteins(): {NumProteins, "3bcabe530b9bbe5395885759d89c59dac31cbb5a8ba8972fbb0000ed3a2b78d9"},
	} {
		sum := sha256.New()
		for i := range space.Len() {
			fmt.Fprintln(sum, space.At(i).(Arch).Key())
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); space.Len() != want.size || got != want.digest {
			t.Errorf("%s: %d architectures, keys with SHA-256 %s, want %d and %s", space.Name(), space.Len(), got, want.size, want.digest)
		}
	}
}

// Every way to write an architecture has the key that valid_hash of the benchmark's package gives.
// The digest was made by that package: a line with links, operations and key for each.
func TestKeyIsTheBenchmarks(t *testing.T) {
	sum, n := sha256.New(), 0
	for a := range all() {
		for _, link := range a.Links {
			fmt.Fprint(sum, link)
		}
		fmt.Fprintf(sum, " %d%d%d%d %d\n", a.Ops[0], a.Ops[1], a.Ops[2], a.Ops[3], a.Key())
		n++
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)), "e6aabc1ca4c1627a0b8c728b5c90d9524ddf2a8d8ef747d4f0fa55663904596a"; n != 157_440 || got != want {
		t.Errorf("%d keys with SHA-256 %s, want 157440 and %s", n, got, want)
	}
}

// Architectures are the same if and only if their networks have the same layers with weights and
// bring the same to the output, whatever these layers are: here on numbers instead of features,
// and with nothing where the bare input would reach the output.
func TestTheSameAreThoseThatComputeTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var factor [NumOps]uint64
	for i := range factor {
		factor[i] = rng.Uint64()
	}
	input, mixed := rng.Uint64(), rng.Uint64()
	output := func(a Arch) (sum uint64) {
		node, isSource := [1 + NumNodes]uint64{input}, [1 + NumNodes]bool{}
		for i, op := range a.Ops {
			x := node[a.Links[i]]
			isSource[a.Links[i]] = true
			if op != Skip {
				x = (x ^ factor[op]) * (x>>7 ^ mixed)
				sum += x * x // for the layer
			}
			node[i+1] = x
		}
		for v := 1; v <= NumNodes; v++ {
			if !isSource[v] && node[v] != input {
				sum += node[v] * (node[v]>>5 ^ mixed)
			}
		}
		return sum
	}
	byKey, byOutput := map[int]uint64{}, map[uint64]int{}
	for a := range all() {
		key, out := a.Key(), output(a)
		if want, ok := byKey[key]; ok && out != want {
			t.Fatalf("%v computes something else than others with the key %d", a, key)
		}
		if want, ok := byOutput[out]; ok && key != want {
			t.Fatalf("%v has the key %d, and computes the same as those with %d", a, key, want)
		}
		byKey[key], byOutput[out] = out, key
	}
	if len(byOutput) != NumArchs {
		t.Errorf("%d networks, want %d", len(byOutput), NumArchs)
	}
}

// The rules of the canonical form, one by one.
func TestCanonical(t *testing.T) {
	for from, want := range map[string]string{
		// Isomorphic links. The README takes the first for [0, 1, 1, 2] gcn cheb gin fc, where fc
		// is behind cheb: its package does not.
		"[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']": "[0, 1, 1, 2] ['gcn', 'gin', 'cheb', 'fc']",
		"[0, 1, 0, 2] ['gcn', 'gin', 'fc', 'cheb']": "[0, 0, 1, 3] ['gcn', 'fc', 'gin', 'cheb']",
		// Skips to the front.
		"[0, 1, 2, 3] ['gcn', 'skip', 'fc', 'skip']":  "[0, 1, 2, 3] ['skip', 'skip', 'gcn', 'fc']",
		"[0, 0, 1, 2] ['skip', 'gin', 'gcn', 'cheb']": "[0, 1, 1, 2] ['skip', 'gin', 'gcn', 'cheb']",
		// A skip from the input to the output does nothing, one beside another node stays.
		"[0, 0, 0, 0] ['skip', 'gin', 'gcn', 'cheb']": "[0, 1, 1, 1] ['skip', 'gcn', 'gin', 'cheb']",
		"[0, 1, 1, 1] ['gat', 'skip', 'gcn', 'skip']": "[0, 1, 1, 1] ['gat', 'gcn', 'skip', 'skip']",
		// Equal siblings sorted.
		"[0, 0, 0, 1] ['gat', 'sage', 'gcn', 'fc']": "[0, 0, 0, 1] ['gat', 'gcn', 'sage', 'fc']",
		"[0, 0, 1, 2] ['gcn', 'gcn', 'fc', 'gat']":  "[0, 0, 1, 2] ['gcn', 'gcn', 'gat', 'fc']",
	} {
		if got := (Space{}).Canonical(parse(t, from)).String(); got != want {
			t.Errorf("%s is %s, want %s", from, got, want)
		}
	}
}

func parse(t *testing.T, s string) Arch {
	t.Helper()
	a, err := ParseArch(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestNeighboursDifferInOneOperationOrLink(t *testing.T) {
	for space, most := range map[Space]int{{}: 32 + 6, Proteins(): 16 + 6} {
		found := 0
		for i := range space.Len() {
			a := space.At(i).(Arch)
			neighbours := space.Neighbours(a)
			found = max(found, len(neighbours))
			for _, n := range neighbours {
				b := n.(Arch)
				differ := 0
				for j := range NumNodes {
					if a.Links[j] != b.Links[j] {
						differ++
					}
					if a.Ops[j] != b.Ops[j] {
						differ++
					}
				}
				if differ != 1 {
					t.Fatalf("%v is a neighbour of %v, with %d differences", b, a, differ)
				}
			}
		}
		if found != most {
			t.Errorf("%s: up to %d neighbours, want %d", space.Name(), found, most)
		}
	}
}

// The nine lists of links and the operations of each node are drawn uniformly, but for four skips.
// Pearson's statistics have as many degrees of freedom as classes, less one.
func TestSampleIsTheBenchmarks(t *testing.T) {
	for _, space := range []Space{{}, Proteins()} {
		rng, ops := rand.New(rand.NewPCG(5, 6)), float64(len(space.ops()))
		const draws = 100_000
		links, first := map[[NumNodes]uint8]float64{}, map[Op]float64{}
		for range draws {
			a := space.Sample(rng).(Arch)
			links[a.Links]++
			first[a.Ops[0]]++
		}
		wantSkip := draws * (ops*ops*ops - 1) / (ops*ops*ops*ops - 1)
		for _, c := range []struct {
			what         string
			classes, sum float64
		}{
			{"lists of links", 9, chiSquared(links, func([NumNodes]uint8) float64 { return draws / 9. })},
			{"operations", ops, chiSquared(first, func(op Op) float64 {
				if op == Skip {
					return wantSkip
				}
				return (draws - wantSkip) / (ops - 1)
			})},
		} {
			if len(links) != 9 || len(first) != int(ops) || c.sum > c.classes-1+5*math.Sqrt(2*(c.classes-1)) {
				t.Errorf("%s: chi-squared of %s is %.1f, want about %.0f", space.Name(), c.what, c.sum, c.classes-1)
			}
		}
	}
}

func chiSquared[K comparable](counts map[K]float64, want func(K) float64) (sum float64) {
	for k, got := range counts {
		sum += (got - want(k)) * (got - want(k)) / want(k)
	}
	return sum
}

// Edges go from each source, and from each node that is none to the output.
func TestEncode(t *testing.T) {
	g := Space{}.Encode(parse(t, "[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']")) // [0, 1, 1, 2] gcn gin cheb fc
	if want := []int32{0, 2, 3, 4, 8, 10}; !slices.Equal(g.Nodes, want) {
		t.Errorf("nodes %v, want %v", g.Nodes, want)
	}
	want := []int32{0, -1, 0, -1, 0, -1, -1, -1, 0, -1, -1, -1, -1, 0, 0} // 01 12 13 24 35 45
	if !slices.Equal(g.Edges, want) {
		t.Errorf("edges %v, want %v", g.Edges, want)
	}
	if want := []int32{1, 1, 2, 1, 2, 3, 7}; !slices.Equal(g.Labels, want) {
		t.Errorf("labels %v, want %v", g.Labels, want)
	}
}

// Whatever a decoder says, but four skips, is an architecture, and for proteins one of its own.
func TestDecodeIsAlwaysValid(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, space := range []Space{{}, Proteins()} {
		scores := make([]float32, space.Schema().Outputs())
		seen := map[datasets.Arch]bool{}
		for range 1000 {
			for i := range scores {
				scores[i] = float32(rng.NormFloat64())
			}
			a, err := space.Decode(scores)
			if err != nil {
				continue
			}
			if space.At(space.Index(a)) != a {
				t.Fatalf("%s: Decode returns %v", space.Name(), a)
			}
			seen[a] = true
		}
		if len(seen) < 500 {
			t.Errorf("%s: 1000 random outputs decode to %d architectures only", space.Name(), len(seen))
		}
		for node := range NumNodes {
			scores[numLinks*NumNodes+node*NumOps+int(Skip)] = 10
		}
		_, err := space.Decode(scores)
		wantError(t, err, "decode "+space.Name(), "all four operations are skip")
		_, err = space.Decode(scores[1:])
		wantError(t, err, "got 47 scores, want 48")
	}
}

func TestArchsOfAnotherSpacePanic(t *testing.T) {
	for name, call := range map[string]func(){
		"an operation that proteins lacks": func() { Proteins().Index(Arch{Ops: [NumNodes]Op{GAT, GCN, GCN, GCN}}) },
		"an unknown operation":             func() { Space{}.Index(Arch{Ops: [NumNodes]Op{9}}) },
		"a link to a later node":           func() { Space{}.Neighbours(Arch{Links: [NumNodes]uint8{0, 2}}) },
		"four skips":                       func() { _ = Arch{Ops: [NumNodes]Op{Skip, Skip, Skip, Skip}}.Key() },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}

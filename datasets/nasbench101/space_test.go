package nasbench101

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// someCells returns cells from all over the space, one of each number of vertices at the least.
func someCells(t *testing.T) []datasets.Arch {
	t.Helper()
	cells := Enumerate()
	var some []datasets.Arch
	for i := 0; i < len(cells); i += 1 + i/100 {
		some = append(some, cells[i])
	}
	return some
}

// sampled returns cells as the benchmark's code draws them, most of which have needless parts.
func sampled(n int) []datasets.Arch {
	rng := rand.New(rand.NewPCG(1, 2))
	cells := make([]datasets.Arch, n)
	for i := range cells {
		cells[i] = Space{}.Sample(rng)
	}
	return cells
}

func TestLen(t *testing.T) {
	if n := (Space{}).Len(); n != 423624 {
		t.Errorf("Len() = %d, want 423624", n)
	}
}

func TestCanonicalKeepsTheHash(t *testing.T) {
	for _, a := range sampled(1000) {
		c := a.(Cell)
		if got, want := c.Hash(), c.Canonical().Hash(); got != want {
			t.Fatalf("hash of %v is %s, that of its canonical cell %s", c, got, want)
		}
	}
}

// A network keeps its canonical cell and its hash when its vertices are numbered in another order.
func TestCanonicalOfAnyNumbering(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, a := range someCells(t) {
		c := a.(Cell)
		g := c.graph()
		orders := 0
		g.eachOrder(func(position *[MaxVertices]int) {
			orders++
			if rng.IntN(orders) > 2 {
				return
			}
			other := Cell{g.code(position)}
			if other.Canonical() != c || other.Hash() != c.Hash() {
				t.Fatalf("%v is %v in another numbering, but %v is canonical there", c, other, other.Canonical())
			}
		})
		if orders == 0 {
			t.Fatalf("%v has no order", c)
		}
	}
}

// Neighbours differ in one place once they are filled up, and so lead back to the cell itself.
func TestNeighboursDifferInOnePlace(t *testing.T) {
	space := Space{}
	for _, a := range append(someCells(t), sampled(300)...) {
		padded := filledUp(a.(Cell))
		neighbours := space.Neighbours(a)
		for _, n := range neighbours {
			if d := distance(padded, n.(Cell)); d != 1 {
				t.Fatalf("%v is a neighbour of %v, but differs in %d places", n, a, d)
			}
			if !slices.Contains(space.Neighbours(n), padded) {
				t.Fatalf("%v is a neighbour of %v, but not the other way round", n, a)
			}
		}
		if len(neighbours) == 0 {
			t.Fatalf("%v has no neighbours", a)
		}
	}
}

// filledUp returns the cell that Neighbours changes.
func filledUp(c Cell) datasets.Arch {
	g := c.padded()
	return Cell{g.code(&inPlace)}
}

func distance(a datasets.Arch, b Cell) int {
	d := 0
	for y := range MaxVertices {
		if a.(Cell).Op(y) != b.Op(y) {
			d++
		}
		for x := range y {
			if a.(Cell).Edge(x, y) != b.Edge(x, y) {
				d++
			}
		}
	}
	return d
}

// Whoever is not a neighbour, among the cells that differ in one place, breaks a rule.
func TestNeighboursAreComplete(t *testing.T) {
	for _, a := range sampled(300) {
		valid := 0
		text := []byte(a.String())
		for y := range MaxVertices {
			for x := range y {
				at := x*MaxVertices + y
				text[at] ^= 1
				if _, err := ParseCell(string(text)); err == nil {
					valid++
				}
				text[at] ^= 1
			}
		}
		if got, want := len(Space{}.Neighbours(a)), valid+2*5; got != want {
			t.Fatalf("%v has %d neighbours, want %d", a, got, want)
		}
	}
}

// The benchmark's random_spec draws all matrices on seven vertices that are valid once pruned
// alike. Here that is counted, with a pruning of its own: how many there are for each number of
// vertices and edges left. Pearson's statistic of as many samples has about as many degrees of
// freedom as there are kinds, if they are drawn alike.
func TestSampleDrawsAsTheBenchmarkDoes(t *testing.T) {
	var probability [MaxVertices + 1][MaxEdges + 1]float64
	total := 0.0
	for matrix := range uint32(1 << 21) {
		var next, previous [7]uint32
		for i, y := 0, 1; y < 7; y++ {
			for x := range y {
				if matrix>>i&1 == 1 {
					next[x] |= 1 << y
					previous[y] |= 1 << x
				}
				i++
			}
		}
		fromInput, toOutput := uint32(1), uint32(1<<6)
		for v := range 7 {
			if fromInput>>v&1 == 1 {
				fromInput |= next[v]
			}
			if toOutput>>(6-v)&1 == 1 {
				toOutput |= previous[6-v]
			}
		}
		kept, vertices, edges := fromInput&toOutput, 0, 0
		for v := range 7 {
			if kept>>v&1 == 1 {
				vertices++
				for y := range 7 {
					edges += int(next[v] & kept >> y & 1)
				}
			}
		}
		if vertices >= 2 && edges <= MaxEdges {
			probability[vertices][edges]++
			total++
		}
	}

	const samples = 100_000
	var count [MaxVertices + 1][MaxEdges + 1]float64
	var operations [NumOps]float64
	for _, a := range sampled(samples) {
		c := a.(Cell)
		canonical := c.Canonical()
		count[canonical.Vertices()][canonical.Edges()]++
		for v := 1; v < 6; v++ {
			operations[c.Op(v)]++
		}
	}
	statistic, kinds := 0.0, 0.0
	for n := range probability {
		for e, p := range probability[n] {
			want := samples * p / total
			if want == 0 && count[n][e] > 0 {
				t.Errorf("%v samples have %d vertices and %d edges, which cannot be", count[n][e], n, e)
			}
			if want > 0 {
				statistic += (count[n][e] - want) * (count[n][e] - want) / want
				kinds++
			}
		}
	}
	if math.Abs(statistic-(kinds-1)) > 5*math.Sqrt(2*(kinds-1)) {
		t.Errorf("chi-squared is %.1f, want about %v", statistic, kinds-1)
	}
	const each = 5 * samples / 3
	for op := Conv3x3; op <= MaxPool; op++ {
		if got := operations[op]; math.Abs(got-each) > 5*math.Sqrt(each) {
			t.Errorf("%v was drawn %v times, want about %v", op, got, each)
		}
	}
}

func TestTheZeroCellPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Index did not panic")
		}
	}()
	Space{}.Index(Cell{})
}

type foreign string

func (f foreign) String() string { return string(f) }

// A space of some cells numbers them in the order of all, and says of others that they are not
// there.
func TestSubspace(t *testing.T) {
	space, rng := everyFourteenth(), rand.New(rand.NewPCG(11, 12))
	if want := "NAS-Bench-101, 30259 cells"; space.Len() != 30259 || space.Name() != want {
		t.Errorf("%q has %d cells, want %q", space.Name(), space.Len(), want)
	}
	before := -1
	for i := 0; i < space.Len(); i += 500 {
		a := space.At(i)
		among := Space{}.Index(a)
		if among <= before {
			t.Fatalf("cell %d has the index %d among all, after %d", i, among, before)
		}
		before = among
		if mutant := space.Mutate(a, rng); space.Canonical(mutant) == a {
			t.Fatalf("%v was mutated to %v, the same network", a, mutant)
		}
	}
	outside := Cell{allCodes()[1]}
	_, err := space.Parse(outside.String())
	wantError(t, err, "not in this space", "30259 cells")
	_, err = space.Decode(scoresOf(space.Encode(outside)))
	if !errors.Is(err, ErrNotInSpace) {
		t.Errorf("error %v, want ErrNotInSpace", err)
	}
	func() {
		defer func() {
			if r, _ := recover().(string); !strings.Contains(r, "30259 cells") {
				t.Errorf("Index panics with %q", r)
			}
		}()
		space.Index(outside)
	}()
}

func BenchmarkSample(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		Space{}.Sample(rng)
	}
}

func BenchmarkMutate(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	a := Space{}.Sample(rng)
	for b.Loop() {
		a = Space{}.Mutate(a, rng)
	}
}

func BenchmarkEncode(b *testing.B) {
	cells := Enumerate()
	i := 0
	for b.Loop() {
		Space{}.Encode(cells[i%NumCells])
		i += 7919
	}
}

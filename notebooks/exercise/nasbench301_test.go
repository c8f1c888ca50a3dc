package exercise

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

func TestGenotypes(t *testing.T) {
	// by counts cells whose nodes have so many ways, and makes genotypes of them.
	by := func(ways func(sources, operations float64) float64, genotypes func(cells float64) float64) func() {
		return func() {
			Genotypes(func(nodes, operations int) float64 {
				cells := 1.0
				for node := range nodes {
					cells *= ways(float64(2+node), float64(operations))
				}
				return genotypes(cells)
			})
		}
	}
	square := func(x float64) float64 { return x * x }
	right := func(n, ops float64) float64 { return n * (n - 1) / 2 * ops * ops }
	wantAnswers(t, "genotypes",
		answer{"right", by(right, square), ""},
		answer{"stub", func() { Genotypes(func(int, int) float64 { return 0 }) }, "It returns 0"},
		answer{"one cell", by(right, func(x float64) float64 { return x }), "number of cells"},
		answer{"sum", by(right, func(x float64) float64 { return 2 * x }), "multiplied, not added"},
		answer{"ordered", by(func(n, ops float64) float64 { return n * (n - 1) * ops * ops }, square), "counted twice"},
		answer{"any two", by(func(n, ops float64) float64 { return n * n * ops * ops }, square), "from different sources"},
		answer{"twice the same", by(func(n, ops float64) float64 { return n * (n + 1) / 2 * ops * ops }, square), "both inputs from one source"},
		answer{"one operation", by(func(n, ops float64) float64 { return n * (n - 1) / 2 * ops }, square), "two per node"},
		answer{"graphs", by(func(n, ops float64) float64 { return n * (n - 1) / 2 }, square), "These are the graphs"},
		answer{"operations", by(func(n, ops float64) float64 { return ops * ops }, square), "These are the operations"},
		answer{"known number", func() { Genotypes(func(int, int) float64 { return 32400 * math.Pow(7, 16) }) }, "Of 1 nodes and 2 operations"})
}

// Two changes lead to every neighbour of a neighbour, and no fewer to those that are no neighbours.
func TestChangesAreSteps(t *testing.T) {
	space := nasbench301.Space{}
	a := space.Sample(rand.New(rand.NewPCG(2, 1))).(nasbench301.Genotype)
	steps := map[datasets.Arch]int{space.Canonical(a): 0}
	for _, b := range space.Neighbours(a) {
		steps[b] = 1
	}
	for _, b := range space.Neighbours(a) {
		for _, c := range space.Neighbours(b) {
			if _, ok := steps[c]; !ok {
				steps[c] = 2
			}
		}
	}
	for b, want := range steps {
		g := b.(nasbench301.Genotype)
		if got := changes(a.Normal, g.Normal) + changes(a.Reduce, g.Reduce); got != want {
			t.Fatalf("%d changes from %v to %v, want %d", got, a, g, want)
		}
	}
}

func TestChanges(t *testing.T) {
	// by adds the distances of nodes in the cells that count.
	by := func(node func(a, b []nasbench301.Edge) int, cells int) func() {
		return func() {
			Changes(func(a, b nasbench301.Genotype) (sum int) {
				of := [][2]nasbench301.Cell{{a.Normal, b.Normal}, {a.Reduce, b.Reduce}}
				for _, c := range of[:cells] {
					for i := 0; i < len(c[0]); i += 2 {
						sum += node(c[0][i:i+2], c[1][i:i+2])
					}
				}
				return sum
			})
		}
	}
	once := func(a, b nasbench301.Edge) int { return min(1, apart(a, b)) }
	pairs := func(each func(a, b nasbench301.Edge) int) func(a, b []nasbench301.Edge) int {
		return func(a, b []nasbench301.Edge) int {
			return min(each(a[0], b[0])+each(a[1], b[1]), each(a[0], b[1])+each(a[1], b[0]))
		}
	}
	wantAnswers(t, "changes",
		answer{"right", by(pairs(apart), 2), ""},
		answer{"stub", func() { Changes(func(a, b nasbench301.Genotype) int { return 0 }) }, "It returns 0"},
		answer{"same", func() { Changes(func(a, b nasbench301.Genotype) int { return 16 }) }, "to itself"},
		answer{"edges", by(pairs(once), 2), "are two changes"},
		answer{"normal cell", by(pairs(apart), 1), "differ in the second"},
		answer{"in place", by(func(a, b []nasbench301.Edge) int { return apart(a[0], b[0]) + apart(a[1], b[1]) }, 2), "the other way round"},
		answer{"sorted by source", by(func(a, b []nasbench301.Edge) (sum int) {
			source := func(x, y nasbench301.Edge) int { return cmp.Compare(x.From, y.From) }
			a, b = slices.SortedFunc(slices.Values(a), source), slices.SortedFunc(slices.Values(b), source)
			for i := range a {
				sum += apart(a[i], b[i])
			}
			return sum
		}, 2), "take the nearer"},
		answer{"at most ten", func() {
			Changes(func(a, b nasbench301.Genotype) int {
				return min(10, changes(a.Normal, b.Normal)+changes(a.Reduce, b.Reduce))
			})
		}, "and it says 10"})
}

func TestMixture(t *testing.T) {
	with := func(f func(m, s []float64) float64) func() {
		return func() { Mixture(func(m, s []float64) (float64, float64) { return stat.Mean(m, nil), f(m, s) }) }
	}
	own := func(s []float64) float64 { return floats.Dot(s, s) / float64(len(s)) }
	wantAnswers(t, "mixture",
		answer{"right", with(func(m, s []float64) float64 { return math.Sqrt(own(s) + stat.PopVariance(m, nil)) }), ""},
		answer{"stub", func() { Mixture(func(m, s []float64) (float64, float64) { return 0, 0 }) }, "a mean of 0"},
		answer{"sum", func() { Mixture(func(m, s []float64) (float64, float64) { return floats.Sum(m), 0 }) }, "sum of the members"},
		answer{"first", func() { Mixture(func(m, s []float64) (float64, float64) { return m[0], s[0] }) }, "it makes 93, not 94"},
		answer{"sure", with(func(m, s []float64) float64 { return 0 }), "as sure as"},
		answer{"own", with(func(m, s []float64) float64 { return math.Sqrt(own(s)) }), "all members said the same"},
		answer{"mean", with(func(m, s []float64) float64 { return stat.Mean(s, nil) }), "forgets that members disagree"},
		answer{"between", with(func(m, s []float64) float64 { return stat.PopStdDev(m, nil) }), "as if each member was sure"},
		answer{"between, of a sample", with(func(m, s []float64) float64 { return stat.StdDev(m, nil) }), "of its own as well"},
		answer{"sample", with(func(m, s []float64) float64 { return math.Sqrt(own(s) + stat.Variance(m, nil)) }), "no sample of it"},
		answer{"deviations", with(func(m, s []float64) float64 { return stat.Mean(s, nil) + stat.PopStdDev(m, nil) }), "Add variances"},
		answer{"variance", with(func(m, s []float64) float64 { return own(s) + stat.PopVariance(m, nil) }), "That is the variance"},
		answer{"measurements", with(func(m, s []float64) float64 { return floats.Norm(s, 2) / float64(len(s)) }), "independent measurements"},
		answer{"largest", with(func(m, s []float64) float64 { return floats.Max(s) }), "as the deviation it makes 0.5"})
}

package nasbench301

import (
	"math"
	"testing"
)

// Values that ConfigSpace 0.4.12 gives with the benchmark's configspace.json, NaN replaced by -1.
func TestFeatures(t *testing.T) {
	fixed := map[int]float64{
		0: 0.5863451791322553, 4: 0.16666444442962952, 5: 0.3099999239999697, 14: 0.003149999006299998, 21: 0.000749999001499998,
		24: -3.6888794541139363, 25: 0.8988764044943821, 26: -8.111728083308073, 27: 0.009949999019899998, 28: 1e-12, 31: 0.7051278400653053,
	}
	for genotype, want := range map[string]struct{ edges01, inputs, others []float64 }{
		dartsV2: {
			[]float64{3, 3, 0, 0},
			[]float64{0, 0, 1, 2, 1, 4},
			[]float64{-1, 5, -1, -1, 3, 3, -1, 2, 3, -1, -1, 2, 0, 2, -1, -1, -1, 0, 2, 0, -1, 2, -1, -1},
		},
		mixed: {
			[]float64{1, 6, 3, 6},
			[]float64{1, 4, 9, 2, 5, 3},
			[]float64{-1, -1, 4, 2, 0, -1, 4, -1, 1, -1, 5, -1, -1, -1, -1, 1, -1, 4, 1, -1, -1, 0, 5, 6},
		},
	} {
		var all [NumFeatures]float64
		for i, value := range fixed {
			all[i] = value
		}
		copy(all[10:], want.edges01)
		copy(all[15:], want.inputs)
		copy(all[32:], want.others)
		for i, got := range Features(parse(t, genotype)) {
			if got != float32(all[i]) {
				t.Errorf("%s: feature %d is %v, want %v", genotype, i, got, all[i])
			}
		}
	}
}

// Features tell architectures apart, and nothing else.
func TestFeaturesAreOnePerArchitecture(t *testing.T) {
	g := parse(t, mixed)
	if Features(g) != Features(Space{}.Canonical(g)) {
		t.Error("the order of a node's edges makes a difference")
	}
	seen := map[[NumFeatures]float32]bool{Features(g): true}
	for _, n := range (Space{}).Neighbours(g) {
		x := Features(n)
		if seen[x] {
			t.Errorf("%v has the features of another architecture", n)
		}
		seen[x] = true
		for i, value := range x {
			if math.IsNaN(float64(value)) || value < -10 || value > 9 {
				t.Errorf("%v: feature %d is %v", n, i, value)
			}
		}
	}
}

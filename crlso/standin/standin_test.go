package standin

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// fastest returns XLA if it is there.
func fastest(t testing.TB) compute.Backend {
	t.Helper()
	backend, err := backend.New()
	if err != nil {
		t.Fatal(err)
	}
	return backend
}

// portable returns GoMLX's Go backend, which compiles faster than XLA and computes slower.
func portable(t testing.TB) compute.Backend {
	t.Helper()
	backend, err := compute.NewWithConfig("go:parallelism=-1")
	if err != nil {
		t.Fatal(err)
	}
	return backend
}

// quick is a configuration that fits in a second or two.
var quick = Config{Networks: 2, Epochs: 10, Batch: 32, LearningRate: 3e-3, WeightDecay: 0.1, Warmup: 5, Seed: 1}

// madeUp returns random genotypes whose accuracy is a sum over edges, a fifth of a point for each
// separable convolution.
func madeUp(n int) []datasets.Query {
	rng := rand.New(rand.NewPCG(1, 1))
	rows := make([]datasets.Query, n)
	for i := range rows {
		g := nasbench301.Space{}.Sample(rng).(nasbench301.Genotype)
		rows[i] = datasets.Query{Arch: g, Accuracy: 90}
		for _, op := range nasbench301.Operations(g) {
			if op == int32(nasbench301.SepConv3x3) || op == int32(nasbench301.SepConv5x5) {
				rows[i].Accuracy += 0.2
			}
		}
	}
	return rows
}

// Networks predict the same in plain Go as in GoMLX, on either backend.
func TestNetworksAgree(t *testing.T) {
	for name, backend := range map[string]compute.Backend{"go": portable(t), "fastest": fastest(t)} {
		t.Run(name, func(t *testing.T) {
			const M = 2
			rows := madeUp(20)
			operations, _, _, _ := examples(rows)
			store := model.NewStore()
			if err := store.SetRNGStateFromSeed(7); err != nil {
				t.Fatal(err)
			}
			exec, err := model.NewExec(backend, store, func(scope *model.Scope, x *Node) *Node { return networks(scope, M, x) })
			if err != nil {
				t.Fatal(err)
			}
			result, err := exec.Call1(operations)
			if err != nil {
				t.Fatal(err)
			}
			want := tensors.MustCopyFlatData[float32](result)
			fit := nasbench301.Fit{Mean: 50, Deviation: 1}
			if fit.Networks, err = weights(store, M); err != nil {
				t.Fatal(err)
			}
			s, err := nasbench301.NewStandIn(fit)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range rows {
				a, b := float64(want[i]), float64(want[len(rows)+i])
				got := s.Predict(row.Arch.(nasbench301.Genotype))
				if math.Abs(got.Mean-50-(a+b)/2) > 1e-4 || math.Abs(got.Std-math.Abs(a-b)/2) > 1e-4 || a == b {
					t.Fatalf("cell %d: mean %v and deviation %v, want those of %v and %v", i, got.Mean-50, got.Std, a, b)
				}
			}
		})
	}
}

// Networks learn what they are shown, each by itself.
func TestFit(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	backend, rows := portable(t), madeUp(700)
	fit, err := Fit(t.Context(), backend, rows[:600], quick, io.Discard)
	if err == nil {
		fit, err = judge(fit, rows[600:])
	}
	if err != nil {
		t.Fatal(err)
	}
	if fit.Fitted != 600 || fit.HeldOut != 100 || fit.RSquared < 0.85 || fit.Tau < 0.75 {
		t.Errorf("fitted to %d: R^2 %.3f and tau %.3f on %d others, want 0.85 and 0.75", fit.Fitted, fit.RSquared, fit.Tau, fit.HeldOut)
	}
	if maps.EqualFunc(fit.Networks[0], fit.Networks[1], func(a, b []float32) bool { return a[0] == b[0] }) {
		t.Error("the networks are all the same")
	}
}

func TestFitFails(t *testing.T) {
	backend, rows := portable(t), madeUp(40)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fit(ctx, backend, rows, quick, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if _, err := Fit(t.Context(), backend, rows[:31], quick, io.Discard); err == nil || !strings.Contains(err.Error(), "31 cells") {
		t.Errorf("error %v, want one with the 31 cells", err)
	}
}

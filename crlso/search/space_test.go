package search

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/datasets"
)

// halfSpace is toy.Space with the first digit counted as nothing: 27 distinct architectures, though
// it claims 81.
type halfSpace struct{ toy.Space }

func (halfSpace) Canonical(a datasets.Arch) datasets.Arch {
	d := a.(toy.Digits)
	d[0] = 0
	return d
}

// stuckSpace is toy.Space as a search sees it that never proposes anything but one architecture.
type stuckSpace struct{ toy.Space }

func (s stuckSpace) Sample(*rand.Rand) datasets.Arch                  { return s.At(0) }
func (stuckSpace) Mutate(a datasets.Arch, _ *rand.Rand) datasets.Arch { return a }
func (stuckSpace) Neighbours(a datasets.Arch) []datasets.Arch         { return []datasets.Arch{a} }

func newOracle(t testing.TB, b datasets.Benchmark, budget int) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(b, budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

func newSource(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// wantError checks that an error is one line that contains all of wants.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

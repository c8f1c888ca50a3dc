package testbed

import (
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// MadeUp is a benchmark on a real space, in which accuracy is the number of labels 1 of the graph,
// and 30.
type MadeUp struct{ Over datasets.Space }

func (b MadeUp) Name() string          { return "made up, " + b.Over.Name() }
func (b MadeUp) Source() string        { return "made up" }
func (b MadeUp) Space() datasets.Space { return b.Over }
func (b MadeUp) HasTest() bool         { return false }
func (b MadeUp) Best() float64         { return 100 }

func (b MadeUp) Lookup(a datasets.Arch) (datasets.Record, error) {
	record := datasets.Record{Val: 30, Test: math.NaN()}
	for _, label := range b.Over.Encode(a).Labels {
		if label == 1 {
			record.Val++
		}
	}
	return record, nil
}

// MadeUpOracle returns an oracle of MadeUp.
func MadeUpOracle(t testing.TB, space datasets.Space, budget int) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(MadeUp{space}, budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

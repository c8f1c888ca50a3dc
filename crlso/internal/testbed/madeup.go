package testbed

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
)

// MadeUpOracle returns an oracle of made-up accuracies over a real space.
func MadeUpOracle(t testing.TB, space datasets.Space, budget int) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(searchtest.MadeUp(space), budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

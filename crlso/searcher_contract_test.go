package crlso_test

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// TestSearcherContract holds CR-LSO to the rules of all searchers. Its decoder needs a real space.
func TestSearcherContract(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	compute, err := backend.Named("go")
	if err != nil {
		t.Fatal(err)
	}
	searcher := &crlso.Searcher{Backend: compute, Config: crlso.Tiny201()}
	searchtest.Run(t, searcher, searchtest.MadeUp(nasbench201.Space{}))
}

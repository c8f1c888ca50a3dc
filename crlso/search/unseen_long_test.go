//go:build long

package search

import "testing"

// TestAllUnseenResults is TestUnseenResults for more seeds and all figures, up to 500 queries.
func TestAllUnseenResults(t *testing.T) {
	checkUnseen(t, 400, 500)
}

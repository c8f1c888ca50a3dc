package testbed

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Weights returns all weights and moments of a store by path.
func Weights(t testing.TB, store *model.Store) map[string][]float32 {
	t.Helper()
	out := make(map[string][]float32)
	for v := range store.IterVariables() {
		if v.DType() != dtypes.Float32 {
			continue // GoMLX's checkpoints add a step counter
		}
		out[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
	}
	return out
}

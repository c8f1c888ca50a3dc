package nn

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TensorOf returns rows of one length D, at least one row, as a tensor [rows, D].
func TensorOf(rows ...[]float64) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(Float32s(slices.Concat(rows...)), len(rows), len(rows[0]))
}

// PaddedVector returns values as a tensor [size], filled up with zeros.
func PaddedVector(values []float64, size int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(append(Float32s(values), make([]float32, size-len(values))...), size)
}

// Float32s converts values for the device.
func Float32s(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, x := range values {
		out[i] = float32(x)
	}
	return out
}

// AppendRows appends the first n rows of x to out, and frees x.
func AppendRows(out []float32, x *tensors.Tensor, n int) []float32 {
	tensors.MustConstFlatData(x, func(flat []float32) {
		out = append(out, flat[:len(flat)/x.Shape().Dim(0)*n]...)
	})
	x.MustFinalizeAll()
	return out
}

// Float64s converts values from the device.
func Float64s(values []float32) []float64 {
	out := make([]float64, len(values))
	for i, x := range values {
		out[i] = float64(x)
	}
	return out
}

// Rows cuts values into rows of one length.
func Rows(values []float32, length int) [][]float64 {
	return slices.Collect(slices.Chunk(Float64s(values), length))
}

// Fractions returns percentages as a tensor of fractions, [values].
func Fractions(percent []float64) *tensors.Tensor {
	flat := make([]float32, len(percent))
	for i, x := range percent {
		flat[i] = float32(x / 100)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(flat))
}

// UpTo returns 0, 1, ..., n-1.
func UpTo(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// LatentTensor returns latents of dim dimensions as a tensor [size, dim], filled up with zeros. It
// is an error if a latent has another number of dimensions.
func LatentTensor(latents [][]float64, size, dim int) (*tensors.Tensor, error) {
	flat := make([]float32, size*dim)
	for i, z := range latents {
		if len(z) != dim {
			return nil, fmt.Errorf("latent %d has %d dimensions, want %d", i, len(z), dim)
		}
		copy(flat[i*dim:], Float32s(z))
	}
	return tensors.FromFlatDataAndDimensions(flat, size, dim), nil
}

// ApplyToLatents runs a program on latents of dim dimensions, size of them at a time and the last
// ones filled up with zeros, and concatenates its results, a row for each latent. So one compiled
// program serves any number.
func ApplyToLatents(exec *model.Exec, latents [][]float64, size, dim int) ([]float32, error) {
	var out []float32
	for chunk := range slices.Chunk(latents, size) {
		batch, err := LatentTensor(chunk, size, dim)
		if err != nil {
			return nil, err
		}
		result, err := exec.Call1(batch)
		if err != nil {
			return nil, err
		}
		out = AppendRows(out, result, len(chunk))
	}
	return out, nil
}

package nn

import (
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
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

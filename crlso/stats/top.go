package stats

import (
	"cmp"
	"slices"
)

// Top returns the k items of the highest values, the highest first and equal ones in their order.
// It returns all items if there are fewer than k.
func Top[T any](items []T, k int, value func(T) float64) []T {
	type valued struct {
		item  T
		value float64
	}
	sorted := make([]valued, len(items))
	for i, item := range items {
		sorted[i] = valued{item, value(item)}
	}
	slices.SortStableFunc(sorted, func(a, b valued) int { return cmp.Compare(b.value, a.value) })
	top := make([]T, max(0, min(k, len(items))))
	for i := range top {
		top[i] = sorted[i].item
	}
	return top
}

// Best returns the indices of the n highest values, the highest first and equal ones in their
// order.
func Best(values []float64, n int) []int {
	indices := make([]int, len(values))
	for i := range indices {
		indices[i] = i
	}
	return Top(indices, n, func(i int) float64 { return values[i] })
}

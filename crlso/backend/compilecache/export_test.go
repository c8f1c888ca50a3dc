//go:build !noxla && cgo && linux

package compilecache

// NoYNN is for tests to set.
var NoYNN = &noYNN

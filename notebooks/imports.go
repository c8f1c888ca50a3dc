//go:build notebook_cells

package main

// Only cells import these: the build tag is never set, and keeps them in go.mod.
import (
	_ "github.com/janpfeifer/must"
)

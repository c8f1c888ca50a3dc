//go:build !noxla && cgo && linux

package compilecache_test

import (
	"context"
	"fmt"
	"os"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/backend/compilecache"
	. "github.com/gomlx/gomlx/core/graph"
)

// From now on, the programs that take long to compile are kept in a folder of one's own. By
// default, package backend keeps them below source.OwnDir.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "programs-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	plugin, err := backend.PreparePlugin(context.Background(), os.Stderr)
	if err != nil {
		fmt.Println(err)
		return
	}
	xla, err := backend.Named("xla:" + plugin)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := compilecache.Open(plugin, dir); err != nil {
		fmt.Println(err)
		return
	}
	sum := MustNewExec(xla, func(x *Node) *Node { return ReduceAllSum(Square(x)) })
	fmt.Println(sum.MustCall1([]float32{1, 2, 3}).Value())
	// Output: 14
}

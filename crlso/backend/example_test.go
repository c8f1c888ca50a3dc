package backend_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/backend"
	. "github.com/gomlx/gomlx/core/graph"
)

// A backend computes what a graph function describes. [backend.New] returns the fastest one at
// hand.
func ExampleNamed() {
	slow, err := backend.Named("go")
	if err != nil {
		fmt.Println(err)
		return
	}
	exec, err := NewExec(slow, func(x *Node) *Node { return ReduceAllSum(Square(x)) })
	if err != nil {
		fmt.Println(err)
		return
	}
	sum, err := exec.Call1([]float32{1, 2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sum.Value())
	// Output: 14
}

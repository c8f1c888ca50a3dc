package nasbench101_test

import (
	"fmt"
	"log"

	"github.com/cr-lso/cr-lso/datasets/nasbench101"
)

// The example of the benchmark's README, an Inception-like cell, and its name in the benchmark's
// file.
func ExampleParseCell() {
	matrix := "0111010" + // input
		"0000001" + // 1x1 convolution
		"0000001" + // 3x3 convolution
		"0000100" + // 5x5 convolution, as two 3x3
		"0000001" +
		"0000001" + // 3x3 max-pooling
		"0000000" // output
	cell, err := nasbench101.ParseCell(matrix +
		" input,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3,output")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cell.Vertices(), "vertices,", cell.Edges(), "edges")
	fmt.Println(cell.Canonical())
	fmt.Println(cell.Hash())
	// Output:
	// 7 vertices, 9 edges
	// 0111100000000100000010000001000001000000010000000 input,conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,output
	// 28cfc7874f6d200472e1a9dcd8650aa0
}

package cellnet_test

import (
	"context"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/cellnet"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// The digits are in the project: 8 x 8 pixels, for trainings of a second.
func ExampleDigits() {
	images, err := cellnet.Digits()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(images.Train.Len(), "to train on,", images.Validation.Len(), "for validation,", images.Test.Len(), "for testing")
	// Output: 1000 to train on, 400 for validation, 397 for testing
}

// A cell is trained, timed, kept, and opened again. The first training takes some seconds more, for
// compiling.
func ExampleEvaluator_Train() {
	images, err := cellnet.Digits()
	if err != nil {
		fmt.Println(err)
		return
	}
	fastest, err := backend.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	cell, err := nasbench201.ParseCell("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := &cellnet.Evaluator{Backend: fastest, Images: images, Config: cellnet.Small()}
	network, err := e.Train(context.Background(), cell)
	if err != nil {
		fmt.Println(err)
		return
	}
	accuracy, err := network.Accuracy(images.Validation)
	fmt.Println(accuracy, err)
	latency, err := network.Latency(64) // milliseconds
	fmt.Println(latency, err)
	if err := network.Save("found"); err != nil {
		fmt.Println(err)
		return
	}
	again, err := cellnet.OpenNetwork(fastest, "found")
	fmt.Println(again.Operations, err)
}

package command_test

import (
	"context"
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/command"
)

// A program is an evaluator: it reads an architecture, and its last line is the accuracy.
func ExampleEvaluator() {
	space, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: []string{"2", "4"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := space.Parse("depth=4")
	if err != nil {
		fmt.Println(err)
		return
	}
	train := command.Evaluator{Program: []string{"sh", "-c", `read arch; echo "training $arch"; echo 91.5`}}
	m, err := train.Evaluate(context.Background(), a)
	fmt.Println(a, m.Accuracy, err)
	// Output: depth=4 91.5 <nil>
}

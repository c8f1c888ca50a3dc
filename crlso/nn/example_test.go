package nn_test

import (
	"context"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// A line through three points, fitted by Adam in one program.
func ExampleRegression() {
	line := nn.Regression{
		Network: func(scope *model.Scope, points *Node) *Node {
			return Squeeze(nn.Affine(scope.In("line"), points, 1), -1)
		},
		Training: nn.Training{Epochs: 500, Batch: 3, LearningRate: 0.05, Beta1: 0.9, Beta2: 0.999},
	}
	slow, err := backend.Named("go") // backend.New returns the fastest one at hand
	if err != nil {
		fmt.Println(err)
		return
	}
	fitted, err := line.Fit(context.Background(), slow, [][]float64{{0}, {1}, {2}}, []float64{1, 3, 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := fitted.Values([][]float64{{10}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("at 10: %.1f\n", values[0])
	// Output: at 10: 21.0
}

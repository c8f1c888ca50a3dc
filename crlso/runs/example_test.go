package runs_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// A run does the method stage by stage in a folder. Whoever opens the folder again finds done what
// is done.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "run-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	table, err := nasbench201.Open(ctx, "cifar10", nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	slow, err := backend.Named("go") // backend.New returns the fastest one at hand
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := runs.Open(dir, slow, table.Space(), crlso.Tiny201())
	if err != nil {
		fmt.Println(err)
		return
	}
	oracle, err := datasets.NewOracle(table, run.Config.Budget, datasets.MeanLabel)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := errors.Join(run.LabelInitialSet(oracle), run.TrainPredictor(ctx), run.TrainJoint(ctx)); err != nil {
		fmt.Println(err)
		return
	}
	epochs, losses := run.Losses(crlso.JointStage)
	fmt.Println(len(oracle.Log()), "labels,", len(epochs), "epochs,", len(losses), "losses")
	// Output: 40 labels, 2 epochs, 4 losses
}

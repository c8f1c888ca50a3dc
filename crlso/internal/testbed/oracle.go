package testbed

import (
	"os"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Table returns NAS-Bench-201 on CIFAR-10.
func Table(t testing.TB) *nasbench201.Table {
	t.Helper()
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Oracle returns an oracle of Table that answers by the mean.
func Oracle(t testing.TB, budget int) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(Table(t), budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

// Evaluate runs a graph function on inputs and on the variables of a store.
func Evaluate(t testing.TB, backend compute.Backend, store *model.Store, f func(inputs []*Node) []*Node, inputs ...any) []*tensors.Tensor {
	t.Helper()
	exec, err := model.NewExec(backend, store, func(_ *model.Scope, inputs []*Node) []*Node { return f(inputs) })
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Exec(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return outputs
}

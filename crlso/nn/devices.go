package nn

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"
)

// split spreads the program of a trainer over several devices by data parallelism: each of them has
// all weights and tables, and computes its share of every batch; gradients and losses are summed
// over devices. This is GoMLX's AutoSharding, which tells XLA's partitioner where inputs and
// results are to lie and leaves all else to it. GoMLX's own Trainer does the same for a single step
// (gomlx v0.28.2, Trainer.DistributedTrainStep); here the program is the loop.
type split struct {
	replicated int                       // the number of inputs before the per-step ones
	everywhere *distributed.ShardingSpec // of these inputs, of variables and of results: each device has all
	byExample  *distributed.ShardingSpec // of per-step inputs, [steps, batch, ...]: each device has a part of every batch
}

// SplitOver makes the trainer's program one for several devices of the backend. It belongs before
// the first Run. It is an error if the backend has fewer devices, or if their number does not
// divide the batch.
func (t *Trainer) SplitOver(devices int, backend compute.Backend, numTables int) error {
	switch available := backend.NumDevices(); {
	case devices > available:
		return fmt.Errorf("Devices is %d, but the backend has %d: %s; lower it", devices, available, backend.Description())
	case t.Config.Batch%devices != 0:
		return fmt.Errorf("Devices is %d, which does not divide the batch of %d; change one of them", devices, t.Config.Batch)
	}
	const axis = "batch"
	mesh, err := distributed.NewDeviceMesh([]int{devices}, []string{axis})
	if err != nil {
		return err
	}
	byExample, err := distributed.BuildSpec(mesh).R().S(axis).Done()
	if err != nil {
		return err
	}
	t.split = &split{fixedInputs + numTables, distributed.NewReplicatedShardingSpec(mesh), byExample}
	inputs := slices.Repeat([]*distributed.ShardingSpec{t.split.everywhere}, t.split.replicated)
	t.exec.AutoSharding(mesh).
		WithInputShardingSpecs(append(inputs, byExample)...). // the last one holds for all per-step inputs
		WithOutputShardingSpecs(t.split.everywhere)
	return nil
}

// callSplit runs the program on the devices of t.split. Before and after, variables are as they are
// on one device: other programs use them, and other numbers of devices.
func (t *Trainer) callSplit(args ...any) (*tensors.Tensor, error) {
	variables := slices.Concat(t.trained, t.moments)
	for _, v := range variables {
		if err := v.SetShardingSpec(t.split.everywhere); err != nil {
			return nil, err
		}
	}
	sharded := make([]any, len(args))
	for i, arg := range args {
		x, ok := arg.(*tensors.Tensor)
		if !ok {
			x = tensors.MustFromAnyValue(arg)
			defer x.MustFinalizeAll()
		}
		spec := t.split.everywhere
		if i >= t.split.replicated {
			spec = t.split.byExample
		}
		shards, err := dtensor.ShardTensor(spec, x)
		if err != nil {
			return nil, err
		}
		defer shards.Finalize()
		sharded[i] = shards
	}
	results, err := t.exec.Exec(sharded...)
	if err != nil {
		return nil, err
	}
	for _, same := range results[1:] {
		same.MustFinalizeAll()
	}
	for _, v := range variables {
		if err := gather(v); err != nil {
			return nil, err
		}
	}
	return results[0], nil
}

// gather brings a variable from the devices back to the host.
func gather(v *model.Variable) error {
	shards, err := v.DistributedValue()
	if err != nil {
		return err
	}
	value, err := v.Value()
	if err != nil {
		return err
	}
	if err := v.SetValuePreservingOld(value); err != nil {
		return err
	}
	return shards.Finalize()
}

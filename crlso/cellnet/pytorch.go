package cellnet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/export"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// pyTorch returns the module of the network, and its weights by the names that they have there.
func (n *Network) pyTorch() (module string, weights []byte, err error) {
	space, err := datasets.NewCells("cells", n.Nodes, slices.Compact(slices.Sorted(slices.Values(n.Operations)))...)
	if err != nil {
		return "", nil, err
	}
	a, err := space.Parse(`["` + strings.Join(n.Operations, `","`) + `"]`)
	if err != nil {
		return "", nil, err
	}
	module, err = export.PyTorch(a, export.Network{
		Channels: n.Config.Channels, Cells: n.Config.Cells, Classes: n.Classes, Colours: n.Colours})
	if err != nil {
		return "", nil, err
	}
	arrays, err := n.pyTorchState()
	if err != nil {
		return "", nil, err
	}
	weights, err = source.PackArrays(arrays)
	return module, weights, err
}

// pyTorchState returns the weights by the names of the module's state_dict.
func (n *Network) pyTorchState() ([]source.Array, error) {
	s := pyTorchState{store: n.store}
	s.convolution("features.0", "/stem")
	s.norm("features.1", "/stem")
	layer := 2
	for stage := range 3 {
		scope := fmt.Sprintf("/stage_%d", stage)
		if stage > 0 {
			name := fmt.Sprintf("features.%d", layer)
			s.reluConv(name+".block.0", scope+"/reduction/a")
			s.reluConv(name+".block.1", scope+"/reduction/b")
			s.convolution(name+".shortcut.1", scope+"/reduction/shortcut")
			layer++
		}
		for i := range n.Config.Cells {
			s.cell(n, fmt.Sprintf("features.%d.nodes", layer), fmt.Sprintf("%s/cell_%d", scope, i))
			layer++
		}
	}
	s.norm(fmt.Sprintf("features.%d", layer), "/last")
	s.put("classifier.weight", networkScope+"/classifier/weights", outputsFirst)
	s.put("classifier.bias", networkScope+"/classifier/bias", asItIs)
	return s.arrays, s.err
}

// pyTorchState collects the arrays. Names are PyTorch's, scopes those of this package.
type pyTorchState struct {
	store  *model.Store
	arrays []source.Array
	err    error // the first one
}

func (s *pyTorchState) cell(n *Network, name, scope string) {
	edge := 0
	for target := 1; target < n.Nodes; target++ {
		for from := range target {
			name, scope := fmt.Sprintf("%s.%d.%d", name, target-1, from), fmt.Sprintf("%s/edge_%d", scope, edge)
			switch n.Operations[edge] {
			case nasbench201.Conv1x1.String():
				s.reluConv(name, scope+"/conv1")
			case nasbench201.Conv3x3.String():
				s.reluConv(name, scope+"/conv3")
			}
			edge++
		}
	}
}

// reluConv is of a sequence of ReLU, convolution and normalisation.
func (s *pyTorchState) reluConv(name, scope string) {
	s.convolution(name+".1", scope)
	s.norm(name+".2", scope)
}

func (s *pyTorchState) convolution(name, scope string) {
	s.put(name+".weight", networkScope+scope+"/kernel", outputsFirst)
}

func (s *pyTorchState) norm(name, scope string) {
	s.put(name+".weight", networkScope+scope+"/scale", onePlus)
	s.put(name+".bias", networkScope+scope+"/shift", asItIs)
	s.put(name+".running_mean", statisticsScope+networkScope+scope+"/mean", asItIs)
	s.put(name+".running_var", statisticsScope+networkScope+scope+"/variance", asItIs)
}

// put adds the values of the variable at a path, changed.
func (s *pyTorchState) put(name, path string, change func(values []float32, dims []int) []float32) {
	v := s.store.GetVariable(path)
	value, err := v.Value()
	if err != nil {
		if s.err == nil {
			s.err = fmt.Errorf("%s: %w", path, err)
		}
		return
	}
	tensors.MustConstFlatData(value, func(flat []float32) {
		s.arrays = append(s.arrays, source.Array{Name: name, Values: change(flat, v.Shape().Dimensions)})
	})
}

// outputsFirst returns weights, [height, width, inputs, outputs] or [inputs, outputs], in PyTorch's
// order: outputs, inputs, height, width.
func outputsFirst(values []float32, dims []int) []float32 {
	outputs, inputs := dims[len(dims)-1], dims[len(dims)-2]
	places := len(values) / (outputs * inputs)
	moved := make([]float32, len(values))
	for i, value := range values {
		place, input, output := i/(inputs*outputs), i/outputs%inputs, i%outputs
		moved[(output*inputs+input)*places+place] = value
	}
	return moved
}

func onePlus(values []float32, _ []int) []float32 {
	sums := make([]float32, len(values))
	for i, value := range values {
		sums[i] = 1 + value
	}
	return sums
}

func asItIs(values []float32, _ []int) []float32 { return slices.Clone(values) }

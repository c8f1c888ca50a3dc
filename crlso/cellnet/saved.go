package cellnet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
)

// The files of a saved network.
const (
	describedIn    = "network.json"
	checkpointDir  = "checkpoint"
	pyTorchFile    = "net.py"
	pyTorchWeights = "weights.npz"
)

// Save writes the network into a new folder: network.json and checkpoint, a checkpoint of GoMLX,
// for [OpenNetwork]; and for PyTorch net.py, whose function load returns the network with the
// weights in weights.npz. Nothing stays of it if it fails.
func (n *Network) Save(dir string) (err error) {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("save network: there is a %s already; name a new folder", dir)
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fmt.Errorf("save network: %w; choose a folder that can be written", err)
	}
	defer os.RemoveAll(part)
	description, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return fmt.Errorf("save network: %w", err)
	}
	module, weights, err := n.pyTorch()
	if err != nil {
		return fmt.Errorf("save network: %w", err)
	}
	for name, content := range map[string][]byte{
		describedIn: append(description, '\n'), pyTorchFile: []byte(module), pyTorchWeights: weights,
	} {
		if err := os.WriteFile(filepath.Join(part, name), content, 0o666); err != nil {
			return fmt.Errorf("save network: %w", err)
		}
	}
	handler, err := checkpoint.Build(n.store).Dir(filepath.Join(part, checkpointDir)).ExcludeAllParams().Done()
	if err == nil {
		err = handler.Save()
	}
	if err == nil {
		err = os.Chmod(part, 0o755)
	}
	if err == nil {
		err = os.Rename(part, dir)
	}
	if err != nil {
		return fmt.Errorf("save network: %w", err)
	}
	return nil
}

// OpenNetwork returns the network that [Network.Save] has written into a folder.
func OpenNetwork(on compute.Backend, dir string) (*Network, error) {
	text, err := os.ReadFile(filepath.Join(dir, describedIn))
	if err != nil {
		return nil, fmt.Errorf("open network: %w; want a folder that Network.Save has written", err)
	}
	n := new(Network)
	if err := json.Unmarshal(text, n); err != nil {
		return nil, fmt.Errorf("open network %s: %s: %w", dir, describedIn, err)
	}
	c, err := newCell(n.Operations, n.Nodes)
	if err == nil && (len(c.ops) != n.Nodes*(n.Nodes-1)/2 || n.Config.Channels < 1 || n.Config.Cells < 1 || n.Classes < 1 || n.images().size() < 1) {
		err = fmt.Errorf("%d operations for %d nodes, or a size below 1", len(c.ops), n.Nodes)
	}
	if err != nil {
		return nil, fmt.Errorf("open network %s: %s: %w", dir, describedIn, err)
	}
	if err := n.prepare(on, c); err != nil {
		return nil, fmt.Errorf("open network %s: %w", dir, err)
	}
	saved := model.NewStore()
	if _, err := checkpoint.Load(saved).Dir(filepath.Join(dir, checkpointDir)).Immediate().Done(); err != nil {
		return nil, fmt.Errorf("open network %s: %w", dir, err)
	}
	if err := n.setWeights(saved); err != nil {
		return nil, fmt.Errorf("open network %s: %w", dir, err)
	}
	return n, nil
}

// setWeights gives all variables the values that those of the same path have.
func (n *Network) setWeights(from *model.Store) error {
	for v := range n.store.IterVariables() {
		other := from.GetVariable(v.Path())
		if other == nil || !other.Shape().Equal(v.Shape()) {
			return fmt.Errorf("there is no %s of shape %s", v.Path(), v.Shape())
		}
		value, err := other.Value()
		if err == nil {
			value, err = value.LocalClone()
		}
		if err == nil {
			err = v.SetValue(value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

package runs

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Snapshot is where some architectures were in the latent space after an epoch of joint training.
type Snapshot struct {
	Epoch   int
	Latents [][]float64 // of SnapshotArchs
}

const (
	snapshotDir   = "snapshots"
	snapshotArchs = 2000
)

// SnapshotArchs returns the architectures that are in snapshots, 2,000 of the training set at most,
// evenly spread.
func (r *Run) SnapshotArchs() (some []datasets.Arch) {
	all := r.TrainingSet()
	step := (len(all) + snapshotArchs - 1) / snapshotArchs
	for i := 0; i < len(all); i += step {
		some = append(some, all[i])
	}
	return some
}

// Snapshots returns those of the run, in the order of epochs: before the first, after 1, 2, 4, 8,
// ... and after the last. A run that another version began may have none.
func (r *Run) Snapshots() (all []Snapshot, err error) {
	names, _ := fs.Glob(os.DirFS(r.path(snapshotDir)), "*.f32") // in the order of epochs; the only error is of the pattern
	for _, name := range names {
		epoch, err := strconv.Atoi(strings.TrimSuffix(name, ".f32"))
		if err != nil {
			continue // somebody else's
		}
		text, err := os.ReadFile(filepath.Join(r.path(snapshotDir), name))
		if err != nil {
			return nil, fmt.Errorf("read run: %w", err)
		}
		values := make([]float32, len(text)/4)
		if _, err := binary.Decode(text, binary.LittleEndian, values); err != nil || len(values) != len(r.SnapshotArchs())*r.Config.LatentDim {
			return nil, fmt.Errorf("read run: %s is damaged; delete it", filepath.Join(r.path(snapshotDir), name))
		}
		all = append(all, Snapshot{epoch, nn.Rows(values, r.Config.LatentDim)})
	}
	return all, nil
}

// snapshot keeps the latents after an epoch of joint training, if it is one of those.
func (r *Run) snapshot(stage crlso.Stage, epoch, epochs int) error {
	if stage != crlso.JointStage || epoch&(epoch-1) != 0 && epoch != epochs {
		return nil
	}
	latents, err := r.Encode(r.SnapshotArchs()...)
	if err != nil {
		return err
	}
	path := filepath.Join(r.path(snapshotDir), fmt.Sprintf("%05d.f32", epoch))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return source.WriteFile(path, func(w io.Writer) error {
		return binary.Write(w, binary.LittleEndian, nn.Float32s(slices.Concat(latents...)))
	})
}

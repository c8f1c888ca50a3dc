package runs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
)

// Snapshots are before the first epoch, after 1, 2, 4, ... and after the last, which is where the
// architectures are now. One that is cut off is named.
func TestSnapshots(t *testing.T) {
	config := tiny()
	config.Joint.Epochs = 5
	run := openRun(t, t.TempDir(), testbed.Go(t), config)
	if err := run.LabelInitialSet(testbed.MadeUpOracle(t, space, config.Budget)); err != nil {
		t.Fatal(err)
	}
	if err := run.TrainPredictor(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := run.TrainJoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	snapshots, err := run.Snapshots()
	if err != nil {
		t.Fatal(err)
	}
	var epochs []int
	for _, s := range snapshots {
		epochs = append(epochs, s.Epoch)
	}
	if want := []int{0, 1, 2, 4, 5}; fmt.Sprint(epochs) != fmt.Sprint(want) {
		t.Errorf("snapshots are after epochs %v, want %v", epochs, want)
	}
	latents, err := run.Encode(run.SnapshotArchs()...)
	if err != nil {
		t.Fatal(err)
	}
	first, last := snapshots[0].Latents, snapshots[len(snapshots)-1].Latents
	if fmt.Sprint(last) != fmt.Sprint(latents) || fmt.Sprint(first) == fmt.Sprint(latents) {
		t.Error("the last snapshot is not where the architectures are, or the first one is")
	}
	path := filepath.Join(run.Dir, snapshotDir, "00002.f32")
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	_, err = run.Snapshots()
	expect.ErrorLine(t, err, path, "damaged")
}

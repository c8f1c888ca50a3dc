package runs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/gomlx/compute"
)

func openRun(t *testing.T, dir string, backend compute.Backend, config crlso.Config) *Run {
	t.Helper()
	run, err := Open(dir, backend, space, config)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// upTo takes a run through label and predictor.
func upToPredictor(t *testing.T, run *Run) {
	t.Helper()
	if err := run.LabelInitialSet(testbed.Oracle(t, run.Config.Budget)); err != nil {
		t.Fatal(err)
	}
	if err := run.TrainPredictor(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// files returns the names of all files below dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestRunResumes interrupts pretraining and joint training in the middle, as Ctrl-C does, goes on
// in a new Run, as another process would, and compares weights, losses and queries with those of a
// run that was not interrupted.
func TestRunResumes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	backend := testbed.Fastest(t)
	config := crlso.Tiny201()
	config.Pretrain = nn.Training{Epochs: 3, Batch: 100, LearningRate: 1e-2, Beta1: 0.9, Beta2: 0.999}
	config.Joint.Epochs = 6
	whole := openRun(t, t.TempDir(), backend, config)
	upToPredictor(t, whole)
	var seen []string // stage and epochs, as they come
	whole.Watch = func(stage crlso.Stage) {
		epochs, _ := whole.Losses(stage)
		seen = append(seen, fmt.Sprint(string(stage), epochs))
	}
	if err := whole.TrainJoint(t.Context()); err != nil {
		t.Fatal(err)
	}

	if len(seen) != 9 || seen[2] != "pretraining[1 2 3]" || seen[8] != "joint[1 2 3 4 5 6]" {
		t.Errorf("Watch saw %q, want three epochs of pretraining and six of joint training", seen)
	}

	dir := t.TempDir()
	upToPredictor(t, openRun(t, dir, backend, config))
	for _, at := range []struct {
		epochs int         // until the interruption
		next   string      // that is not made
		stage  crlso.Stage // of the checkpoint, with the epochs done
		done   int
	}{
		{2, "pretraining, epoch 3 of 3", "pretraining", 2},
		{4, "joint training, epoch 4 of 6", "joint", 3},
	} {
		interrupted := openRun(t, dir, backend, config)
		err := interrupted.TrainJoint(&expiring{Context: t.Context(), epochs: at.epochs})
		expect.ErrorLine(t, err, at.next, "context canceled", "run it again to go on")
		if p, err := interrupted.latest(); err != nil || p.stage != at.stage || p.epochs != at.done {
			t.Fatalf("checkpoint of %s after epoch %d (%v), want %s, %d", p.stage, p.epochs, err, at.stage, at.done)
		}
	}

	resumed := openRun(t, dir, backend, config)
	if err := resumed.TrainJoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(testbed.Weights(t, whole.Model.Store())), fmt.Sprint(testbed.Weights(t, resumed.Model.Store())); a != b {
		t.Error("the resumed run has other weights")
	}
	if !slices.Equal(whole.losses, resumed.losses) {
		t.Errorf("the resumed run has other losses:\n%v\n%v", whole.losses, resumed.losses)
	}
	epochsDone, values := resumed.Losses("joint")
	if len(epochsDone) != 6 || len(values["total"]) != 6 {
		t.Errorf("%d epochs with %d losses, want 6", len(epochsDone), len(values["total"]))
	}

	// The third search is not made again, but read from the second one's file.
	var logs [3][]datasets.Query
	var rounds [3][]crlso.SearchRound
	var err error
	for i, run := range []*Run{whole, openRun(t, dir, backend, config), openRun(t, dir, backend, config)} {
		oracle := testbed.Oracle(t, config.Budget)
		if rounds[i], err = run.Search(t.Context(), oracle); err != nil {
			t.Fatal(err)
		}
		logs[i] = oracle.Log()
	}
	if !slices.Equal(logs[0], logs[1]) || !slices.Equal(logs[0], logs[2]) ||
		!slices.Equal(rounds[0], rounds[1]) || !slices.Equal(rounds[0], rounds[2]) {
		t.Error("the search of the resumed run makes other queries")
	}

	// Of these two searches one is there, and of the next two both.
	for range 2 {
		oracles := map[uint64]*datasets.Oracle{config.SearchSeed: testbed.Oracle(t, config.Budget), 7: testbed.Oracle(t, config.Budget)}
		beside, err := resumed.SearchSeeds(t.Context(), oracles)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := resumed.readQueries("search-7.csv")
		if err != nil || !slices.Equal(saved, oracles[7].Log()) || len(saved) != config.Budget {
			t.Errorf("search-7.csv has %d queries (%v), want those of its oracle", len(saved), err)
		}
		if !slices.Equal(beside[config.SearchSeed], rounds[0]) || len(beside[7]) == 0 || slices.Equal(saved, logs[0]) {
			t.Error("searches side by side are not the one that was there and a new one")
		}
	}
	for _, name := range files(t, dir) {
		if strings.Contains(name, ".part") {
			t.Errorf("%s was left behind", name)
		}
	}
}

// expiring is a context that is cancelled after some epochs, before each of which training looks at
// it.
type expiring struct {
	context.Context
	epochs int
}

func (c *expiring) Err() error {
	if c.epochs == 0 {
		return context.Canceled
	}
	c.epochs--
	return nil
}

func TestRunStagesInOrder(t *testing.T) {
	run := openRun(t, t.TempDir(), testbed.Fastest(t), crlso.Tiny201())
	expect.ErrorLine(t, run.TrainPredictor(t.Context()), "call LabelInitialSet first")
	expect.ErrorLine(t, run.TrainJoint(t.Context()), "call TrainPredictor first")
	_, err := run.Search(t.Context(), testbed.Oracle(t, 60))
	expect.ErrorLine(t, err, "call TrainJoint first")
}

func TestRunOfAnotherKind(t *testing.T) {
	dir := t.TempDir()
	run := openRun(t, dir, testbed.Fastest(t), crlso.Tiny201())
	upToPredictor(t, run)

	config := crlso.Tiny201()
	config.LatentDim++
	_, err := Open(dir, testbed.Fastest(t), space, config)
	expect.ErrorLine(t, err, `"LatentDim": 5 there, "LatentDim": 6 here`, "use another folder")
	config.LatentDim = 0
	_, err = Open(dir, testbed.Fastest(t), space, config)
	expect.ErrorLine(t, err, "LatentDim is 0")
	_, err = Open(dir, testbed.Fastest(t), nasbench301.Space{}, crlso.Tiny201())
	expect.ErrorLine(t, err, "is a run on NAS-Bench-201, not on NAS-Bench-301")

	other, err := nasbench201.Open(t.Context(), "cifar100", nil, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := datasets.NewOracle(other, 60, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	expect.ErrorLine(t, run.LabelInitialSet(oracle), "another data set or label")
}

// TestRunUnwritable puts a file where the run's folder should be.
func TestRunUnwritable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(filepath.Join(path, "run"), testbed.Fastest(t), space, crlso.Tiny201())
	expect.ErrorLine(t, err, path, "can be written")
}

// TestRunFullDisk limits the size of files, so that a checkpoint fails half-way as on a full disk:
// the good one before it stays, and nothing half-written.
func TestRunFullDisk(t *testing.T) {
	if !expect.OwnProcess(t) {
		return
	}
	backend, config := testbed.Go(t), tiny()
	config.HiddenDim = 96 // so that a checkpoint is far above the limit
	config.Pretrain.Epochs, config.Joint.Epochs = 0, 2
	run := openRun(t, t.TempDir(), backend, config)
	if err := errors.Join(run.LabelInitialSet(testbed.MadeUpOracle(t, space, config.Budget)), run.TrainPredictor(t.Context())); err != nil {
		t.Fatal(err)
	}
	before := files(t, run.checkpoints())

	var err error
	expect.FullDisk(t, 200_000, func() { err = run.TrainJoint(t.Context()) })
	expect.ErrorLine(t, err, "save checkpoint", "joint-0002", "file too large", "free some space")
	if after := files(t, run.checkpoints()); !slices.Equal(before, after) {
		t.Errorf("checkpoints went from %v to %v", before, after)
	}
	again := openRun(t, run.Dir, backend, config)
	if err := again.TrainJoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A program that trains on finds what the one before it has compiled: weights come back in the same
// order each time, which is in the key of a compiled program.
func TestRunsOpenWithTheirWeightsInOneOrder(t *testing.T) {
	t.Parallel()
	dir, backend := t.TempDir(), testbed.Go(t)
	upToPredictor(t, openRun(t, dir, backend, crlso.Tiny201()))
	order := func() (paths []string) {
		for v := range openRun(t, dir, backend, crlso.Tiny201()).Store().IterVariables() {
			paths = append(paths, v.Path())
		}
		return paths
	}
	first := order()
	if len(first) < 30 {
		t.Fatalf("only %d variables: %q", len(first), first)
	}
	for range 3 {
		if again := order(); !slices.Equal(again, first) {
			t.Fatalf("weights are in the order %q, and then %q", first, again)
		}
	}
}

// TestTrainingSetOfAnotherRun takes up a run in a space that cannot be enumerated: training set,
// labels and latents are as they were, and another size is refused.
func TestTrainingSetOfAnotherRun(t *testing.T) {
	t.Parallel()
	backend, dir, space, config := testbed.Go(t), t.TempDir(), nasbench301.Space{}, partly301()
	config.Joint.Epochs = 1
	var sets [2][]datasets.Arch
	var latents [2][][]float64
	for i := range sets {
		run, err := Open(dir, backend, space, config)
		if err != nil {
			t.Fatal(err)
		}
		if err := run.LabelInitialSet(testbed.MadeUpOracle(t, space, config.Budget)); err != nil {
			t.Fatal(err)
		}
		if err := run.TrainPredictor(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := run.TrainJoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, q := range run.initial {
			if !slices.Contains(run.TrainingSet(), q.Arch) {
				t.Errorf("%v is labelled and not in the training set", q.Arch)
			}
		}
		sets[i] = run.TrainingSet()
		if latents[i], err = run.Encode(run.TrainingSet()...); err != nil {
			t.Fatal(err)
		}
	}
	if len(sets[0]) != config.TrainingSet || !slices.Equal(sets[0], sets[1]) || fmt.Sprint(latents[0]) != fmt.Sprint(latents[1]) {
		t.Error("the run that was taken up has another training set, or other latents")
	}
	config.TrainingSet++
	_, err := Open(dir, backend, space, config)
	expect.ErrorLine(t, err, `"TrainingSet": 300 there, "TrainingSet": 301 here`)
}

// partly301 trains on 300 architectures, until some latents decode to an architecture.
func partly301() crlso.Config {
	c := crlso.Tiny201()
	c.HiddenDim, c.TrainingSet, c.InitialSet, c.Budget = 16, 300, 20, 30
	c.Joint = nn.Training{Epochs: 8, Batch: 64, LearningRate: 5e-3, Beta1: 0.9, Beta2: 0.999, ClipNorm: 5}
	return c
}

// TestOpenErrors leaves nothing of a configuration that cannot work.
func TestOpenErrors(t *testing.T) {
	dir, config := t.TempDir(), crlso.Tiny201()
	config.TrainingSet = 0
	_, err := Open(dir, testbed.Go(t), nasbench301.Space{}, config)
	expect.ErrorLine(t, err, "cannot be enumerated")
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("it has left %v", left)
	}
}

// space is NAS-Bench-201.
var space = nasbench201.Space{}

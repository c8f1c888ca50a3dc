package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// inFolder, if it is set, makes the test binary a program that does the stages of tiny in that
// folder, on the Go backend, and prints what comes out.
const inFolder = "CRLSO_TEST_RUN_FOLDER"

func TestMain(m *testing.M) {
	dir := os.Getenv(inFolder)
	if dir == "" {
		os.Exit(m.Run())
	}
	saveEvery = 0
	opened, err := backend.Named("go")
	if err == nil {
		var out outcome
		if out, err = stagesIn(context.Background(), dir, opened); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tiny is a configuration whose stages take a fraction of a second on any backend.
func tiny() crlso.Config {
	c := crlso.Tiny201()
	c.LatentDim, c.HiddenDim, c.EncoderLayers, c.DecoderBlocks = 3, 6, 1, 1
	c.ICNNWidth, c.ICNNLayers = 4, 1
	c.PredictorDim, c.PredictorLayers, c.PredictorCode = 4, 1, 3
	c.TrainingSet, c.InitialSet, c.Budget, c.TopK = 48, 12, 20, 3
	c.Predictor.Epochs, c.FineTune.Epochs = 40, 2
	c.Pretrain = nn.Training{Epochs: 4, Batch: 16, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999}
	c.Joint.Epochs, c.Joint.Batch = 20, 16
	return c
}

// outcome is all that a run leads to.
type outcome struct {
	Losses   []string
	Weights  map[string][]float32
	Searches map[uint64][]string
	Rounds   map[uint64][]crlso.SearchRound
}

// stagesIn does what the quickstart's cells do, each of which opens the folder again.
func stagesIn(ctx context.Context, dir string, backend compute.Backend) (out outcome, err error) {
	var run *Run
	oracle := func() *datasets.Oracle {
		o, err1 := datasets.NewOracle(searchtest.MadeUp(space), tiny().Budget, datasets.MeanLabel)
		err = errors.Join(err, err1)
		return o
	}
	searches := map[uint64]*datasets.Oracle{0: oracle(), 1: oracle(), 2: oracle()}
	for _, cell := range []func() error{
		func() error { return run.LabelInitialSet(oracle()) },
		func() error { return run.TrainPredictor(ctx) },
		func() error { return run.TrainJoint(ctx) },
		func() error { out.Rounds, err = run.SearchSeeds(ctx, searches); return err },
	} {
		if err == nil {
			run, err = Open(dir, backend, space, tiny())
		}
		if err == nil {
			err = cell()
		}
		if err != nil {
			return out, err
		}
	}
	out.Weights, out.Searches = make(map[string][]float32), make(map[uint64][]string)
	for v := range run.Store().IterVariables() {
		if v.DType() == dtypes.Float32 {
			out.Weights[v.Path()] = tensors.MustCopyFlatData[float32](v.MustValue())
		}
	}
	for seed, oracle := range searches {
		for _, q := range oracle.Log() {
			out.Searches[seed] = append(out.Searches[seed], fmt.Sprint(q.Arch, q.Accuracy))
		}
	}
	for _, row := range run.losses {
		out.Losses = append(out.Losses, fmt.Sprint(row))
	}
	return out, nil
}

func asText(t *testing.T, out outcome) string {
	t.Helper()
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// undisturbed is what the stages lead to in one process that nothing disturbs.
var undisturbed = sync.OnceValues(func() (outcome, error) {
	dir, err := os.MkdirTemp("", "undisturbed-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(dir)
	opened, err := backend.Named("go")
	if err != nil {
		return outcome{}, err
	}
	return stagesIn(context.Background(), dir, opened)
})

func wantUndisturbed(t *testing.T, got outcome) {
	t.Helper()
	want, err := undisturbed()
	if err != nil {
		t.Fatal(err)
	}
	if text := asText(t, want); asText(t, got) != text {
		t.Errorf("the outcome is another one than that of an undisturbed run:\n%.2000s\n%.2000s", asText(t, got), text)
	}
}

// wantNothingElse checks that a finished run's folder holds nothing but what Run documents.
func wantNothingElse(t *testing.T, dir string) {
	t.Helper()
	for sub, want := range map[string]string{
		"":            ".lock checkpoints epochs.csv initial.csv rounds-0.json rounds-1.json rounds-2.json run.json search-0.csv search-1.csv search-2.csv snapshots",
		"checkpoints": "joint-0019 joint-0020",
		"snapshots":   "00000.f32 00001.f32 00002.f32 00004.f32 00008.f32 00016.f32 00020.f32",
	} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s holds %s, want %s", filepath.Join(dir, sub), got, want)
		}
	}
}

// worker is a process that does the stages in a folder.
func worker(t *testing.T, dir string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), inFolder+"="+dir)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, stdout, stderr
}

// printed returns the outcome that a worker has printed, after what GoMLX prints.
func printed(t *testing.T, stdout *bytes.Buffer) (out outcome) {
	t.Helper()
	text := stdout.Bytes()
	if err := json.Unmarshal(text[max(0, bytes.IndexByte(text, '{')):], &out); err != nil {
		t.Error(err)
	}
	return out
}

// TestProcessesKilledInOneFolder starts three processes in one folder, twenty times, kills each at
// a random moment, and then lets one finish. It finds nothing that a killed one has left half-done.
// As nothing is left to be killed at in a finished folder, every fifth time one finishes and a new
// folder follows.
func TestProcessesKilledInOneFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	finish := func(dir string) {
		cmd, stdout, stderr := worker(t, dir)
		if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
			t.Fatalf("the last process: %v\n%s", err, stderr)
		}
		wantUndisturbed(t, printed(t, stdout))
		wantNothingElse(t, dir)
	}
	began := time.Now()
	finish(t.TempDir())
	whole := time.Since(began)
	rng, killed := rand.New(rand.NewPCG(1, 1)), 0
	for range 4 {
		dir := t.TempDir()
		for range 5 {
			var workers []*exec.Cmd
			for range 3 {
				cmd, _, stderr := worker(t, dir)
				workers = append(workers, cmd)
				time.AfterFunc(time.Duration(rng.Int64N(int64(whole)/3)), func() { cmd.Process.Kill() })
				defer func() {
					if cmd.ProcessState.Exited() && !cmd.ProcessState.Success() {
						t.Errorf("a process failed: %s", stderr)
					}
				}()
			}
			for _, cmd := range workers {
				if cmd.Wait(); !cmd.ProcessState.Exited() {
					killed++
				}
			}
		}
		finish(dir)
	}
	if t.Logf("%d of 60 processes were killed", killed); killed < 6 {
		t.Errorf("only %d of 60 processes were killed before their end", killed)
	}
}

// TestProcessesInOneFolder lets three processes go to their end. Those that wait say so in single
// lines that name who works.
func TestProcessesInOneFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 3 {
		cmd, stdout, stderr := worker(t, dir)
		all.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, stderr)
			}
			for line := range strings.Lines(stderr.String()) {
				if !strings.HasPrefix(line, "waiting for process ") || !strings.Contains(line, "is at work in "+dir) {
					t.Errorf("a process says %q", line)
				}
			}
			wantUndisturbed(t, printed(t, stdout))
		})
	}
	all.Wait()
	wantNothingElse(t, dir)
}

// TestSecondTab opens a run while another process is at work in its folder. What needs no work does
// not wait, and the wait for the rest can be ended.
func TestSecondTab(t *testing.T) {
	dir, backend := t.TempDir(), testbed.Go(t)
	oracle := func() *datasets.Oracle { return testbed.MadeUpOracle(t, space, tiny().Budget) }
	first := openRun(t, dir, backend, tiny())
	if err := errors.Join(first.LabelInitialSet(oracle()), first.TrainPredictor(t.Context())); err != nil {
		t.Fatal(err)
	}
	unlock, err := source.LockFolder(t.Context(), first.path(lockFile), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	second := openRun(t, dir, backend, tiny())
	var said strings.Builder
	second.Progress = &said
	if err := errors.Join(second.LabelInitialSet(oracle()), second.TrainPredictor(t.Context())); err != nil {
		t.Error(err)
	}
	if epochs, _ := second.Losses("predictor"); len(epochs) != 2 || said.Len() > 0 {
		t.Errorf("%d reports of the predictor's losses and %q, want 2 and nothing", len(epochs), said.String())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	name := fmt.Sprintf("process %d (runs.test, on ", os.Getpid())
	expect.ErrorLine(t, second.TrainJoint(ctx), "stopped waiting for "+name, dir, "deadline exceeded")
	if want := "waiting for " + name; !strings.HasPrefix(said.String(), want) || strings.Count(said.String(), "\n") != 1 {
		t.Errorf("whoever waits is told %q, want one line with %q", said.String(), want)
	}

	// While the first waits to train, somebody else does all. Its memory is stale then.
	first.Progress = io.Discard
	waiting := make(chan error)
	go func() { waiting <- first.TrainJoint(t.Context()) }()
	time.Sleep(50 * time.Millisecond)
	unlock()
	err = errors.Join(second.TrainJoint(t.Context()), <-waiting)
	if err != nil {
		t.Fatal(err)
	}
	found := oracle()
	if _, err = second.Search(t.Context(), found); err != nil {
		t.Fatal(err)
	}
	again := oracle()
	if _, err := first.Search(t.Context(), again); err != nil || !slices.Equal(found.Log(), again.Log()) {
		t.Errorf("the search of the first is another one: %v", err)
	}
	if fmt.Sprint(testbed.Weights(t, first.Model.Store())) != fmt.Sprint(testbed.Weights(t, second.Model.Store())) || !slices.Equal(first.losses, second.losses) {
		t.Error("the two have other weights or losses")
	}
}

// TestStaleMemory searches in a run that was opened before another process trained it.
func TestStaleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	dir, backend := t.TempDir(), testbed.Go(t)
	early := openRun(t, dir, backend, tiny())
	if _, err := stagesIn(t.Context(), dir, backend); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(early.path("search-1.csv")); err != nil {
		t.Fatal(err)
	}
	oracle := testbed.MadeUpOracle(t, space, tiny().Budget)
	rounds, err := early.SearchSeeds(t.Context(), map[uint64]*datasets.Oracle{1: oracle})
	if err != nil {
		t.Fatal(err)
	}
	want, err := undisturbed()
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(rounds[1]) != fmt.Sprint(want.Rounds[1]) {
		t.Errorf("the search went otherwise than in a run opened after the training:\n%v\n%v", rounds[1], want.Rounds[1])
	}
}

// TestOpenWhileTraining opens a run again and again while another goroutine trains it and saves
// after every epoch.
func TestOpenWhileTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	defer func(old time.Duration) { saveEvery = old }(saveEvery)
	saveEvery = 0
	backend := testbed.Go(t)
	dir, trained := t.TempDir(), make(chan error, 1)
	openRun(t, dir, backend, tiny())
	go func() {
		_, err := stagesIn(t.Context(), dir, backend)
		trained <- err
	}()
	for positions := map[position]bool{}; ; {
		select {
		case err := <-trained:
			if len(positions) < 3 || err != nil {
				t.Errorf("%d positions were seen: %v", len(positions), err)
			}
			return
		default:
		}
		run := openRun(t, dir, backend, tiny())
		positions[run.at] = true
		if epochs, _ := run.Losses("joint"); run.at.stage == "joint" && len(epochs) != run.at.epochs {
			t.Errorf("%d losses after %d epochs", len(epochs), run.at.epochs)
		}
		if len(run.told) > 0 {
			t.Errorf("the reader is told %v", run.told)
		}
	}
}

// TestCheckpointsOfOthers saves where there are a later checkpoint, leftovers of killed processes,
// and files of the user's.
func TestCheckpointsOfOthers(t *testing.T) {
	dir, backend := t.TempDir(), testbed.Go(t)
	run := openRun(t, dir, backend, tiny())
	oracle := testbed.MadeUpOracle(t, space, tiny().Budget)
	if err := errors.Join(run.LabelInitialSet(oracle), run.TrainPredictor(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"checkpoints/.part-123/new/x", "checkpoints/joint-0003.part/x", ".epochs.csv.123",
		"notes.csv", ".notes.csv.123", "checkpoints/best.part/x", "checkpoints/my-joint-0001/x"} {
		if err := source.WriteFile(run.path(name), func(io.Writer) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	// An older version, which knows no lock, is at work too.
	ctx, cancel := context.WithCancel(t.Context())
	run.Watch = func(stage crlso.Stage) {
		if epochs, _ := run.Losses(stage); stage == crlso.PretrainingStage && len(epochs) == 2 {
			if err := os.CopyFS(run.path("checkpoints/joint-0005"), os.DirFS(run.path("checkpoints/predictor-0040"))); err != nil {
				t.Error(err)
			}
			cancel()
		}
	}
	expect.ErrorLine(t, run.TrainJoint(ctx), "pretraining, epoch 3 of 4", "context canceled")
	for name, want := range map[string]bool{"checkpoints/.part-123": false, "checkpoints/joint-0003.part": false, ".epochs.csv.123": false,
		"notes.csv": true, ".notes.csv.123": true, "checkpoints/best.part": true, "checkpoints/my-joint-0001": true,
		"checkpoints/joint-0005": true, "checkpoints/pretraining-0002": true, "checkpoints/predictor-0040": true} {
		if _, err := os.Stat(run.path(name)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", name, err == nil, want)
		}
	}
}

// TestOlderFolder takes up a run whose checkpoint does not hold its losses, as in older versions.
func TestOlderFolder(t *testing.T) {
	dir, backend := t.TempDir(), testbed.Go(t)
	if _, err := stagesIn(t.Context(), dir, backend); err != nil {
		t.Fatal(err)
	}
	checkpoint := filepath.Join(dir, "checkpoints", "joint-0020")
	err := errors.Join(os.Remove(filepath.Join(dir, lockFile)), os.RemoveAll(filepath.Join(dir, "checkpoints", "joint-0019")),
		os.Remove(filepath.Join(checkpoint, lossesFile)))
	digest, err1 := digestFolder(checkpoint)
	if err := errors.Join(err, err1, os.WriteFile(filepath.Join(checkpoint, digestFile), []byte(digest), 0o644)); err != nil {
		t.Fatal(err)
	}
	out, err := stagesIn(t.Context(), dir, backend)
	if err != nil {
		t.Fatal(err)
	}
	wantUndisturbed(t, out)

	if err := os.Remove(filepath.Join(dir, lossesFile)); err != nil {
		t.Fatal(err)
	}
	_, err = stagesIn(t.Context(), dir, backend)
	expect.ErrorLine(t, err, lossesFile, "restore that file, or delete")
}

// TestRunDamaged alters each file of a run in turn. What can be made again is made again, and the
// user is told.
func TestRunDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	dir, backend, config := t.TempDir(), testbed.Go(t), tiny()
	newOracle := func() *datasets.Oracle { return testbed.MadeUpOracle(t, space, config.Budget) }
	whole := openRun(t, dir, backend, config)
	oracle := newOracle()
	if err := errors.Join(whole.LabelInitialSet(oracle), whole.TrainPredictor(t.Context()), whole.TrainJoint(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := whole.Search(t.Context(), oracle); err != nil {
		t.Fatal(err)
	}
	for _, path := range files(t, dir) {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(good) == 0 { // the lock file
			continue
		}
		for what, bad := range map[string][]byte{
			"cut off": good[:len(good)/2-1],
			"altered": append(append(slices.Clone(good[:len(good)/2]), "\"?\n"...), good[len(good)/2+3:]...),
		} {
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(copied, name), bad, 0o644); err != nil {
				t.Fatal(err)
			}
			run, err := Open(copied, backend, space, config)
			if name == "run.json" {
				expect.ErrorLine(t, err, copied, "run.json is damaged", "delete it if")
				continue
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", name, what, err)
			}
			var said strings.Builder
			run.Progress = &said
			again := newOracle()
			if err := errors.Join(run.LabelInitialSet(again), run.TrainPredictor(t.Context()), run.TrainJoint(t.Context())); err != nil {
				t.Fatalf("%s, %s: %v", name, what, err)
			}
			if _, err := run.Search(t.Context(), again); err != nil {
				t.Fatalf("%s, %s: %v", name, what, err)
			}
			lines := 1
			if name == lossesFile || strings.HasPrefix(name, "checkpoints/pretraining") || strings.HasPrefix(name, snapshotDir) { // of which nothing is needed any more
				lines = 0
			}
			if len(run.told) != lines {
				t.Errorf("%s, %s: the user is told %v, want %d lines", name, what, run.told, lines)
			}
			if !slices.Equal(again.Log(), oracle.Log()) || !slices.Equal(run.losses, whole.losses) ||
				fmt.Sprint(testbed.Weights(t, run.Model.Store())) != fmt.Sprint(testbed.Weights(t, whole.Model.Store())) {
				t.Errorf("%s, %s: the results are others than those of a folder that is not damaged", name, what)
			}
		}
	}
}

// TestNoGoodCheckpoint damages all checkpoints, as versions without a lock did: training begins
// anew.
func TestNoGoodCheckpoint(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	dir, backend := t.TempDir(), testbed.Go(t)
	if _, err := stagesIn(t.Context(), dir, backend); err != nil {
		t.Fatal(err)
	}
	trained := openRun(t, dir, backend, tiny())
	for _, name := range files(t, filepath.Join(dir, "checkpoints")) {
		if err := os.Truncate(name, 10); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"search-0.csv", "rounds-1.json", "initial.csv"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	oracle := testbed.MadeUpOracle(t, space, tiny().Budget)
	if err := errors.Join(trained.LabelInitialSet(oracle), trained.TrainPredictor(t.Context()), trained.TrainJoint(t.Context())); err != nil {
		t.Fatal(err)
	}
	out, err := stagesIn(t.Context(), dir, backend)
	if err != nil {
		t.Fatal(err)
	}
	wantUndisturbed(t, out)
}

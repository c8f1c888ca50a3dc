// Package runs keeps a run of the method in a folder: stage by stage, with checkpoints, so that a
// stage that was interrupted goes on where it was, in this process or in another.
//
//	backend, err := backend.New()
//	run, err := runs.Open("runs/first", backend, benchmark.Space(), crlso.Released201())
//	oracle, err := datasets.NewOracle(benchmark, run.Config.Budget, datasets.MeanLabel)
//	err = run.LabelInitialSet(oracle)
//	err = run.TrainPredictor(ctx)
//	err = run.TrainJoint(ctx)
//	rounds, err := run.Search(ctx, oracle)
package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/progressbar"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
)

// Run is one run of the method that lives in a folder, so that each stage can be done by another
// process, and a stage that was interrupted goes on where it was. The folder holds
//
//	run.json      configuration and space; the backend and the versions that the run began with
//	initial.csv   the labelled initial set: arch, accuracy
//	epochs.csv    losses: stage, epoch, loss, value
//	snapshots/    latents of some architectures after some epochs of joint training: see Snapshot
//	checkpoints/  weights, optimiser state and losses of the latest epoch, and of an epoch before it
//	search-N.csv  the queries of the search with SearchSeed N: query, arch, accuracy
//	rounds-N.json its rounds: see SearchRound
//	.lock         who is at work here
//
// The stages are LabelInitialSet, TrainPredictor, TrainJoint, and Search or SearchSeeds. A stage
// that is done already returns at once.
//
// Several processes may have the same folder open. One of them does a stage; the others say who it
// is, wait, and then find the stage done. A process that is killed leaves the folder as it was at
// its latest checkpoint.
type Run struct {
	*crlso.Model
	Dir string
	// Progress is where the stages show a progress bar, and say why they wait or what is damaged.
	// If it is nil there is no bar, and the rest goes to standard error.
	Progress io.Writer
	// Watch, unless it is nil, is called with the stage's name after each of its epochs; Losses
	// then has the epoch.
	Watch func(stage crlso.Stage)

	initial []datasets.Query
	losses  []lossRow
	at      position        // of the model in memory
	damaged map[string]bool // names of checkpoints that were found damaged
	told    map[string]bool // damaged files that the user knows of
}

type lossRow struct {
	stage crlso.Stage
	epoch int
	crlso.Loss
}

// description is what run.json holds.
type description struct {
	Config   crlso.Config
	Space    string
	Backend  string // that the run began with; another one may have gone on
	Versions map[string]string
}

const (
	descriptionFile = "run.json"
	initialFile     = "initial.csv"
)

// saveEvery is the time between checkpoints in joint training.
var saveEvery = 20 * time.Second

// Dir names a folder below base for a run with this configuration on this benchmark, such as
// nas-bench-201-cifar-10-efc27869: the benchmark's name, and a hash of that, of its source and of
// all settings. So another setting, data set or source has another folder; run.json in it says what
// the settings are.
func Dir(base string, benchmark datasets.Benchmark, config crlso.Config) string {
	h := fnv.New64a()
	settings, err := json.Marshal(config)
	if err != nil {
		panic(err) // a number that is not finite, which Open refuses
	}
	fmt.Fprintf(h, "%s %s %s", benchmark.Name(), benchmark.Source(), settings)
	name := strings.Trim(separators.ReplaceAllString(strings.ToLower(benchmark.Name()), "-"), "-")
	return filepath.Join(base, fmt.Sprintf("%s-%08x", name, h.Sum64()>>32))
}

// separators are what names of folders have a dash for.
var separators = regexp.MustCompile(`[^a-z0-9]+`)

// Open starts a run in dir, or takes up the one that is there. It is an error if that one has
// another configuration or space.
func Open(dir string, backend compute.Backend, space datasets.Space, config crlso.Config) (*Run, error) {
	if err := config.ValidateFor(space); err != nil {
		return nil, err
	}
	r := &Run{Dir: dir, damaged: make(map[string]bool), told: make(map[string]bool)}
	if err := r.describe(description{config, space.Name(), backend.Description(), versions()}); err != nil {
		return nil, err
	}
	var err error
	if r.Model, err = crlso.NewModel(backend, space, config); err != nil {
		return nil, err
	}
	if err := r.refresh(); err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return r, nil
}

func (r *Run) path(name string) string { return filepath.Join(r.Dir, name) }
func (r *Run) checkpoints() string     { return r.path("checkpoints") }

// describe writes run.json, or checks that the one that is there is of the same run.
func (r *Run) describe(want description) error {
	path := r.path(descriptionFile)
	if err := os.MkdirAll(r.Dir, 0o777); err != nil {
		return fmt.Errorf("start run: %w; use a folder that can be written", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		unlock, err := r.lock(context.Background())
		if err != nil {
			return fmt.Errorf("start run: %w", err)
		}
		defer unlock()
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return writeJSON(path, want)
		}
	}
	var have description
	if err := readJSON(path, &have); err != nil {
		return fmt.Errorf("open run: %w; restore it, delete it if the rest is of this configuration, or use another folder", err)
	}
	if have.Space != want.Space {
		return fmt.Errorf("open run: %s is a run on %s, not on %s; use another folder", r.Dir, have.Space, want.Space)
	}
	if have.Config != want.Config {
		return fmt.Errorf("open run: %s has another configuration (%s); use another folder, or delete it to start anew",
			r.Dir, firstDifference(have.Config, want.Config))
	}
	return nil
}

// firstDifference names the first setting in which two configurations differ.
func firstDifference(have, want crlso.Config) string {
	lines := func(c crlso.Config) []string {
		text, err := json.MarshalIndent(c, "", "")
		if err != nil {
			return nil
		}
		return strings.Split(string(text), "\n")
	}
	a, b := lines(have), lines(want)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%s there, %s here", strings.TrimSuffix(a[i], ","), strings.TrimSuffix(b[i], ","))
		}
	}
	return "different settings"
}

// versions returns the versions of Go and of the libraries that numbers depend on.
func versions() map[string]string {
	out := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, dependency := range info.Deps {
		switch dependency.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla", "gonum.org/v1/gonum":
			out[dependency.Path] = dependency.Version
		}
	}
	return out
}

// LabelInitialSet makes sure that oracle has answered the initial set, Config.InitialSet distinct
// architectures drawn from the seed: the first time it draws and queries them and writes
// initial.csv, later it queries the architectures of that file again. It is an error if the oracle
// then answers otherwise, because it shows another data set or label.
func (r *Run) LabelInitialSet(oracle *datasets.Oracle) error {
	labelled := func() (bool, error) { return r.initial != nil, r.replay(initialFile, r.initial, oracle) }
	return r.alone(context.Background(), labelled, func() error { return r.labelInitialSet(oracle) })
}

func (r *Run) labelInitialSet(oracle *datasets.Oracle) error {
	if r.initial != nil {
		return r.replay(initialFile, r.initial, oracle)
	}
	if err := r.Model.LabelInitialSet(oracle); err != nil {
		return err
	}
	r.initial = oracle.Log()[:r.Config.InitialSet]
	return errors.Join(r.writeQueries(initialFile, r.initial), r.Include(r.initial))
}

// replay queries again what a file of this run says was queried.
func (r *Run) replay(name string, queries []datasets.Query, oracle *datasets.Oracle) error {
	for _, q := range queries {
		accuracy, err := oracle.Query(q.Arch)
		if err != nil {
			return fmt.Errorf("query the architectures of %s again: %w", r.path(name), err)
		}
		if accuracy != q.Accuracy {
			return fmt.Errorf("%s says %g for %s, the oracle %g; this run belongs to another data set or label, use another folder",
				r.path(name), q.Accuracy, q.Arch, accuracy)
		}
	}
	return nil
}

// TrainPredictor trains the predictor on the initial set. Without pseudo-labels in the
// configuration it is for looking at only.
func (r *Run) TrainPredictor(ctx context.Context) error {
	return r.alone(ctx, r.stageDone(crlso.PredictorStage), func() error { return r.train(ctx, crlso.PredictorStage) })
}

// TrainJoint trains graph VAE and surrogate, after the pretraining if the configuration has one,
// with the predictor's pseudo-labels, or with the initial set alone if it is supervised. It saves a
// checkpoint every 20 seconds, at the end, and when ctx is cancelled; a later call goes on from
// there.
func (r *Run) TrainJoint(ctx context.Context) error {
	return r.alone(ctx, r.stageDone(crlso.JointStage), func() error {
		for _, stage := range r.Config.Stages() {
			if stage == crlso.PredictorStage && !r.at.done(stage, r.Config) {
				return errors.New("joint training: the predictor is not trained yet; call TrainPredictor first")
			}
			if err := r.train(ctx, stage); err != nil {
				return err
			}
		}
		return nil
	})
}

// train makes what is missing of a stage, and saves checkpoints meanwhile.
func (r *Run) train(ctx context.Context, stage crlso.Stage) error {
	if r.at.done(stage, r.Config) {
		return nil
	}
	if r.initial == nil {
		return fmt.Errorf("%v: there is no initial set yet; call LabelInitialSet first", stage)
	}
	first, epochs := 0, r.Config.Training(stage).Epochs
	if r.at.stage == stage {
		first = r.at.epochs
	}
	each, finish := r.report(stage, epochs, first)
	defer finish()
	if first == 0 {
		if err := r.snapshot(stage, 0, epochs); err != nil {
			return fmt.Errorf("%v: %w", stage, err)
		}
	}
	done, saved := first, time.Now()
	err := r.Train(ctx, stage, r.initial, first, func(e crlso.Epoch) error {
		done = e.Number
		if err := errors.Join(each(e), r.snapshot(stage, done, epochs)); err != nil {
			return err
		}
		if stage == crlso.PredictorStage || time.Since(saved) < saveEvery || done == epochs {
			return nil // the predictor begins anew, which takes seconds
		}
		saved = time.Now()
		return r.save(stage, done)
	})
	if stage == crlso.PredictorStage && err != nil {
		return err
	}
	if err != nil && ctx.Err() != nil && done > first {
		err = errors.Join(err, r.save(stage, done))
	}
	if err != nil {
		return fmt.Errorf("%w; run it again to go on from the latest checkpoint in %s", err, r.checkpoints())
	}
	return r.save(stage, epochs)
}

// report returns a function that keeps the losses of each epoch and moves a progress bar, and one
// that ends the bar.
func (r *Run) report(stage crlso.Stage, epochs, first int) (each func(crlso.Epoch) error, finish func() error) {
	bar := progressbar.New(r.Progress, string(stage), epochs, first)
	each = func(e crlso.Epoch) error {
		for _, loss := range e.Losses {
			r.losses = append(r.losses, lossRow{stage, e.Number, loss})
		}
		if r.Watch != nil {
			r.Watch(stage)
		}
		bar.Describe(fmt.Sprintf("%s  %s %.5f", string(stage), e.Losses[0].Name, e.Losses[0].Value))
		return bar.Set(e.Number)
	}
	return each, bar.Finish
}

// Losses returns the values of each loss of a stage, in the order of epochs, and the epochs that
// they belong to.
func (r *Run) Losses(stage crlso.Stage) (epochs []float64, values map[string][]float64) {
	values = make(map[string][]float64)
	for _, row := range r.losses {
		if row.stage != stage {
			continue
		}
		if n := len(epochs); n == 0 || epochs[n-1] != float64(row.epoch) {
			epochs = append(epochs, float64(row.epoch))
		}
		values[row.Name] = append(values[row.Name], row.Value)
	}
	return epochs, values
}

// Read returns the configuration of the run in a folder, and the name of its space.
func Read(dir string) (config crlso.Config, space string, err error) {
	var d description
	if err := readJSON(filepath.Join(dir, descriptionFile), &d); err != nil {
		return config, "", fmt.Errorf("read run: %w; name the folder of a run", err)
	}
	return d.Config, d.Space, nil
}

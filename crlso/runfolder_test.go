package crlso

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
)

// madeUp is a benchmark on the cells of NAS-Bench-201 whose accuracies are hashes.
type madeUp struct{ datasets.Benchmark }

func (madeUp) Name() string          { return "made up" }
func (madeUp) Source() string        { return "made up" }
func (madeUp) Space() datasets.Space { return space }
func (madeUp) HasTest() bool         { return false }
func (madeUp) Best() float64         { return 100 }
func (madeUp) Lookup(a datasets.Arch) (datasets.Record, error) {
	h := fnv.New32a()
	h.Write([]byte(a.String()))
	return datasets.Record{Val: float64(h.Sum32()%10_000) / 100}, nil
}

// tiny is a configuration whose stages take a fraction of a second on any backend.
func tiny() Config {
	c := small()
	c.LatentDim, c.HiddenDim, c.EncoderLayers, c.DecoderBlocks = 3, 6, 1, 1
	c.ICNNWidth, c.ICNNLayers = 4, 1
	c.PredictorDim, c.PredictorLayers, c.PredictorCode = 4, 1, 3
	c.TrainingSet, c.InitialSet, c.Budget, c.TopK = 48, 12, 20, 3
	c.Predictor.Epochs, c.FineTune.Epochs = 40, 2
	c.Pretrain = Training{Epochs: 4, Batch: 16, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999}
	c.Joint.Epochs, c.Joint.Batch = 8, 16
	return c
}

func madeUpOracle(t testing.TB) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.NewOracle(madeUp{}, tiny().Budget, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	return oracle
}

// outcome is all that a run leads to.
type outcome struct {
	Losses   []string
	Weights  map[string][]float32
	Searches map[uint64][]string
	Rounds   map[uint64][]SearchRound
}

// stagesOf does what the quickstart's cells do, and returns what comes out.
func stagesOf(t testing.TB, ctx context.Context, dir string, backend compute.Backend) (outcome, error) {
	run, err := Open(dir, backend, space, tiny())
	if err != nil {
		return outcome{}, err
	}
	if err := run.LabelInitialSet(madeUpOracle(t)); err != nil {
		return outcome{}, err
	}
	if err := run.TrainPredictor(ctx); err != nil {
		return outcome{}, err
	}
	if err := run.TrainJoint(ctx); err != nil {
		return outcome{}, err
	}
	oracles := map[uint64]*datasets.Oracle{0: madeUpOracle(t), 1: madeUpOracle(t), 2: madeUpOracle(t)}
	out := outcome{Weights: weightsOf(t, run.Model), Searches: map[uint64][]string{}}
	if out.Rounds, err = run.SearchSeeds(ctx, oracles); err != nil {
		return outcome{}, err
	}
	for seed, oracle := range oracles {
		for _, q := range oracle.Log() {
			out.Searches[seed] = append(out.Searches[seed], fmt.Sprint(q))
		}
	}
	for _, row := range run.losses {
		out.Losses = append(out.Losses, fmt.Sprint(row))
	}
	return out, nil
}

// inFolder, if it is set, makes the test binary a program that goes through the stages in that folder.
const inFolder = "CRLSO_TEST_RUN_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inFolder); dir != "" {
		os.Exit(m.Run())
	}
	os.Exit(m.Run())
}

var _ = []any{bytes.NewReader, json.Marshal, errors.New, rand.New, exec.Command, filepath.Join, slices.Max[[]int], strings.Cut, sync.OnceFunc, time.Now, source.Lock}

func TestTiny(t *testing.T) {
	onBackends(t, func(t *testing.T, backend compute.Backend) {
		began := time.Now()
		out, err := stagesOf(t, t.Context(), t.TempDir(), backend)
		fmt.Println(time.Since(began), err, len(out.Losses), len(out.Searches[0]))
		began = time.Now()
		out, err = stagesOf(t, t.Context(), t.TempDir(), backend)
		fmt.Println(time.Since(began), err, len(out.Losses), len(out.Searches[0]))
	})
}

//go:build long

package cellnet

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

var kills = flag.Int("kills", 5, "how often TestKilledTrainings kills")

const atATime = 2

// trainings is how many a search makes: so many that it does not end before the last kill.
func trainings() int { return min(120, 8**kills) }

// trainingsIn searches cells of three nodes by trainings of one epoch, with its journal in the
// folder, and leaves a line in the file begun for each training that begins.
func trainingsIn(t *testing.T, dir string) (log []string) {
	space, err := datasets.NewCells("small cells", 3, "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
	if err != nil {
		t.Fatal(err)
	}
	config := Small()
	config.Training.Epochs = 1
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: config}
	begun, err := os.OpenFile(filepath.Join(dir, "begun"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Close()
	oracle, err := datasets.OpenOracle(t.Context(), space, datasets.EvaluatorFunc(func(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
		if _, err := fmt.Fprintln(begun, a); err != nil {
			return datasets.Measurement{}, err
		}
		return e.Evaluate(ctx, a)
	}), datasets.OracleOptions{Budget: trainings(), Parallel: atATime, Journal: filepath.Join(dir, "journal.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	if err := search.Live(oracle, search.LocalSearch{Initial: 10}, search.LiveOptions{Seed: 1, Together: true}); err != nil {
		t.Fatal(err)
	}
	for _, q := range oracle.Log() {
		log = append(log, fmt.Sprint(q.Arch, q.Accuracy))
	}
	return log
}

// TestKilledTrainings kills a search by real trainings at random moments, by SIGKILL, and lets it
// go on: it comes to the log of a search that nobody kills. Trained again is only what ran at a
// kill.
func TestKilledTrainings(t *testing.T) {
	if dir := os.Getenv("CRLSO_KILLED_TRAININGS"); dir != "" {
		trainingsIn(t, dir)
		return
	}
	begin := time.Now()
	want := trainingsIn(t, t.TempDir())
	whole := time.Since(begin)
	dir, killed := t.TempDir(), 0
	for {
		run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledTrainings$", fmt.Sprint("-kills=", *kills))
		run.Env = append(os.Environ(), "CRLSO_KILLED_TRAININGS="+dir)
		var said strings.Builder
		run.Stdout, run.Stderr = &said, &said
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- run.Wait() }()
		after := whole
		if killed < *kills {
			after = time.Duration(rand.Int64N(int64(2*whole/time.Duration(*kills) + 3*time.Second)))
		} else {
			after *= 20
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v: %s", err, &said)
			}
		case <-time.After(after):
			if err := run.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-done
			killed++
			continue
		}
		break
	}
	text, err := os.ReadFile(filepath.Join(dir, "begun"))
	if err != nil {
		t.Fatal(err)
	}
	begun := strings.Count(string(text), "\n")
	t.Logf("killed %d times, %d trainings began for %d", killed, begun, trainings())
	if got := trainingsIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("after %d kills the log is\n%q\nwant\n%q", killed, got, want)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "begun")); err != nil || len(after) != len(text) {
		t.Errorf("a search that is done trains again, %v", err)
	}
	if begun > trainings()+killed*atATime {
		t.Errorf("%d trainings began for %d and %d kills", begun, trainings(), killed)
	}
}

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

func arch(t *testing.T) datasets.Arch {
	t.Helper()
	space, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: []string{"2", "4"}},
		datasets.Choice{Name: "act", Options: []string{"relu", "tanh"}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := space.Parse("depth=4 act=tanh")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func shell(script string) Evaluator { return Evaluator{Program: []string{"sh", "-c", script}} }

// A program gets the architecture on two ways, and answers in its last line.
func TestAnswers(t *testing.T) {
	for script, want := range map[string]datasets.Measurement{
		"echo 91.5": {Accuracy: 91.5},
		"echo epoch 1; echo; echo ' 9.15e1 '; echo":            {Accuracy: 91.5},
		`echo '{"accuracy": 70, "latency": 3, "params": 1e6}'`: {Accuracy: 70, Others: map[string]float64{"latency": 3, "params": 1e6}},
		// What it gets is its answer.
		`read line; test "$line" = "$CRLSO_ARCH" && test "$line" = '{"depth":4,"act":"tanh"}' && echo 1`: {Accuracy: 1},
		"yes a lot of output | head -100000; echo 12":                                                    {Accuracy: 12},
	} {
		if m, err := shell(script).Evaluate(t.Context(), arch(t)); err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("%s: %+v, %v, want %+v", script, m, err, want)
		}
	}
	if text, err := Marshal(nasbench201.Space{}.At(0)); err != nil || string(text) != `"`+(nasbench201.Space{}).At(0).String()+`"` {
		t.Errorf("a cell of NAS-Bench-201 is %s, %v", text, err)
	}
}

// Whatever a program does wrong is the architecture's failure, with a reason.
func TestFailures(t *testing.T) {
	for script, want := range map[string]string{
		"exit 3": "exit status 3",
		"echo CUDA is loading >&2; echo >&2; echo out of memory >&2; exit 1": "exit status 1: CUDA is loading / out of memory",
		"kill -9 $$":                            "signal: killed",
		"true":                                  "it printed nothing",
		"echo done":                             `its last line is "done", want a number`,
		"echo 91 %":                             `"91 %"`,
		`echo '{"acc": 91}'`:                    `no "accuracy"`,
		`echo '{"accuracy": null}'`:             `"accuracy" is no number`,
		`echo '{"accuracy": "high"}'`:           `"accuracy" is no number`,
		`echo '{"accuracy": 1, "x": "3ms"}'`:    `"x" is no number; print a number, or leave it out`,
		`echo '{"accuracy": 1, "x": null}'`:     `"x" is no number`,
		"head -c 100000 /dev/zero | tr '\\0' x": "its last line is",
	} {
		_, err := shell(script).Evaluate(t.Context(), arch(t))
		if !errors.Is(err, datasets.ErrFailed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
	// These are numbers, and an oracle says that they are no accuracies.
	for _, text := range []string{"nan", "200", "-1", "inf"} {
		oracle, err := datasets.OpenOracle(t.Context(), nasbench201.Space{}, shell("echo "+text), datasets.OracleOptions{Budget: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := oracle.Query(nasbench201.Space{}.At(0)); err != nil || !strings.Contains(oracle.Log()[0].Failure, "its accuracy is") {
			t.Errorf("%s: %v, %+v", text, err, oracle.Log())
		}
	}
}

// A program that cannot be started is no failure of the architecture.
func TestNoProgram(t *testing.T) {
	_, err := Evaluator{Program: []string{"/nowhere/train"}}.Evaluate(t.Context(), arch(t))
	if err == nil || errors.Is(err, datasets.ErrFailed) || !strings.Contains(err.Error(), "check the command") {
		t.Errorf("error %v", err)
	}
}

// alive says whether the process whose number is in a file lives.
func alive(t *testing.T, path string) bool {
	t.Helper()
	for range 100 {
		text, err := os.ReadFile(path)
		pid, err1 := strconv.Atoi(strings.TrimSpace(string(text)))
		if errors.Join(err, err1) == nil {
			time.Sleep(50 * time.Millisecond) // to die
			state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
			return syscall.Kill(pid, 0) == nil && err == nil && !strings.HasPrefix(string(state), "Z")
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s has no process", path)
	return false
}

// A program that is interrupted may keep what it wants: it gets SIGTERM, and some time. One that
// does not end is killed.
func TestInterruptedProgramKeepsItsCheckpoint(t *testing.T) {
	dir := t.TempDir()
	interrupt := func(script string) time.Duration {
		ctx, cancel := context.WithCancel(t.Context())
		begun := time.Now()
		time.AfterFunc(300*time.Millisecond, cancel)
		if _, err := shell("cd "+dir+"; "+script).Evaluate(ctx, arch(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", script, err)
		}
		return time.Since(begun)
	}
	interrupt(`trap 'sleep .2; echo epoch 7 > checkpoint; exit 1' TERM; sleep 1000 & wait`)
	if text, err := os.ReadFile(filepath.Join(dir, "checkpoint")); err != nil || string(text) != "epoch 7\n" {
		t.Errorf("the checkpoint is %q, %v", text, err)
	}
	if took := interrupt(`trap '' TERM; while :; do sleep .1; done`); took < grace || took > grace+3*time.Second {
		t.Errorf("a program that does not end took %v", took)
	}
}

// A program that takes too long, one whose search is interrupted, and one that is done: none leaves
// a child behind, even one that holds its output open.
func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	child := func(name, end string) (string, Evaluator) {
		path := filepath.Join(dir, name)
		return path, shell(fmt.Sprintf("sleep 1000 & echo $! > %s; %s", path, end))
	}
	path, e := child("late", "wait")
	e.Timeout = 300 * time.Millisecond
	begin := time.Now()
	_, err := e.Evaluate(t.Context(), arch(t))
	if !errors.Is(err, datasets.ErrFailed) || !strings.Contains(err.Error(), "longer than 300ms") || time.Since(begin) > 5*time.Second {
		t.Errorf("too late: %v after %v", err, time.Since(begin))
	}
	if alive(t, path) {
		t.Error("the child of a late program lives")
	}

	path, e = child("interrupted", "wait")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	if _, err := e.Evaluate(ctx, arch(t)); !errors.Is(err, context.Canceled) || errors.Is(err, datasets.ErrFailed) {
		t.Errorf("interrupted: %v", err)
	}
	if alive(t, path) {
		t.Error("the child of an interrupted program lives")
	}

	path, e = child("done", "echo 50")
	begin = time.Now()
	if m, err := e.Evaluate(t.Context(), arch(t)); err != nil || m.Accuracy != 50 || time.Since(begin) > 5*time.Second {
		t.Errorf("done: %v, %v after %v", m, err, time.Since(begin))
	}
	if alive(t, path) {
		t.Error("the child of a program that is done lives")
	}
}

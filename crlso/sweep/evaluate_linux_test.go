package main

import (
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/command"
)

// A live search whose evaluations are run by workers, several at once, ends as one that runs them
// itself.
func TestEvaluate(t *testing.T) {
	server := httptest.NewServer(newObjects())
	defer server.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	c, space := newCluster(t), cells(t)
	program := []string{"sh", "-c", `n=$(printf %s "$CRLSO_ARCH" | cksum | cut -c1-2)
		test $n -lt 20 && { echo out of memory >&2; exit 1; }
		echo a line before the last; echo "{\"accuracy\": $n, \"cost\": 3}"`}
	byBucket, byFolder := c.evaluate(t, program, "-bucket", "gs://answers/first"), c.evaluate(t, program, "-out", t.TempDir())
	var found [3]*experiment.Results
	for i, program := range [][]string{program, byBucket, byFolder} {
		var err error
		found[i], err = experiment.Run(t.Context(), t.TempDir(), experiment.Plan{
			Methods:    []experiment.Method{{Name: "random", Searcher: search.Random{}}},
			Benchmarks: []datasets.Benchmark{experiment.Live(space, command.Evaluator{Program: program}, datasets.OracleOptions{Parallel: 3})},
			Seeds:      1, Budget: 8, Label: datasets.MeanLabel,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	want := vals(t, found[0])
	for _, r := range found[1:] {
		if got := vals(t, r); !slices.Equal(got, want) || want[len(want)-1] < 20 {
			t.Errorf("the best accuracies are %v, want %v", got, want)
		}
	}
	if _, n := c.worker(); n < 16 {
		t.Errorf("%d workers were started, want one for each evaluation at least", n)
	}
}

// What a program complains of comes back, and workers that share no folder say so before they run
// it.
func TestEvaluateErrors(t *testing.T) {
	c, shared := newCluster(t), t.TempDir()
	t.Chdir(c.driverAt)
	touch := []string{"touch", "touched"}
	for _, test := range []struct {
		program []string
		want    string
	}{
		{c.evaluate(t, []string{"sh", "-c", "echo no memory left >&2; exit 1"}, "-out", shared), "no memory left"},
		{c.evaluate(t, touch, "-out", results), "evaluate: workers do not write to this folder: " + results},
		{c.evaluate(t, touch), "-evaluate wants -out or -bucket"},
	} {
		_, err := command.Evaluator{Program: test.program}.Evaluate(t.Context(), cells(t).Sample(rand.New(rand.NewPCG(1, 2))))
		if !errors.Is(err, datasets.ErrFailed) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
	if files := glob(t, c.poolAt, "*"); len(files) > 0 {
		t.Errorf("a worker has left %q", files)
	}
}

// evaluate returns the command that lets a worker run a program.
func (c *cluster) evaluate(t *testing.T, program []string, answers ...string) []string {
	t.Setenv(asMain, "1000000")
	return slices.Concat([]string{os.Args[0], "-evaluate"}, answers,
		[]string{"-runner", "universal", "-endpoint", c.endpoint, "-environment_config", c.pool, "--"}, program)
}

func cells(t *testing.T) datasets.Space {
	space, err := datasets.NewCells("cells", 3, "conv", "pool")
	if err != nil {
		t.Fatal(err)
	}
	return space
}

func vals(t *testing.T, r *experiment.Results) (vals []float64) {
	searches, err := r.Searches("random", "cells")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range searches[0].Steps {
		vals = append(vals, step.Val)
	}
	return vals
}

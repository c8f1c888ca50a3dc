package runs

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
)

// TestLabelsArePaidOnce is a run whose labels are trainings: the seventh of the initial set and one
// of the search do not come, as when the machine is switched off. A journal keeps what came, so a
// run that is taken up trains nothing again.
func TestLabelsArePaidOnce(t *testing.T) {
	table, config := testbed.Table(t), tiny()
	dir, backend := t.TempDir(), testbed.Go(t)
	paid, off := map[datasets.Arch]int{}, 0
	trainings := datasets.EvaluatorFunc(func(_ context.Context, a datasets.Arch) (datasets.Measurement, error) {
		if off--; off == 0 {
			return datasets.Measurement{}, errors.New("the machine is switched off")
		}
		paid[a]++
		record, err := table.Lookup(a)
		return datasets.Measurement{Accuracy: record.Val}, err
	})
	attempt := func(until int) (int, error) {
		t.Helper()
		off = until
		oracle, err := datasets.OpenOracle(t.Context(), space, trainings, datasets.OracleOptions{
			Budget: config.Budget, Journal: filepath.Join(dir, "labels.jsonl"),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer oracle.Close()
		run := openRun(t, filepath.Join(dir, "run"), backend, config)
		if err := run.LabelInitialSet(oracle); err != nil {
			return len(oracle.Log()), err
		}
		if err := errors.Join(run.TrainPredictor(t.Context()), run.TrainJoint(t.Context())); err != nil {
			t.Fatal(err)
		}
		_, err = run.Search(t.Context(), oracle)
		return len(oracle.Log()), err
	}
	if n, err := attempt(7); err == nil || n != 6 {
		t.Errorf("%d labels when the seventh does not come, %v", n, err)
	}
	if n, err := attempt(10); err == nil || n != 15 {
		t.Errorf("%d labels when the tenth of the rest does not come, %v", n, err)
	}
	if n, err := attempt(0); err != nil || n != config.Budget {
		t.Errorf("%d labels in the end, want %d, %v", n, config.Budget, err)
	}
	for a, n := range paid {
		if n != 1 {
			t.Errorf("%v was trained %d times", a, n)
		}
	}
	if len(paid) != config.Budget {
		t.Errorf("%d were trained, want %d", len(paid), config.Budget)
	}
}

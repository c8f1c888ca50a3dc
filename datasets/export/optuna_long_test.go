//go:build long

package export

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// reader opens a journal with Optuna's own storage, and says what it holds.
const reader = `
import sys
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
study = optuna.load_study(study_name="mine", storage=JournalStorage(JournalFileBackend(sys.argv[1])))
print([d.name for d in study.directions])
for t in study.trials:
    print(t.number, t.state.name, t.values, sorted(t.params.items()), t.user_attrs.get("failure"), t.duration is not None)
print(len(study.best_trials))
`

// TestOptuna reads what is written with Optuna's own JournalStorage: a search with one objective
// and with two, with a failure, and with a choice that there is not always.
func TestOptuna(t *testing.T) {
	space, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: []string{"2", "4"}, Ordered: true},
		datasets.Choice{Name: "optimizer", Options: []string{"adam", "sgd"}},
		datasets.Choice{Name: "momentum", Options: []string{"0.9"}, When: "optimizer", Equals: []string{"sgd"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	python := filepath.Join(dir, "venv", "bin", "python")
	run := func(program string, args ...string) string {
		t.Helper()
		said, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", program, args, err, said)
		}
		return string(said)
	}
	run("python3", "-m", "venv", filepath.Join(dir, "venv"))
	run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "optuna==4.1.0")
	script := filepath.Join(dir, "read.py")
	if err := os.WriteFile(script, []byte(reader), 0o666); err != nil {
		t.Fatal(err)
	}

	for cost, want := range map[string]string{
		"": `['MAXIMIZE']
0 COMPLETE [70] [('depth', 2), ('optimizer', 'adam')] None True
1 FAIL None [('depth', 4), ('momentum', 0.9), ('optimizer', 'sgd')] out of memory True
2 COMPLETE [90] [('depth', 4), ('optimizer', 'adam')] None True
1
`,
		"ms": `['MAXIMIZE', 'MINIMIZE']
0 COMPLETE [70, 2] [('depth', 2), ('optimizer', 'adam')] None True
1 FAIL None [('depth', 4), ('momentum', 0.9), ('optimizer', 'sgd')] out of memory True
2 COMPLETE [90, 4] [('depth', 4), ('optimizer', 'adam')] None True
2
`,
	} {
		journal, file := filepath.Join(dir, "journal"+cost), filepath.Join(dir, "optuna"+cost)
		oracle, err := datasets.OpenOracle(t.Context(), space, datasets.EvaluatorFunc(func(_ context.Context, a datasets.Arch) (datasets.Measurement, error) {
			depth, _ := a.(datasets.Selection).Number("depth")
			if _, sgd := a.(datasets.Selection).Option("momentum"); sgd {
				return datasets.Measurement{}, datasets.ErrFailed
			}
			return datasets.Measurement{Accuracy: 50 + 10*depth, Others: map[string]float64{"ms": depth}}, nil
		}), datasets.OracleOptions{Budget: 3, Cost: cost, Journal: journal})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"depth=2 optimizer=adam", "depth=4 optimizer=sgd momentum=0.9", "depth=4 optimizer=adam"} {
			a, err := space.Parse(text)
			if err == nil {
				_, err = oracle.Query(a)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		oracle.Close()
		evaluations, named, err := datasets.ReadJournal(journal, space)
		if err != nil || named != cost {
			t.Fatal(named, err)
		}
		out, err := os.Create(file)
		if err == nil {
			err = Optuna(out, "mine", evaluations, cost)
			out.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(run(python, script, file), "the architecture cannot be evaluated", "out of memory")
		if got != want {
			t.Errorf("Optuna reads\n%swant\n%s", got, want)
		}
	}
}

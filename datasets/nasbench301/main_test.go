package nasbench301

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// DARTS's second-order cells, which the benchmark's example.py asks for.
const dartsV2 = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), " +
	"('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], " +
	"reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), " +
	"('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"

// Another one, with its edges in no order.
const mixed = "Genotype(normal=[('dil_conv_5x5', 1), ('avg_pool_3x3', 0), ('sep_conv_5x5', 2), ('max_pool_3x3', 0), " +
	"('dil_conv_3x3', 3), ('avg_pool_3x3', 1), ('skip_connect', 4), ('sep_conv_5x5', 3)], normal_concat=[2, 3, 4, 5], " +
	"reduce=[('sep_conv_3x3', 0), ('dil_conv_5x5', 1), ('sep_conv_5x5', 1), ('avg_pool_3x3', 2), ('dil_conv_3x3', 3), " +
	"('max_pool_3x3', 2), ('dil_conv_5x5', 0), ('avg_pool_3x3', 4)], reduce_concat=[2, 3, 4, 5])"

func parse(t testing.TB, s string) Genotype {
	t.Helper()
	g, err := ParseGenotype(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// wantError checks that err is one line that holds all of want.
func wantError(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	for _, part := range append(want, "") {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q, want one line with %q", err, part)
		}
	}
}

// python is the output of testdata/ensemble.py: the parent of nb_models_1.0 and what Python
// predicts.
type python struct {
	dir         string
	predictions []struct {
		Genotype  string
		Mean, Std float64
	}
}

var (
	ensembleOnce sync.Once
	ensembleDir  string
)

// TestMain removes what pythonEnsemble made.
func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(ensembleDir)
	os.Exit(code)
}

// pythonEnsemble has Python's own XGBoost make a small ensemble, once for all tests, which must not
// change it.
func pythonEnsemble(t testing.TB) python {
	t.Helper()
	ensembleOnce.Do(func() {
		if err := source.PipInstall(t.Context(), filepath.Join("testdata", "requirements.txt"), t.Output()); err != nil {
			t.Fatal(err)
		}
		interpreter, err := source.Python(t.Context(), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp("", "nasbench301-")
		if err != nil {
			t.Fatal(err)
		}
		ensembleDir = dir
		script := exec.CommandContext(t.Context(), interpreter, "-W", "ignore", filepath.Join("testdata", "ensemble.py"), dir)
		if output, err := script.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	})
	result := python{dir: ensembleDir}
	content, err := os.ReadFile(filepath.Join(ensembleDir, "predictions.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &result.predictions); err != nil {
		t.Fatal(err)
	}
	return result
}

// models returns the path of the ensemble's folder nb_models_1.0.
func (p python) models() string { return filepath.Join(p.dir, "nb_models_1.0") }

func openEnsemble(t testing.TB, path string) *Surrogate {
	t.Helper()
	s, err := Open(t.Context(), "1.0", path, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

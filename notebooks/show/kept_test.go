package show

import (
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

// Results are found from any folder.
func TestKept(t *testing.T) {
	t.Chdir(t.TempDir())
	r, err := Kept("08_hardware_aware")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Methods()) == 0 || len(r.DataSets()) == 0 {
		t.Errorf("%d methods on %d data sets", len(r.Methods()), len(r.DataSets()))
	}
	if _, err := Kept("nowhere"); err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("an experiment that is not kept: %v", err)
	}
}

// Curves of accuracies may come to the optimum from every seed.
func TestCurvesUpToTheOptimum(t *testing.T) {
	r, err := Kept("05_search")
	if err != nil {
		t.Fatal(err)
	}
	if r, err = r.Only("concave ensemble"); err != nil {
		t.Fatal(err)
	}
	if err := Curves(r, experiment.Val, CurvesOptions{}); err != nil {
		t.Error(err)
	}
}

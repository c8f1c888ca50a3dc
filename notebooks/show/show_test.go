package show

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// Every architecture of the benchmarks can be drawn.
func TestCell(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	own, err := datasets.NewCells("own", 3, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	for _, space := range []datasets.Space{nasbench101.Space{}, nasbench201.Space{}, nasbench301.Space{}, nasbenchgraph.Space{}, own} {
		if err := Cell("a cell", space.Sample(rng)); err != nil {
			t.Errorf("%s: %v", space.Name(), err)
		}
	}
	if err := Cell("digits", searchtest.Toy().Space().Sample(rng)); err == nil || !strings.Contains(err.Error(), "no drawing of a toy.Digits") {
		t.Errorf("an unknown architecture: %v", err)
	}
}

func openTable(t *testing.T) *nasbench201.Table {
	t.Helper()
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// reportOf makes a report of two queries of NAS-Bench-201, the second of which has this index.
func reportOf(t *testing.T, table *nasbench201.Table, index int) *datasets.Report {
	t.Helper()
	oracle, err := datasets.NewOracle(table, 2, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, index} { // cell 0 has no operation at all
		if _, err := oracle.Query(nasbench201.Space{}.At(i)); err != nil {
			t.Fatal(err)
		}
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Finals has the means at the ends, and their intervals: of two values, 12.706 times the standard
// error.
func TestFinals(t *testing.T) {
	table := openTable(t)
	one, other := reportOf(t, table, 8000), reportOf(t, table, 12000)
	got := Finals(Group{"both", []*datasets.Report{one, other}}, Group{"one", []*datasets.Report{one}})
	a, b := one.Final(), other.Final()
	mean, half := (a.Val+b.Val)/2, 12.7062*math.Abs(a.Val-b.Val)/2
	if row := got.Rows[0]; row[0] != "both" || row[1] != "2" || !strings.HasPrefix(row[2], strings.TrimSuffix(Mean([]float64{mean}), "0")) ||
		!strings.HasSuffix(row[2], Mean([]float64{half})) {
		t.Errorf("row %q, want %.3f +- %.3f", row, mean, half)
	}
	if row := got.Rows[1]; row[2] != Mean([]float64{a.Val}) || row[3] != Mean([]float64{a.Regret}) || row[4] != Mean([]float64{a.Test}) {
		t.Errorf("row %q, want %+v", row, a)
	}
	if err := Found(table, 1, Group{"both", []*datasets.Report{one, other}}); err != nil {
		t.Error(err)
	}
}

// Below turns a curve of accuracies around, and its band with it.
func TestBelow(t *testing.T) {
	got := below(95, experiment.Curve{Mean: []float64{90, 94}, Low: []float64{89, 93}, High: []float64{92, 95}})
	want := experiment.Curve{Mean: []float64{5, 1}, Low: []float64{3, 0}, High: []float64{6, 2}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := below(95, experiment.Curve{Mean: []float64{90}}); got.Low != nil {
		t.Errorf("a curve of one seed has the band %v", got.Low)
	}
}

// Curves and fronts of an experiment can be drawn: with the best known, without, and for two
// objectives.
func TestCurves(t *testing.T) {
	table := openTable(t)
	phone := datasets.OnDevice(table, "phone", func(a datasets.Arch) (float64, error) { return float64(1 + nasbench201.Space{}.Index(a)%50), nil })
	for _, c := range []struct {
		benchmark datasets.Benchmark
		quantity  experiment.Quantity
	}{{table, experiment.Regret}, {unknown{table}, experiment.Regret}, {phone, experiment.Hypervolume}, {phone, experiment.Val}} {
		plan := experiment.Plan{
			Methods: []experiment.Method{
				{Name: "random search", Searcher: search.Random{}},
				{Name: "dear", Searcher: search.LocalSearch{}, Seeds: 2, Budget: 5}, // whose curve ends early
			},
			Benchmarks: []datasets.Benchmark{c.benchmark}, First: 7, Seeds: 3, Budget: 8, Label: datasets.MeanLabel,
		}
		r, err := experiment.Run(t.Context(), t.TempDir(), plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := Curves(r, c.quantity, CurvesOptions{Initial: 2}); err != nil {
			t.Errorf("%s, %s: %v", c.benchmark.Name(), c.quantity, err)
		}
		if c.quantity == experiment.Hypervolume {
			if err := Front(r, phone, "dear", "random search"); err != nil {
				t.Error(err)
			}
		}
	}
}

// unknown is a benchmark whose best nobody knows.
type unknown struct{ datasets.Benchmark }

func (unknown) Best() float64 { return math.NaN() }

// The similarities of latents that are their own direction by accuracy.
func TestSimilarities(t *testing.T) {
	var latents [][]float64
	var accuracies []float64
	for i := range 400 {
		latents, accuracies = append(latents, []float64{float64(i) - 200.5, 0}), append(accuracies, float64(i))
	}
	for i, want := range []float64{1, -1, 1} {
		for _, row := range Similarities(latents, accuracies)[i].Values {
			for _, value := range row {
				if math.Abs(value-want) > 1e-12 {
					t.Fatalf("panel %d holds %v, want %v", i, value, want)
				}
			}
		}
	}
}

// Spaces has a column for each kind, and of several studies the mean with least and most.
func TestSpaces(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	config := crlso.Tiny201()
	config.TrainingSet = 0
	config.Joint.Epochs = 1
	fastest, err := backend.New()
	if err != nil {
		t.Fatal(err)
	}
	study, err := runs.OpenStudy(t.TempDir(), fastest, openTable(t), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := study.TrainAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := Spaces(t.Context(), []string{"once", "twice"}, func(kind string) []*runs.Study {
		return map[string][]*runs.Study{"once": {study}, "twice": {study, study}}[kind]
	})
	if err != nil || len(got.Rows) != 15 {
		t.Fatalf("%d rows, %v", len(got.Rows), err)
	}
	for _, row := range got.Rows {
		if len(row) != 3 || !strings.HasPrefix(row[2], row[1]+" (") {
			t.Errorf("row %q: the mean of equals is not each of them", row)
		}
	}
}

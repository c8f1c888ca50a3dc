package experiment

import (
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// toy is a benchmark on the cells of NAS-Bench-201 with made-up accuracies, a permutation of 0 to
// 100 %.
type toy struct {
	name    string
	hasTest bool
	broken  func(*datasets.Record) // nil for none
}

func (b *toy) Name() string        { return b.name }
func (*toy) Source() string        { return "made up" }
func (*toy) Space() datasets.Space { return nasbench201.Space{} }
func (b *toy) HasTest() bool       { return b.hasTest }
func (*toy) Best() float64         { return 100 }

func (b *toy) Lookup(a datasets.Arch) (datasets.Record, error) {
	val := 100 * float64(nasbench201.Space{}.Index(a)*8191%15625) / 15624
	r := datasets.Record{Val: val, Test: math.NaN(), Runs: []float64{100 - val}}
	if b.hasTest {
		r.Test = val / 2
	}
	if b.broken != nil {
		b.broken(&r)
	}
	return r, nil
}

// scripted is a random search that does something at a query of each of its searches.
type scripted struct {
	Query int
	do    func(search int64) error
	calls *atomic.Int64 // searches begun
}

func newScripted(query int, do func(search int64) error) scripted {
	return scripted{query, do, new(atomic.Int64)}
}

func (scripted) Kind() string { return "scripted" }

func (s scripted) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	call := s.calls.Add(1)
	for oracle.Remaining() > 0 {
		if len(oracle.Log()) == s.Query && s.do != nil {
			if err := s.do(call); err != nil {
				return err
			}
		}
		if a := oracle.Space().Sample(rng); !oracle.Seen(a) {
			if _, err := oracle.Query(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// lazy is a search that gives up without saying so.
type lazy struct{}

func (lazy) Kind() string { return "lazy" }

func (lazy) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	_, err := oracle.Query(oracle.Space().Sample(rng))
	return err
}

var errMade = errors.New("no electricity\nat all")

// newPlan returns a plan of three cheap methods on two data sets.
func newPlan() Plan {
	return Plan{
		Methods: []Method{
			{Name: "random, \"plain\"", Searcher: search.Random{}},
			{Name: "local search", Searcher: search.LocalSearch{Initial: 3}},
			{Name: "evolution", Searcher: search.RegularizedEvolution{Population: 5, Sample: 2}},
		},
		Benchmarks: []datasets.Benchmark{&toy{name: "with test", hasTest: true}, &toy{name: "without"}},
		Seeds:      4,
		Budget:     12,
		Label:      datasets.MeanLabel,
	}
}

func run(t *testing.T, dir string, plan Plan) *Results {
	t.Helper()
	r, err := Run(t.Context(), dir, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// count returns the number of finished searches.
func count(r *Results) (n int) {
	for _, searches := range r.searches {
		n += len(searches)
	}
	return n
}

// rows returns the lines of results.csv without the column seconds.
func rows(t *testing.T, dir string) string {
	t.Helper()
	text := readFile(t, dir, resultsFile)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, record := range records {
		b.WriteString(strings.Join(record[:7], ",") + "\n")
	}
	return b.String()
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantError checks that an error has one line for each of wants, and that each contains all words
// of its want.
func wantError(t *testing.T, err error, wants ...[]string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(wants) {
		t.Errorf("error has %d lines, want %d: %v", len(lines), len(wants), err)
		return
	}
	for i, words := range wants {
		for _, word := range words {
			if !strings.Contains(lines[i], word) {
				t.Errorf("error %q does not contain %q", lines[i], word)
			}
		}
	}
}

func wantFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %v, want %v", dir, got, names)
	}
}

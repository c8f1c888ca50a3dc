package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// nets is a space of 64 architectures.
func nets(t *testing.T) datasets.Space {
	t.Helper()
	options := []string{"1", "2", "3", "4"}
	space, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: options, Ordered: true},
		datasets.Choice{Name: "width", Options: options, Ordered: true}, datasets.Choice{Name: "kernel", Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// slow measures in a random time, fails at some architectures, and counts.
type slow struct {
	mu    sync.Mutex
	count map[string]int
	do    func() error // at each evaluation; nil for nothing
}

func (s *slow) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	s.mu.Lock()
	s.count[a.String()]++
	s.mu.Unlock()
	time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
	if s.do != nil {
		if err := s.do(); err != nil {
			return datasets.Measurement{}, err
		}
	}
	net := a.(datasets.Selection)
	depth, _ := net.Number("depth")
	width, _ := net.Number("width")
	kernel, _ := net.Number("kernel")
	if kernel == 4 && depth == 4 {
		return datasets.Measurement{}, fmt.Errorf("%w: out of memory", datasets.ErrFailed)
	}
	return datasets.Measurement{Accuracy: 50 + 5*depth + 3*width - kernel, Others: map[string]float64{"s": 1}}, ctx.Err()
}

func (s *slow) most() (n int) {
	for _, count := range s.count {
		n = max(n, count)
	}
	return n
}

func livePlan(t *testing.T, e datasets.Evaluator) Plan {
	return Plan{
		Methods: []Method{{Name: "random", Searcher: search.Random{}}, {Name: "local", Searcher: search.LocalSearch{Initial: 5}},
			{Name: "evolution", Searcher: search.SmallEvolution()}},
		Benchmarks: []datasets.Benchmark{Live(nets(t), e, datasets.OracleOptions{Parallel: 3})},
		Seeds:      2, Budget: 25, Label: datasets.MeanLabel,
	}
}

// withoutSeconds clears the times, which no two runs share, and NaN, which is not equal to itself.
func withoutSeconds(t *testing.T, r *Results) (all [][]Search) {
	t.Helper()
	for _, method := range r.Methods() {
		searches, err := r.Searches(method, "nets")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range searches {
			for i := range s.Steps {
				if !math.IsNaN(s.Steps[i].Test) || !math.IsNaN(s.Steps[i].Regret) {
					t.Errorf("%s has test accuracy %v, regret %v", method, s.Steps[i].Test, s.Steps[i].Regret)
				}
				s.Steps[i] = Step{Val: s.Steps[i].Val}
			}
		}
		all = append(all, searches)
	}
	return all
}

// Searches on a problem whose accuracies nobody knows are compared like others, and pay for an
// architecture once. Interrupted again and again, they end as without.
func TestLive(t *testing.T) {
	e := &slow{count: map[string]int{}}
	want, err := Run(t.Context(), t.TempDir(), livePlan(t, e), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.most() != 1 || len(e.count) > 64 {
		t.Errorf("%d architectures were evaluated, one %d times", len(e.count), e.most())
	}
	finals, err := want.Searches("local", "nets")
	if err != nil {
		t.Fatal(err)
	}
	if best := finals[0].Steps[24].Val; best < 75 {
		t.Errorf("local search ends at %v %%, of 79", best)
	}

	dir, count := t.TempDir(), map[string]int{}
	for stops := 0; ; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		left := 10
		interrupted := &slow{count: count}
		interrupted.do = func() error {
			interrupted.mu.Lock()
			defer interrupted.mu.Unlock()
			if left--; left == 0 {
				cancel()
			}
			return nil
		}
		r, err := Run(ctx, dir, livePlan(t, interrupted), nil)
		cancel()
		if err == nil {
			if stops < 3 {
				t.Errorf("it was stopped %d times", stops)
			}
			if got := withoutSeconds(t, r); !reflect.DeepEqual(got, withoutSeconds(t, want)) {
				t.Errorf("after %d stops\n%v, want\n%v", stops, got, withoutSeconds(t, want))
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	// What ran when it was stopped has no answer in the journal, and is evaluated again.
	again := 0
	for _, n := range count {
		again += n - 1
	}
	if len(count) != len(e.count) || again > 3*len(count)/10+3 {
		t.Errorf("%d architectures were evaluated %d times, want %d and hardly more", len(count), again+len(count), len(e.count))
	}
}

// A method that remembers, and a journal that is damaged, are errors that say so.
func TestLiveErrors(t *testing.T) {
	plan := livePlan(t, &slow{count: map[string]int{}})
	plan.Methods = append(plan.Methods[:1:1], Method{Name: "own", Searcher: newScripted(0, nil)})
	_, err := Run(t.Context(), t.TempDir(), plan, nil)
	wantError(t, err, []string{"own", "want a search.Proposer"})
	dir := t.TempDir()
	plan = livePlan(t, &slow{count: map[string]int{}})
	if _, err := Run(t.Context(), dir, plan, nil); err != nil {
		t.Fatal(err)
	}
	journal := Item{"random", "nets", 0}.Journal(dir)
	if err := os.WriteFile(journal, []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	plan = livePlan(t, &slow{count: map[string]int{}}) // as another process makes it
	plan.Seeds++
	_, err = Run(t.Context(), dir, plan, nil)
	wantError(t, err, []string{`"random" on nets, seed 2`, journal, "line 1"}, []string{"local", journal}, []string{"evolution", journal})
	if _, err := plan.Benchmarks[0].Lookup(nil); err == nil {
		t.Error("the accuracy of nothing is known")
	}
}

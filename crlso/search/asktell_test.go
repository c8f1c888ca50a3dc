package search

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search/internal/toy"
	"github.com/cr-lso/cr-lso/datasets"
)

func newAskTell(t *testing.T, p Searcher, journal string) (*AskTell, *datasets.Oracle) {
	t.Helper()
	oracle, err := datasets.OpenOracle(t.Context(), toy.Space{}, nil, datasets.OracleOptions{Budget: 20, Cost: "ms", Journal: journal})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(oracle.Close)
	s, err := NewAskTell(oracle, p, 3)
	if err != nil {
		t.Fatal(err)
	}
	return s, oracle
}

// tell answers a trial as trainings does.
func tell(t *testing.T, s *AskTell, trial Trial) {
	t.Helper()
	m, err := (&trainings{}).Evaluate(t.Context(), trial.Arch)
	if err != nil {
		err = s.Fail(trial, err.Error())
	} else {
		err = s.Tell(trial, m)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// With one trial at a time, ask and tell is the search that runs by itself; with several, told in
// any order, it spends the same budget on different architectures.
func TestAskTell(t *testing.T) {
	for _, p := range proposers() {
		s, oracle := newAskTell(t, p, "")
		for number := 1; ; number++ {
			trials, err := s.Ask(1)
			if err != nil {
				t.Fatal(err)
			}
			if len(trials) == 0 {
				break
			}
			if trials[0].Number != number {
				t.Errorf("%s: trial %d is number %d", p.Kind(), number, trials[0].Number)
			}
			tell(t, s, trials[0])
		}
		want := searchLive(t, &trainings{}, datasets.OracleOptions{Budget: 20}, p, LiveOptions{Seed: 3})
		if !slices.Equal(datasets.Archs(oracle.Log()), datasets.Archs(want)) {
			t.Errorf("%s: %v, by itself %v", p.Kind(), oracle.Log(), want)
		}

		s, oracle = newAskTell(t, p, "")
		var open []Trial
		for range 100 {
			trials, err := s.Ask(3 - len(open))
			if err != nil {
				t.Fatal(err)
			}
			if open = append(open, trials...); len(open) == 0 {
				break
			}
			i := rand.IntN(len(open))
			tell(t, s, open[i])
			open = slices.Delete(open, i, i+1)
		}
		if len(oracle.Log()) != 20 {
			t.Errorf("%s: %d queries", p.Kind(), len(oracle.Log()))
		}
	}
}

// Between ask and tell a process may die: the next one asks for the same again.
func TestAskTellGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	s, oracle := newAskTell(t, LocalSearch{}, path)
	trials, err := s.Ask(3)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, s, trials[1])
	oracle.Close()

	s, oracle = newAskTell(t, LocalSearch{}, path)
	again, err := s.Ask(2)
	if err != nil || len(again) != 2 || again[0].Arch != trials[0].Arch || again[1].Arch != trials[2].Arch {
		t.Errorf("asked for %v, and after the restart for %v, %v", trials, again, err)
	}
	more, err := s.Ask(1)
	if err != nil || slices.ContainsFunc(trials, func(trial Trial) bool { return trial.Arch == more[0].Arch }) {
		t.Errorf("then for %v, %v", more, err)
	}
	tell(t, s, again[1])
	if log := oracle.Log(); len(log) != 2 || log[0].Arch != trials[1].Arch || log[1].Arch != trials[2].Arch {
		t.Errorf("log %v", log)
	}
}

// Points of one's own, and what is told wrongly.
func TestAskTellByHand(t *testing.T) {
	s, oracle := newAskTell(t, Random{}, "")
	a := toy.Space{}.At(7)
	trial, err := s.Attach(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(trial, datasets.Measurement{Accuracy: 77, Others: map[string]float64{"ms": 1}}); err != nil || oracle.Log()[0].Accuracy != 77 {
		t.Errorf("log %v, %v", oracle.Log(), err)
	}
	for want, err := range map[string]error{
		"has not begun, or is answered": s.Tell(trial, datasets.Measurement{Accuracy: 1}),
		"was asked for before":          func() error { _, err := s.Attach(a); return err }(),
		"has not begun":                 s.Fail(Trial{9, toy.Space{}.At(9)}, "lost"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	trials, err := s.Ask(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Fail(trials[0], "out of\nmemory"); err != nil || oracle.Log()[1].Failure != "out of memory" {
		t.Errorf("log %v, %v", oracle.Log(), err)
	}
	if err := s.Tell(trials[1], datasets.Measurement{Accuracy: 500}); err != nil || !strings.Contains(oracle.Log()[2].Failure, "500") {
		t.Errorf("log %v, %v", oracle.Log(), err)
	}
	if _, err := NewAskTell(oracle, struct{ Searcher }{Random{}}, 1); err == nil || !strings.Contains(fmt.Sprint(err), "cannot propose") {
		t.Errorf("a searcher that cannot propose: %v", err)
	}
}

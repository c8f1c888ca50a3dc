package searchtest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
)

// named returns what Kind says.
func (k kit) named() (string, error) {
	kind := k.searcher.Kind()
	if kind == "" {
		return "", errors.New("it is empty")
	}
	return kind, nil
}

func (k kit) naming() error {
	if kind := k.searcher.Kind(); kind != k.kind {
		return fmt.Errorf("it is %q before the searches, and %q after", k.kind, kind)
	}
	return nil
}

func (k kit) repeating() error { return k.repeats(0) }

// repeats makes a search from a seed again.
func (k kit) repeats(seed int) error {
	log, err := k.spends(Budget, 0, uint64(seed))
	if err != nil {
		return err
	}
	for i, query := range log {
		if want := k.logs[seed][i]; query != want {
			return fmt.Errorf("seed %d: query %d is %v, and was %v", seed, i, query, want)
		}
	}
	return nil
}

func (k kit) random() error {
	if slices.Equal(k.logs[0], k.logs[1]) {
		return errors.New("seeds 0 and 1 give the same")
	}
	return nil
}

func (k kit) goingOn() error {
	_, err := k.spends(Budget, Budget/4, 0)
	return err
}

func (k kit) spent() error {
	_, err := k.spends(Budget, Budget, 0)
	return err
}

func (k kit) tooSmall() error {
	oracle, err := datasets.NewOracle(k.benchmark, 1, datasets.MeanLabel)
	if err != nil {
		return err
	}
	err = k.searcher.Search(oracle, newSource(0))
	if err == nil && oracle.Remaining() > 0 {
		return errors.New("a budget of 1 is not spent, without an error")
	}
	return line(err)
}

func (k kit) closed() error {
	for _, after := range []int{0, Budget / 2} {
		if err := k.ends(func(oracle *datasets.Oracle, lookup int) error {
			if lookup == after {
				oracle.Close()
			}
			return nil
		}, after, datasets.ErrClosed); err != nil {
			return fmt.Errorf("closed after %d queries: %w", after, err)
		}
	}
	return nil
}

// errFailed is what a benchmark says that fails.
var errFailed = errors.New("the benchmark has failed")

func (k kit) failing() error {
	for _, at := range []int{1, Budget / 2, Budget} {
		if err := k.ends(func(_ *datasets.Oracle, lookup int) error {
			if lookup == at {
				return errFailed
			}
			return nil
		}, at-1, errFailed); err != nil {
			return fmt.Errorf("error at query %d: %w", at, err)
		}
	}
	return nil
}

// failure is a benchmark that does something at each look-up, before it answers. Number 0 is before
// the search.
type failure struct {
	datasets.Benchmark
	lookups int
	at      func(lookup int) error
}

func (f *failure) Lookup(a datasets.Arch) (datasets.Record, error) {
	f.lookups++
	if err := f.at(f.lookups); err != nil {
		return datasets.Record{}, err
	}
	return f.Benchmark.Lookup(a)
}

// benchmark is f, with the costs of what it wraps if that has costs.
func (f *failure) benchmark() datasets.Benchmark {
	if costs, ok := f.Benchmark.(datasets.CostBenchmark); ok {
		return datasets.OnDevice(f, costs.CostName(), costs.Cost)
	}
	return f
}

// ends makes a search that something happens to, and that has to end for that reason, after as many
// queries.
func (k kit) ends(happens func(oracle *datasets.Oracle, lookup int) error, after int, reason error) error {
	var oracle *datasets.Oracle
	benchmark := &failure{Benchmark: k.benchmark}
	benchmark.at = func(lookup int) error { return happens(oracle, lookup) }
	oracle, err := datasets.NewOracle(benchmark.benchmark(), Budget, datasets.MeanLabel)
	if err != nil {
		return err
	}
	if err := benchmark.at(0); err != nil {
		return err
	}
	err = k.searcher.Search(oracle, newSource(0))
	switch {
	case err == nil:
		return errors.New("no error")
	case !strings.Contains(err.Error(), reason.Error()):
		return fmt.Errorf("the error is %q, want it to say %q", err, reason)
	case len(oracle.Log()) != after:
		return fmt.Errorf("the search ends after %d queries, want %d", len(oracle.Log()), after)
	}
	return line(err)
}

// line returns an error unless the message of another one, if there is one, is a single line.
func line(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); text == "" || strings.ContainsAny(text, "\r\n") {
		return fmt.Errorf("the error is %q, want one line", text)
	}
	return nil
}

const (
	small      = 100 // architectures of a space that is searched as a whole
	wholeSeeds = 3
)

func (k kit) whole() error {
	finite, ok := k.benchmark.Space().(datasets.FiniteSpace)
	if !ok || finite.Len() > small {
		return nil
	}
	for seed := range uint64(wholeSeeds) {
		if _, err := k.spends(finite.Len(), 0, seed); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

// eachSeed is how many goroutines search from each seed.
const eachSeed = 2

func (k kit) concurrent() error {
	found := make(chan error, eachSeed*seeds)
	for i := range cap(found) {
		go func() {
			found <- withoutPanic(func() error { return k.repeats(i % seeds) })
		}()
	}
	var err error
	for range cap(found) {
		err = cmp.Or(err, <-found)
	}
	return err
}

package datasets_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
)

// letter is a space of the 26 letters, whose accuracies are 50 to 75 %.
type letterSpace struct{ datasets.Space }

func (letterSpace) Name() string                            { return "letters of the alphabet" }
func (letterSpace) Canonical(a datasets.Arch) datasets.Arch { return a }
func (letterSpace) Parse(text string) (datasets.Arch, error) {
	if len(text) != 1 || text < "a" || text > "z" {
		return nil, fmt.Errorf("%q is no letter", text)
	}
	return word(text), nil
}

func accuracyOf(a datasets.Arch) float64 { return 50 + float64(a.String()[0]-'a') }

// trainer is an evaluator that counts, takes its time, and fails for some.
type trainer struct {
	mu    sync.Mutex
	count map[string]int
	most  int // evaluations at once
	now   int
	fail  func(a datasets.Arch) error
	delay func() time.Duration
}

func (e *trainer) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	e.mu.Lock()
	if e.count == nil {
		e.count = map[string]int{}
	}
	e.count[a.String()]++
	e.now++
	e.most = max(e.most, e.now)
	delay := time.Duration(0)
	if e.delay != nil {
		delay = e.delay()
	}
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.now--
		e.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return datasets.Measurement{}, fmt.Errorf("%w: killed", datasets.ErrFailed)
	case <-time.After(delay):
	}
	if e.fail != nil {
		if err := e.fail(a); err != nil {
			return datasets.Measurement{}, err
		}
	}
	return datasets.Measurement{Accuracy: accuracyOf(a), Others: map[string]float64{"ms": 2 * accuracyOf(a)}}, nil
}

func (e *trainer) total() (n int) {
	for _, times := range e.count {
		n += times
	}
	return n
}

func open(t *testing.T, e datasets.Evaluator, o datasets.OracleOptions) *datasets.Oracle {
	t.Helper()
	oracle, err := datasets.OpenOracle(t.Context(), letterSpace{}, e, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(oracle.Close)
	return oracle
}

func wantLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, part)
		}
	}
}

func words(text string) (archs []datasets.Arch) {
	for _, r := range text {
		archs = append(archs, word(r))
	}
	return archs
}

func logged(o *datasets.Oracle) string {
	text := ""
	for _, q := range o.Log() {
		text += q.Arch.String()
	}
	return text
}

// The log is in the order of the arguments, whichever worker is first, and no more run at once than
// allowed.
func TestQueryAllInParallel(t *testing.T) {
	for _, parallel := range []int{0, 1, 3, 26} {
		e := &trainer{delay: func() time.Duration { return time.Duration(rand.IntN(3)) * time.Millisecond }}
		o := open(t, e, datasets.OracleOptions{Budget: 20, Parallel: parallel})
		accuracies, err := o.QueryAll(words("hgfaahb")...)
		if want := []float64{57, 56, 55, 50, 50, 57, 51}; err != nil || !reflect.DeepEqual(accuracies, want) {
			t.Errorf("Parallel %d: %v, %v, want %v", parallel, accuracies, err, want)
		}
		if _, err := o.QueryAll(words("zyxaw")...); err != nil || logged(o) != "hgfabzyxw" {
			t.Errorf("Parallel %d: the log is %s, %v", parallel, logged(o), err)
		}
		if e.most > max(1, parallel) {
			t.Errorf("Parallel %d: %d ran at once", parallel, e.most)
		}
		if best, ok := o.Best(); !ok || best.Arch != word("z") || best.Accuracy != 75 {
			t.Errorf("the best is %v, %t", best, ok)
		}
	}
}

// A batch that is larger than the rest of the budget spends it.
func TestQueryAllSpendsTheBudget(t *testing.T) {
	o := open(t, &trainer{}, datasets.OracleOptions{Budget: 4, Parallel: 2})
	if _, err := o.QueryAll(words("abcdef")...); !errors.Is(err, datasets.ErrBudget) || logged(o) != "abcd" || o.Remaining() != 0 {
		t.Errorf("the log is %s, %d remain, %v", logged(o), o.Remaining(), err)
	}
	if _, err := o.Query(word("a")); err != nil {
		t.Errorf("an answer from memory: %v", err)
	}
}

// What cannot be evaluated is a query like any other, with its reason in one line; a panic is one.
func TestFailures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	e := &trainer{fail: func(a datasets.Arch) error {
		switch a {
		case word("b"):
			return fmt.Errorf("%w: exit status 1:\n  out of\tmemory", datasets.ErrFailed)
		case word("c"):
			panic("index out of range")
		}
		return nil
	}}
	options := datasets.OracleOptions{Budget: 9, Parallel: 3, Failed: 10, Cost: "ms", Journal: path}
	o := open(t, e, options)
	accuracies, err := o.QueryAll(words("abcd")...)
	if want := []float64{50, 10, 10, 53}; err != nil || !reflect.DeepEqual(accuracies, want) {
		t.Errorf("%v, %v, want %v", accuracies, err, want)
	}
	want := []datasets.Query{
		{Arch: word("a"), Accuracy: 50, Cost: 100},
		{Arch: word("b"), Accuracy: 10, Cost: 106, Failure: "exit status 1: out of memory"},
		{Arch: word("c"), Accuracy: 10, Cost: 106, Failure: "panic: index out of range"},
		{Arch: word("d"), Accuracy: 53, Cost: 106},
	}
	if !reflect.DeepEqual(o.Log(), want) {
		t.Errorf("log %+v, want %+v", o.Log(), want)
	}
	o.Close()
	if again := open(t, e, options); !reflect.DeepEqual(again.Log(), want) {
		t.Errorf("after the journal %+v, want %+v", again.Log(), want)
	}
	read, cost, err := datasets.ReadJournal(path, letterSpace{})
	if err != nil || cost != "ms" || len(read) != 4 || read[1].Failure != want[1].Failure || read[3].Others["ms"] != 106 || read[0].Seconds <= 0 {
		t.Errorf("the journal is read as %+v, %q, %v", read, cost, err)
	}
	_, _, err = datasets.ReadJournal(path+"x", letterSpace{})
	wantLine(t, err, "there is none")
}

// Accuracies that are none are failures and not answers; a cost that is missing is the search's
// mistake.
func TestAnswersThatAreNone(t *testing.T) {
	for _, c := range []struct {
		answer datasets.Measurement
		reason string
	}{
		{datasets.Measurement{Accuracy: math.NaN()}, "accuracy is NaN"},
		{datasets.Measurement{Accuracy: 200}, "accuracy is 200, want 0 to 100"},
		{datasets.Measurement{Accuracy: -1}, "accuracy is -1"},
		{datasets.Measurement{Accuracy: 50, Others: map[string]float64{"ms": math.Inf(1)}}, "ms is +Inf"},
	} {
		o := open(t, datasets.EvaluatorFunc(func(context.Context, datasets.Arch) (datasets.Measurement, error) { return c.answer, nil }),
			datasets.OracleOptions{Budget: 3, Cost: "ms"})
		if _, err := o.Query(word("a")); err != nil || !strings.Contains(o.Log()[0].Failure, c.reason) {
			t.Errorf("%+v: %v, log %+v", c.answer, err, o.Log())
		}
		if _, ok := o.Best(); ok {
			t.Error("a failure is the best")
		}
	}
	o := open(t, datasets.EvaluatorFunc(func(context.Context, datasets.Arch) (datasets.Measurement, error) {
		return datasets.Measurement{Accuracy: 50, Others: map[string]float64{"s": 1}}, nil
	}), datasets.OracleOptions{Budget: 3, Cost: "ms"})
	_, err := o.Query(word("a"))
	wantLine(t, err, `no "ms" among what was measured, only ["accuracy" "s"]`)
	if len(o.Log()) != 0 {
		t.Errorf("the log is %+v", o.Log())
	}
}

// An error that is not the architecture's ends the search; what the others have answered is in the
// journal, and the next search goes on from there without paying again.
func TestAnErrorEndsASearch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	broken := true
	e := &trainer{fail: func(a datasets.Arch) error {
		if broken && a == word("b") {
			time.Sleep(10 * time.Millisecond)
			return errors.New("the cluster is down")
		}
		return nil
	}}
	options := datasets.OracleOptions{Budget: 9, Parallel: 3, Journal: path}
	o := open(t, e, options)
	_, err := o.QueryAll(words("abc")...)
	wantLine(t, err, "letters of the alphabet", "the cluster is down")
	if logged(o) != "a" {
		t.Errorf("the log is %s", logged(o))
	}
	o.Close()
	broken = false
	o = open(t, e, options)
	if logged(o) != "a" || len(o.Pending()) != 2 || o.Remaining() != 6 {
		t.Errorf("the log is %s, pending %v, %d remain", logged(o), o.Pending(), o.Remaining())
	}
	if _, err := o.QueryAll(words("d")...); err != nil || logged(o) != "abcd" {
		t.Errorf("the log is %s, %v", logged(o), err)
	}
	if e.count["a"] != 1 || e.count["b"] != 2 || e.count["c"] != 1 {
		t.Errorf("evaluated %v, want b twice and the others once", e.count)
	}
}

// Whoever is interrupted leaves no failure behind.
func TestInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	ctx, cancel := context.WithCancel(t.Context())
	e := &trainer{delay: func() time.Duration { return time.Hour }}
	o, err := datasets.OpenOracle(ctx, letterSpace{}, e, datasets.OracleOptions{Budget: 5, Parallel: 2, Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = o.QueryAll(words("abc")...)
	if !errors.Is(err, context.Canceled) || len(o.Log()) != 0 {
		t.Errorf("%v, log %+v", err, o.Log())
	}
	o.Close()
	o = open(t, &trainer{}, datasets.OracleOptions{Budget: 5, Journal: path})
	if _, err := o.QueryAll(o.Pending()...); err != nil || logged(o) != "abc" || o.Log()[1].Failure != "" {
		t.Errorf("afterwards %v, %+v", err, o.Log())
	}
}

// Evaluations that are started one by one enter the log as they are answered, and so they do when
// the journal is read again.
func TestStartAndWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	delays := map[datasets.Arch]time.Duration{word("a"): 60 * time.Millisecond}
	e := datasets.EvaluatorFunc(func(_ context.Context, a datasets.Arch) (datasets.Measurement, error) {
		time.Sleep(delays[a])
		return datasets.Measurement{Accuracy: accuracyOf(a)}, nil
	})
	options := datasets.OracleOptions{Budget: 4, Parallel: 2, Journal: path}
	o := open(t, e, options)
	for _, a := range words("ab") {
		if err := o.Start(a); err != nil {
			t.Fatal(err)
		}
	}
	wantLine(t, o.Start(word("c")), "2 evaluations are running already")
	for _, want := range []string{"b", "c", "a"} {
		if q, err := o.Wait(); err != nil || q.Arch.String() != want {
			t.Fatalf("Wait returns %v, %v, want %s", q, err, want)
		}
		if want == "b" {
			wantLine(t, o.Start(word("a")), "a was asked for before")
			if err := o.Start(word("c")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := o.Wait(); err == nil {
		t.Error("Wait for nothing is no error")
	}
	if err := o.Start(word("d")); err != nil {
		t.Fatal(err)
	}
	if err := o.Start(word("e")); !errors.Is(err, datasets.ErrBudget) {
		t.Errorf("beyond the budget: %v", err)
	}
	if _, err := o.Wait(); err != nil {
		t.Fatal(err)
	}
	o.Close()
	if again := open(t, e, options); logged(again) != "bcad" {
		t.Errorf("the journal gives %s, want bcad", logged(again))
	}
}

// A search that is killed at any moment goes on from its journal to the same log, and pays for
// nothing twice. A kill leaves a prefix of the file.
func TestJournalCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	options := datasets.OracleOptions{Budget: 12, Parallel: 3, Journal: filepath.Join(dir, "whole")}
	e := &trainer{delay: func() time.Duration { return time.Duration(rand.IntN(300)) * time.Microsecond }}
	search := func(o *datasets.Oracle) {
		t.Helper()
		// A function of the log: the next four letters after what is known.
		for o.Remaining() > 0 || len(o.Pending()) > 0 {
			var next []datasets.Arch
			for r := 'a' + rune(len(o.Log())+len(o.Pending())); len(next) < min(4, o.Remaining()); r++ {
				next = append(next, word(r))
			}
			if len(o.Pending()) > 0 {
				next = nil // first the rest of the batch
			}
			if _, err := o.QueryAll(next...); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := open(t, e, options)
	search(o)
	want := logged(o)
	o.Close()
	whole, err := os.ReadFile(options.Journal)
	if err != nil || want != "abcdefghijkl" {
		t.Fatalf("%s, %v", want, err)
	}
	for cut := 0; cut <= len(whole); cut += 23 {
		path := filepath.Join(dir, fmt.Sprint("cut", cut))
		if err := os.WriteFile(path, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		answered := strings.Count(string(whole[:strings.LastIndexByte(string(whole[:cut]), '\n')+1]), `"seconds"`)
		options.Journal = path
		e := &trainer{}
		o := open(t, e, options)
		search(o)
		if logged(o) != want || e.total() != 12-answered {
			t.Fatalf("cut after %d bytes: %s by %d evaluations, want %s by %d", cut, logged(o), e.total(), want, 12-answered)
		}
		o.Close()
	}
}

// A journal that is damaged, of another search or in use is one clear error, and stays as it is.
func TestJournalsThatCannotBeUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	options := datasets.OracleOptions{Budget: 3, Cost: "ms", Journal: path}
	o := open(t, &trainer{}, options)
	if _, err := o.QueryAll(words("abc")...); err != nil {
		t.Fatal(err)
	}
	_, err := datasets.OpenOracle(t.Context(), letterSpace{}, &trainer{}, options)
	wantLine(t, err, path, "process "+fmt.Sprint(os.Getpid()), "wait for it")
	o.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(good), "\n")
	for _, c := range []struct {
		content string
		options datasets.OracleOptions
		want    []string
	}{
		{string(good), datasets.OracleOptions{Budget: 2, Cost: "ms"}, []string{"line 2", "more than 2 queries"}},
		{string(good), datasets.OracleOptions{Budget: 3}, []string{"line 1", `cost "ms", not ""; name that one`}},
		{strings.Replace(string(good), "letters of", "digits of", 1), options, []string{"line 1", "a search in digits of the alphabet"}},
		{strings.Replace(string(good), `"a"`, `"A"`, 1), options, []string{"line 2", `"A" is no letter`}},
		{lines[0] + lines[2], options, []string{"line 2", `answers for "a", which was not asked for`}},
		{lines[0] + lines[1] + lines[2] + lines[2], options, []string{"line 4", "not asked for"}},
		{lines[0] + lines[1] + lines[2] + lines[1], options, []string{"line 4", "a is asked for again"}},
		{lines[0] + lines[1] + strings.Replace(lines[2], "50", "5000", 1), options, []string{"line 3", "accuracy is 5000"}},
		{lines[0] + lines[1] + "half a line\n" + lines[2], options, []string{"line 3", "damaged", "restore that file"}},
		{lines[0] + strings.TrimSpace(lines[1]) + lines[2], options, []string{"line 2", "more than one value"}},
		{strings.Replace(string(good), `"journal":1`, `"journal":2`, 1), options, []string{"version 2"}},
		{"accuracy,arch\n1,a\n", options, []string{"line 1", "damaged"}},
	} {
		if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		c.options.Journal = path
		_, err := datasets.OpenOracle(t.Context(), letterSpace{}, &trainer{}, c.options)
		wantLine(t, err, append(c.want, path)...)
		if now, _ := os.ReadFile(path); string(now) != c.content {
			t.Errorf("%s was changed to %s", c.content, now)
		}
	}
}

// A place where no journal can be is one line.
func TestJournalThatCannotBe(t *testing.T) {
	for path, want := range map[string]string{"/proc/journal": "choose a folder", t.TempDir(): "a folder or a device"} {
		_, err := datasets.OpenOracle(t.Context(), letterSpace{}, &trainer{}, datasets.OracleOptions{Budget: 3, Journal: path})
		wantLine(t, err, path, want)
	}
}

// Searches may run side by side; the race detector watches.
func TestOraclesSideBySide(t *testing.T) {
	var evaluations atomic.Int64
	e := datasets.EvaluatorFunc(func(_ context.Context, a datasets.Arch) (datasets.Measurement, error) {
		evaluations.Add(1)
		return datasets.Measurement{Accuracy: accuracyOf(a)}, nil
	})
	var group sync.WaitGroup
	for range 4 {
		o := open(t, e, datasets.OracleOptions{Budget: 26, Parallel: 8})
		group.Go(func() {
			if _, err := o.QueryAll(words("abcdefghijklmnopqrstuvwxyz")...); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := evaluations.Load(); n != 104 {
		t.Errorf("%d evaluations, want 104", n)
	}
}

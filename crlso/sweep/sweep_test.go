package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// asMain makes the test program the sweep program, with its arguments. Its value is how many
// searches the process begins before all others wait for ever.
const asMain = "SWEEP_TEST_MAIN"

// asJobService makes the test program Prism as a job service, at the port that is its value.
const asJobService = "SWEEP_TEST_JOB_SERVICE"

func TestMain(m *testing.M) {
	if port, err := strconv.Atoi(os.Getenv(asJobService)); err == nil {
		quiet()
		if _, err := prism.CreateJobServer(context.Background(), prism.Options{Port: port}); err != nil {
			panic(err)
		}
		select {}
	}
	if limit, ok := os.LookupEnv(asMain); ok {
		fmt.Sscan(limit, &searchesLeft)
		main()
		os.Exit(0)
	}
	flag.Parse()
	beam.Init()
	quiet()
	os.Exit(m.Run())
}

// held is a search that waits for ever once searchesLeft searches of this process have begun.
type held struct{ search.Searcher }

var (
	searchesLeft int64 = 1 << 40
	begun        atomic.Int64
)

func (h held) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if begun.Add(1) > searchesLeft {
		select {}
	}
	return h.Searcher.Search(oracle, rng)
}

func init() {
	methods["held local search"] = fixed(held{search.LocalSearch{}})
	methods["held random search"] = fixed(held{search.Random{}})
}

// A sweep of 40 searches that is killed when 20 of them are finished, and started again in a new
// process, runs the other 20 and ends with the rows of experiment.Run.
func TestKilledSweep(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	s := sweep{t.TempDir(), []string{"held local search", "held random search"}, []string{"cifar10"}, 20, 30, ""}
	start := func() *exec.Cmd { // a process that can begin 20 searches
		cmd := exec.CommandContext(ctx, os.Args[0], "-out", s.Dir, "-methods", strings.Join(s.Methods, ","),
			"-data-sets", "cifar10", "-seeds", "20", "-budget", "30", "-runner", "prism")
		cmd.Env = append(os.Environ(), asMain+"=20")
		cmd.Stderr = t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	killed := start()
	for finished := 0; finished < 20 && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(s.Dir, "unfinished", "*.csv"))
		if err != nil {
			t.Fatal(err)
		}
		finished = len(files)
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := killed.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the sweep ended with %v before it was killed", err)
	}
	kept, err := experiment.Load(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(kept); n != 20 {
		t.Fatalf("%d searches are kept, want 20", n)
	}
	if err := start().Wait(); err != nil { // if it repeated one, it could not finish another
		t.Fatal(err)
	}

	wantRowsOfRun(t, s)
}

// wantRowsOfRun compares the folder of a sweep with that of experiment.Run.
func wantRowsOfRun(t *testing.T, s sweep) {
	t.Helper()
	plan, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	whole := t.TempDir()
	if _, err := experiment.Run(t.Context(), whole, plan, nil); err != nil {
		t.Fatal(err)
	}
	got, want := rows(t, s.Dir), rows(t, whole)
	if len(got) != 1+len(s.Methods)*s.Seeds*s.Budget || len(want) != len(got) {
		t.Fatalf("%d rows, want %d, those of all searches", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is %s, want %s", i+1, got[i], want[i])
		}
	}
}

// count returns the number of finished searches.
func count(r *experiment.Results) (n int) {
	for _, dataSet := range r.DataSets() {
		for _, method := range r.Methods() {
			searches, _ := r.Searches(method, dataSet) // an error means none
			n += len(searches)
		}
	}
	return n
}

// rows returns the lines of results.csv without their last column, which is seconds.
func rows(t *testing.T, dir string) (lines []string) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil || len(records) == 0 || records[0][7] != "seconds" {
		t.Fatalf("%d lines, %v, want seconds as the eighth column", len(records), err)
	}
	for _, record := range records {
		lines = append(lines, strings.Join(record[:7], ","))
	}
	return lines
}

// scripted is a random search that does something first.
type scripted struct {
	search.Random
	do func() error
}

func (scripted) Kind() string { return "scripted" }

func (s scripted) Search(oracle *datasets.Oracle, rng *rand.Rand) error {
	if err := s.do(); err != nil {
		return err
	}
	return s.Random.Search(oracle, rng)
}

func runNew(t *testing.T, seeds int, methods ...string) (*experiment.Results, error) {
	return sweep{t.TempDir(), methods, []string{"cifar10"}, seeds, 5, ""}.run(context.Background(), io.Discard)
}

// Prism begins with few items and then has up to eight at once; a process has as many as
// processors.
func TestItemsAtOnce(t *testing.T) {
	var now, most atomic.Int64
	methods["busy"] = fixed(scripted{do: func() error {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(500 * time.Millisecond)
		now.Add(-1)
		return nil
	}})
	limit := runtime.GOMAXPROCS(0)
	if _, err := runNew(t, 6*limit, "busy"); err != nil {
		t.Fatal(err)
	}
	if got := most.Load(); got != int64(limit) {
		t.Errorf("%d searches at once at most, want %d", got, limit)
	}
}

// An item that fails on Prism is tried again; one that goes on failing does not stop the others,
// and tells why.
func TestFailingItems(t *testing.T) {
	var calls atomic.Int64
	errMade := errors.New("no electricity")
	methods["flaky"] = fixed(scripted{do: func() error {
		if calls.Add(1) <= 2 {
			return errMade
		}
		return nil
	}})
	methods["broken"] = fixed(scripted{do: func() error { return errMade }})
	r, err := runNew(t, 1, "broken", "flaky", "random search")
	const want = `experiment: "broken" on NAS-Bench-201 CIFAR-10, seed 0: no electricity, 3 times`
	if err == nil || err.Error() != want {
		t.Fatalf("error %v, want %s", err, want)
	}
	if n := count(r); n != 2 || calls.Load() != 3 {
		t.Errorf("%d searches are finished, with %d calls for the second, want 2 with 3", n, calls.Load())
	}
}

// What fails outside of the searches stops a sweep with one line that has the cause.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	methods["vandal"] = fixed(scripted{do: func() error {
		unfinished := filepath.Join(dir, "unfinished")
		return errors.Join(os.RemoveAll(unfinished), os.WriteFile(unfinished, nil, 0o644))
	}})
	valid := sweep{dir, []string{"random search"}, []string{"cifar10"}, 2, 5, ""}
	for _, c := range []struct {
		change func(*sweep)
		want   string
	}{
		{func(s *sweep) { s.Methods = []string{"tabu search"} }, `method: there is no "tabu search", only `},
		{func(s *sweep) { s.DataSets = []string{"cifar11"} }, `data set: there is no "cifar11", only `},
		{func(s *sweep) { s.Methods, s.Seeds = []string{"vandal"}, 1 }, "not a directory"},
		{func(s *sweep) { s.Budget = 6 }, "another plan"},
	} {
		s := valid
		c.change(&s)
		if _, err := s.run(context.Background(), io.Discard); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, c.want)
		}
	}
}

// Every name leads to a search or a table.
func TestRegistry(t *testing.T) {
	for _, name := range methods.names() {
		if s, err := methods.get(name); err != nil || s == nil {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	for _, name := range dataSets.names() {
		if b, err := dataSets.get(name); err != nil || b.Space().Name() != "NAS-Bench-201" {
			t.Errorf("%s: %v, %v", name, b, err)
		}
	}
}

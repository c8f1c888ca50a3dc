package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/ensemble"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	external "github.com/cr-lso/cr-lso/datasets/command"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
)

// searchOptions are the flags of the command search, and the program.
type searchOptions struct {
	space, out, searcher, minimise, limit string
	budget, parallel                      int
	seed                                  uint64
	timeout                               time.Duration
	failed                                float64
	together                              bool
	program                               []string

	most float64 // of the cost, by limit; 0 is none
}

// builtInSpaces are those that -space takes by name.
var builtInSpaces = map[string]datasets.Space{
	"nas-bench-101": nasbench101.Space{}, "nas-bench-201": nasbench201.Space{}, "nas-bench-301": nasbench301.Space{},
}

// A maker makes a searcher for a space and a budget.
type maker struct {
	make    func(space datasets.Space, budget int, on compute.Backend) search.Proposer
	models  bool // it needs a backend
	hasCost bool // it takes a second objective into account
}

var searchers = map[string]maker{
	"random":    {make: func(datasets.Space, int, compute.Backend) search.Proposer { return search.Random{} }},
	"evolution": {make: func(datasets.Space, int, compute.Backend) search.Proposer { return search.SmallEvolution() }},
	"local":     {make: func(datasets.Space, int, compute.Backend) search.Proposer { return search.LocalSearch{} }},
	"gp":        {make: func(datasets.Space, int, compute.Backend) search.Proposer { return search.GaussianProcess{} }},
	"bananas":   {make: func(datasets.Space, int, compute.Backend) search.Proposer { return search.BANANAS{} }},
	"ensemble": {models: true, make: func(space datasets.Space, budget int, on compute.Backend) search.Proposer {
		return &ensemble.Ensemble{Backend: on, Config: ensemble.For(space, budget)}
	}},
	"crlso": {models: true, make: func(space datasets.Space, budget int, on compute.Backend) search.Proposer {
		return &crlso.Searcher{Backend: on, Config: crlso.For(space, budget)}
	}},
	"pareto": {hasCost: true, make: func(datasets.Space, int, compute.Backend) search.Proposer {
		return search.ParetoLocalSearch{Initial: 10}
	}},
	"nsga2": {hasCost: true, make: func(datasets.Space, int, compute.Backend) search.Proposer { return search.NSGA2{} }},
	"tradeoff": {hasCost: true, models: true, make: func(_ datasets.Space, _ int, on compute.Backend) search.Proposer {
		config := ensemble.Tradeoff201()
		config.Nearest = 0 // all scored: 08_hardware_aware
		return &ensemble.TradeoffEnsemble{Backend: on, Config: config}
	}},
}

// brokenAfter is how many evaluations have to fail before the command is taken to be broken, if
// none has ever succeeded: a whole budget is not spent on a mistake.
const brokenAfter = 5

// searchCommand searches a space by evaluations of a program, and goes on from where an earlier
// call with the same folder was.
func searchCommand(ctx context.Context, args []string) error {
	o, err := parseSearch(args)
	if err != nil {
		return err
	}
	space, err := o.openSpace()
	if err != nil {
		return err
	}
	m, err := o.chooseSearcher(space)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return fmt.Errorf("search: %w; choose another folder with -out", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	oracle, err := datasets.OpenOracle(ctx, space, external.Evaluator{Program: o.program, Timeout: o.timeout}, datasets.OracleOptions{
		Budget: o.budget, Parallel: o.parallel, Failed: o.failed, Cost: o.minimise, Journal: o.journal(),
	})
	if err != nil {
		return err
	}
	defer oracle.Close()
	if n := len(oracle.Log()); n > 0 {
		fmt.Printf("going on after %d of %d evaluations, from %s\n", n, o.budget, o.journal())
	}
	if err := o.noteProgram(); err != nil {
		return err
	}
	proposer, err := o.makeSearcher(ctx, m, space)
	if err != nil {
		return err
	}
	err = o.live(oracle, proposer, stop)
	if err1 := o.write(space, oracle, err != nil); err1 != nil {
		return errors.Join(err, err1)
	}
	if err != nil {
		return fmt.Errorf("search: stopped after %d of %d evaluations: %w; the same command goes on from %s",
			len(oracle.Log()), o.budget, err, o.journal())
	}
	return nil
}

// live spends the budget, and shows how it goes. It stops a search whose command is broken.
func (o searchOptions) live(oracle *datasets.Oracle, proposer search.Proposer, stop context.CancelCauseFunc) error {
	p := newSearchProgress(oracle)
	written, done := time.Now(), 0
	return search.Live(oracle, proposer, search.LiveOptions{Seed: o.seed, Together: o.together, Each: func(q datasets.Query) {
		p.show(q)
		if done++; done == brokenAfter {
			if _, found := oracle.Best(); !found {
				stop(fmt.Errorf("%d evaluations, and none succeeded: mend the command, and start anew with another -out, or keep these failures", done))
			}
		}
		if time.Since(written) > time.Second { // who looks on while it runs
			o.writeOptuna(oracle.Space()) // at the end it says what is wrong
			written = time.Now()
		}
	}})
}

// noteProgram writes down the command, and says so if it was another one before.
func (o searchOptions) noteProgram() error {
	now, err := json.Marshal(o.program)
	if err != nil {
		return err
	}
	path := filepath.Join(o.out, "command.json")
	before, err := os.ReadFile(path)
	switch before = bytes.TrimSpace(before); {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("search: %w", err)
	case bytes.Equal(before, now):
		return nil
	case err == nil:
		fmt.Printf("note: the command was %s before; what it answered stays\n", before)
	}
	return source.WriteFile(path, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%s\n", now); return err })
}

func (o searchOptions) journal() string { return filepath.Join(o.out, "journal.jsonl") }

// parseSearch returns the arguments of search, checked.
func parseSearch(args []string) (o searchOptions, err error) {
	flags := newFlags("search")
	flags.StringVar(&o.space, "space", "", "")
	flags.IntVar(&o.budget, "budget", 0, "")
	flags.IntVar(&o.parallel, "parallel", 1, "")
	flags.StringVar(&o.out, "out", "", "")
	flags.StringVar(&o.searcher, "searcher", "", "")
	flags.Uint64Var(&o.seed, "seed", 1, "")
	flags.DurationVar(&o.timeout, "timeout", 0, "")
	flags.Float64Var(&o.failed, "failed", 0, "")
	flags.BoolVar(&o.together, "together", false, "")
	flags.StringVar(&o.minimise, "minimise", "", "")
	flags.StringVar(&o.limit, "limit", "", "")
	if i := slices.Index(args, "--"); i >= 0 {
		o.program, args = args[i+1:], args[:i]
	}
	names, err := parseNames(flags, args)
	switch {
	case err != nil && strings.Contains(err.Error(), "-timeout"):
		return o, fmt.Errorf("%w; want a time such as 5s or 30m", err)
	case err != nil:
		return o, err
	case len(names) > 0:
		return o, fmt.Errorf("search: there is a %q before --; want -space FILE -budget N -out DIR -- COMMAND", names[0])
	case o.space == "" || o.budget == 0 || o.out == "":
		var missing []string
		for name, lacks := range map[string]bool{"-space FILE": o.space == "", "-budget N": o.budget == 0, "-out DIR": o.out == ""} {
			if lacks {
				missing = append(missing, name)
			}
		}
		slices.Sort(missing)
		return o, fmt.Errorf("search: there is no %s; want -space FILE -budget N -out DIR -- COMMAND", strings.Join(missing, ", no "))
	case len(o.program) == 0:
		return o, errors.New("search: there is no command; put -- and what evaluates an architecture at the end, such as -- python train.py")
	case o.parallel < 1:
		return o, fmt.Errorf("search: -parallel is %d, want 1 or more", o.parallel)
	case o.timeout < 0:
		return o, fmt.Errorf("search: -timeout is %v, want a time such as 30m", o.timeout)
	}
	return o, o.parseLimit()
}

// parseLimit reads a limit such as "latency<=2".
func (o *searchOptions) parseLimit() error {
	if o.limit == "" {
		return nil
	}
	name, value, ok := strings.Cut(strings.ReplaceAll(o.limit, " ", ""), "<=")
	most, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || name == "" {
		return fmt.Errorf("search: -limit is %q, want one such as \"latency<=2\"", o.limit)
	}
	if o.minimise == "" {
		return fmt.Errorf("search: -limit is for two objectives; add -minimise %s", name)
	}
	if name != o.minimise {
		return fmt.Errorf("search: -limit is on %q, and -minimise %q; name the same", name, o.minimise)
	}
	o.most = most
	return nil
}

// openSpace reads the space file, or takes the space of a benchmark.
func (o searchOptions) openSpace() (datasets.Space, error) {
	if space, ok := builtInSpaces[o.space]; ok {
		return space, nil
	}
	space, err := datasets.ReadSpace(o.space)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w; name a file, or one of %s", err, strings.Join(slices.Sorted(maps.Keys(builtInSpaces)), ", "))
	}
	return space, err
}

// chooseSearcher returns the maker of that name. By default it is the one that the evidence is for:
// the ensemble (README), and for two objectives the ensemble that scores all architectures
// (08_hardware_aware), where they can be listed.
func (o searchOptions) chooseSearcher(space datasets.Space) (maker, error) {
	name := o.searcher
	if name == "" {
		_, finite := space.(datasets.FiniteSpace)
		switch {
		case o.minimise == "":
			name = "ensemble"
		case finite:
			name = "tradeoff"
		default:
			name = "pareto"
		}
	}
	m, ok := searchers[name]
	switch {
	case !ok:
		return m, fmt.Errorf("search: there is no searcher %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(searchers)), ", "))
	case m.hasCost && o.minimise == "":
		return m, fmt.Errorf("search: %s is for two objectives; name the second one by -minimise", name)
	}
	return m, nil
}

// makeSearcher makes XLA ready, if the searcher has models.
func (o searchOptions) makeSearcher(ctx context.Context, m maker, space datasets.Space) (search.Proposer, error) {
	if !m.models {
		return m.make(space, o.budget, nil), nil
	}
	if _, err := backend.PreparePlugin(ctx, os.Stderr); ctx.Err() != nil {
		return nil, context.Cause(ctx)
	} else if err != nil {
		fmt.Fprintf(os.Stderr, "without XLA, models are slower: %v\n", err)
	}
	on, err := backend.New()
	if err != nil {
		return nil, err
	}
	return m.make(space, o.budget, on), nil
}

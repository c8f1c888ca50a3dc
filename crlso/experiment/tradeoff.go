package experiment

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/cr-lso/cr-lso/crlso/internal/progressbar"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// TradeoffMethod is a search for accuracy and latency under the name that it has in results.
type TradeoffMethod struct {
	Name     string
	Searcher search.TradeoffSearcher // used by several goroutines at once
}

// Device is one on which architectures run.
type Device struct {
	Name    string
	Latency func(datasets.Arch) (float64, error) // in milliseconds; used by several goroutines at once
}

// TradeoffPlan says which searches to run: each method for each device from each seed, 0 up to
// Seeds - 1, of one benchmark.
type TradeoffPlan struct {
	Methods   []TradeoffMethod
	Devices   []Device
	Benchmark datasets.Benchmark // used by several goroutines at once
	Seeds     int
	Budget    int // distinct queries of a search
}

// Tradeoffs are the logs of all searches of a [TradeoffPlan], by device, method and seed.
type Tradeoffs map[string]map[string][][]datasets.Measurement

// RunTradeoffs runs the searches of a plan whose logs are not in the folder dir yet, as many at
// once as GOMAXPROCS says, and returns all logs. Every search has a file of its own,
// DEVICE/METHOD/SEED.csv, so an experiment that was interrupted goes on with what is missing. A
// method with other settings needs another name, and another budget or benchmark another folder.
// While there is something to do, other processes are kept out. As in [Run], all methods get the
// same randomness from one seed. A bar on progress shows the time left; nil shows none.
func RunTradeoffs(ctx context.Context, dir string, plan TradeoffPlan, progress io.Writer) (Tradeoffs, error) {
	results, missing, errs := readTradeoffs(dir, plan)
	if len(missing) == 0 {
		return results, errors.Join(errs...)
	}
	unlock, err := lock(dir)
	if err != nil {
		return results, errors.Join(append(errs, err)...)
	}
	defer unlock()
	for _, t := range missing {
		if err := source.Sweep(filepath.Dir(t.path), func(name string) bool { return name == filepath.Base(t.path) }); err != nil {
			return results, errors.Join(append(errs, err)...)
		}
	}
	results, missing, errs = readTradeoffs(dir, plan) // what another process has done meanwhile
	bar := progressbar.New(progress, "searches", len(missing), 0)
	defer bar.Finish()
	var mu sync.Mutex // of results and errs
	onAllProcessors(ctx, missing, func(t tradeoffTask) {
		rng := NewRand(t.seed, plan.Benchmark.Name()+" on "+t.device.Name)
		log, err := runTradeoff(t.method, t.device, plan, rng)
		if err == nil {
			err = writeTradeoff(t.path, log)
		}
		mu.Lock()
		defer mu.Unlock()
		results[t.device.Name][t.method.Name][t.seed] = log
		if err != nil {
			errs = append(errs, t.failed(err))
		}
		bar.Add(1)
	})
	if ctx.Err() != nil {
		errs = append(errs, fmt.Errorf("experiment: stopped: %w; run it again to go on", context.Cause(ctx)))
	}
	return results, errors.Join(errs...)
}

// tradeoffTask is one search.
type tradeoffTask struct {
	device Device
	method TradeoffMethod
	seed   int
	path   string // of its log
}

func (t tradeoffTask) failed(err error) error {
	return fmt.Errorf("experiment: %s on %s, seed %d: %w", t.method.Name, t.device.Name, t.seed, err)
}

// readTradeoffs returns the logs in a folder, the searches without one, and what is wrong with
// those that cannot be read.
func readTradeoffs(dir string, plan TradeoffPlan) (results Tradeoffs, missing []tradeoffTask, errs []error) {
	results = Tradeoffs{}
	for seed := range plan.Seeds {
		for _, device := range plan.Devices {
			if results[device.Name] == nil {
				results[device.Name] = map[string][][]datasets.Measurement{}
			}
			for _, method := range plan.Methods {
				if seed == 0 {
					results[device.Name][method.Name] = make([][]datasets.Measurement, plan.Seeds)
				}
				t := tradeoffTask{device, method, seed, filepath.Join(dir, device.Name, method.Name, strconv.Itoa(seed)+".csv")}
				log, err := readTradeoff(t.path, plan)
				switch {
				case errors.Is(err, fs.ErrNotExist):
					missing = append(missing, t)
				case err != nil:
					errs = append(errs, t.failed(err))
				}
				results[device.Name][method.Name][seed] = log
			}
		}
	}
	return results, missing, errs
}

func runTradeoff(method TradeoffMethod, device Device, plan TradeoffPlan, rng *rand.Rand) ([]datasets.Measurement, error) {
	accuracies, err := datasets.NewOracle(plan.Benchmark, plan.Budget, datasets.MeanLabel)
	if err != nil {
		return nil, err
	}
	oracle := datasets.NewDeviceOracle(accuracies, device.Latency)
	if err := method.Searcher.SearchTradeoff(oracle, rng); err != nil {
		return nil, err
	}
	if oracle.Remaining() > 0 {
		return nil, fmt.Errorf("the search ended after %d of %d queries without an error", len(oracle.Log()), plan.Budget)
	}
	return oracle.Log(), nil
}

func writeTradeoff(path string, log []datasets.Measurement) error {
	return source.WriteFile(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write([]string{"arch", "accuracy", "latency_ms"})
		for _, m := range log {
			out.Write([]string{m.Arch.String(), strconv.FormatFloat(m.Accuracy, 'g', -1, 64), strconv.FormatFloat(m.Latency, 'g', -1, 64)})
		}
		out.Flush()
		return out.Error()
	})
}

func readTradeoff(path string, plan TradeoffPlan) ([]datasets.Measurement, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	table, err := csv.NewReader(file).ReadAll()
	if err == nil && len(table) != plan.Budget+1 {
		err = fmt.Errorf("%d queries, want %d", len(table)-1, plan.Budget)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete it, or choose another folder", path, err)
	}
	log := make([]datasets.Measurement, plan.Budget)
	for i, row := range table[1:] {
		arch, err := plan.Benchmark.Space().Parse(row[0])
		accuracy, err1 := strconv.ParseFloat(row[1], 64)
		latency, err2 := strconv.ParseFloat(row[2], 64)
		if err := errors.Join(err, err1, err2); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w; delete it", path, i+2, err)
		}
		log[i] = datasets.Measurement{Arch: arch, Accuracy: accuracy, Latency: latency}
	}
	return log, nil
}

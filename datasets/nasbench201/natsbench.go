package nasbench201

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/nlpodyssey/gopickle/types"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// NATSBench is the benchmark's own files, in the edition of NATS-Bench (Dong et al., IEEE TPAMI
// 2021): validation and test accuracy of each training run on all three data sets. It is a folder
// with a file for each cell, NATS-tss-v1_0-3ffb9-simple, or the .tar with that folder.
//
// Reading it takes some minutes on two processors, once for all data sets.
type NATSBench struct {
	Path string // of the folder or the .tar; empty for its place in the cache
}

const natsName = "NATS-tss-v1_0-3ffb9-simple"

// Info implements Source.
func (s NATSBench) Info() Info {
	return Info{
		Name:    "official " + natsName,
		Holds:   "validation accuracy of each training run; mean test accuracy",
		Path:    s.path(),
		Present: source.Exists(s.path()),
		Get: fmt.Sprintf("download %s.tar from where the README of D-X-Y/NATS-Bench on GitHub says, and save it, packed or unpacked, as %s or the folder %[2]s without .tar",
			natsName, cached(natsName+".tar")),
	}
}

func (s NATSBench) path() string {
	if s.Path != "" {
		return s.Path
	}
	folder := cached(natsName)
	if source.Exists(folder) {
		return folder
	}
	return folder + ".tar"
}

func (NATSBench) id() string { return "natsbench" }

func (s NATSBench) stamp() string { return stampOf(s.path()) }

func (s NATSBench) fetch(context.Context, io.Writer) (string, error) {
	return s.Info().There("file or folder")
}

func (NATSBench) read(ctx context.Context, path string, t *Table, progress io.Writer) error {
	all, err := readNATS(ctx, path, progress)
	if err != nil {
		return err
	}
	t.hasTest = true
	at := slices.IndexFunc(dataSets, func(d dataSet) bool { return d.name == t.data.name })
	for index, records := range all {
		if records == nil {
			continue
		}
		if err := t.add(Space{}.At(index).(Cell), records[at]); err != nil {
			return err
		}
	}
	return nil
}

// natsTable holds the records of each cell by official index, on each of the data sets; nil for a
// cell that was not there.
type natsTable [NumCells][]datasets.Record

// lastNATS is what was read last, for the other data sets.
var lastNATS struct {
	sync.Mutex
	stamp string
	table *natsTable
}

func readNATS(ctx context.Context, path string, progress io.Writer) (*natsTable, error) {
	lastNATS.Lock()
	defer lastNATS.Unlock()
	stamp := stampOf(path)
	if lastNATS.table != nil && lastNATS.stamp == stamp {
		return lastNATS.table, nil
	}
	table, err := convertNATS(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	lastNATS.stamp, lastNATS.table = stamp, table
	return table, nil
}

// convertNATS reads all cells, several at once.
func convertNATS(ctx context.Context, path string, progress io.Writer) (*natsTable, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	files := make(chan natsFile)
	made := natsMaking{table: new(natsTable), progress: progress}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for file := range files {
				records, err := readNATSCell(bzip2.NewReader(bytes.NewReader(file.content)), file.index)
				if err == nil {
					err = made.put(file.index, records)
				}
				if err != nil {
					cancel(fmt.Errorf("%s: %w", file.name, err))
				}
			}
		})
	}
	err := eachNATSFile(path, func(file natsFile) error {
		select {
		case files <- file:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(files)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil && made.cells == 0 {
		err = fmt.Errorf("there is no file such as 000000.pickle.pbz2 in it, want those of %s", natsName)
	}
	return made.table, err
}

// natsMaking is a table that several goroutines put cells into.
type natsMaking struct {
	sync.Mutex
	table    *natsTable
	cells    int // put so far
	progress io.Writer
}

func (m *natsMaking) put(index int, records []datasets.Record) error {
	m.Lock()
	defer m.Unlock()
	if m.table[index] != nil {
		return errors.New("the cell occurs twice")
	}
	m.table[index] = records
	if m.cells++; m.cells%1000 == 0 {
		fmt.Fprintf(m.progress, "read %d of %d cells\n", m.cells, NumCells)
	}
	return nil
}

// maxNATSFile and maxNATSPickle are far above the size of a cell's file, about 70 kB, and of what
// it unpacks to.
const (
	maxNATSFile   = 4 << 20
	maxNATSPickle = 16 << 20
)

// readNATSCell reads the unpacked file of a cell: a pickled dict by the number of epochs, and in
// that the cell and its training runs by data set and seed.
//
// Source: NATStopology in nats_bench/api_topology.py, ArchResults and ResultsCount in
// nats_bench/api_utils.py of D-X-Y/NATS-Bench.
func readNATSCell(file io.Reader, index int) ([]datasets.Record, error) {
	const epochs = "200"
	value, err := pydata.Unpickle(file, maxNATSPickle, nil)
	if err != nil {
		return nil, err
	}
	trained, err := pydata.Get(value, epochs)
	if err != nil {
		return nil, err
	}
	number, err := pydata.Get(trained, "arch_index")
	if err != nil {
		return nil, err
	}
	if n, ok := number.(int); !ok || n != index {
		return nil, errors.New("its arch_index is that of another cell")
	}
	name, err := pydata.Get(trained, "arch_str")
	if err != nil {
		return nil, err
	}
	if want := (Space{}).At(index).String(); name != any(want) {
		return nil, fmt.Errorf("its arch_str is not that of cell %d, %s", index, want)
	}
	results, err := pydata.Get(trained, "all_results")
	if err != nil {
		return nil, err
	}
	records := make([]datasets.Record, len(dataSets))
	for i, d := range dataSets {
		runs, err := natsRuns(results, d.hpobench, "x-valid@199")
		if err != nil {
			return nil, err
		}
		name, split := d.hpobench, "x-test@199"
		if d.name == "cifar10" {
			name, split = "cifar10", "ori-test@199"
		}
		test, err := natsRuns(results, name, split)
		if err != nil {
			return nil, err
		}
		records[i] = datasets.Record{Runs: runs, Test: stat.Mean(test, nil)}
	}
	return records, nil
}

// natsRuns returns the accuracy of each training run on a data set, by seed.
func natsRuns(results any, dataSet, split string) ([]float64, error) {
	entries, ok := pydata.Entries(results)
	if !ok {
		return nil, fmt.Errorf("all_results is a %T, want a dict", results)
	}
	type run struct {
		seed     int
		accuracy float64
	}
	var runs []run
	for _, entry := range entries {
		key, ok := entry.Key.(*types.Tuple)
		if !ok || key.Len() != 2 || key.Get(0) != any(dataSet) {
			continue
		}
		seed, ok := key.Get(1).(int)
		if !ok {
			return nil, fmt.Errorf("a seed of %s is a %T, want a number", dataSet, key.Get(1))
		}
		accuracies, err := pydata.Get(entry.Value, "eval_acc1es")
		var accuracy any
		if err == nil {
			accuracy, err = pydata.Get(accuracies, split)
		}
		x := math.NaN()
		if err == nil {
			x, err = pydata.Float(accuracy)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s, seed %d: %w", dataSet, seed, err)
		case !validAccuracy(x):
			return nil, fmt.Errorf("%s, seed %d: %s is %v, want 0 to 100", dataSet, seed, split, x)
		case slices.ContainsFunc(runs, func(r run) bool { return r.seed == seed }):
			return nil, fmt.Errorf("%s, seed %d occurs twice", dataSet, seed)
		case len(runs) == len(seeds):
			return nil, fmt.Errorf("%s has more than %d seeds", dataSet, len(seeds))
		}
		runs = append(runs, run{seed, x})
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("there is no training run on %s", dataSet)
	}
	slices.SortFunc(runs, func(a, b run) int { return a.seed - b.seed })
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = r.accuracy
	}
	return values, nil
}

package nasbench201

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// HPOBench is the archive of the HPOBench project (Eggensperger et al., NeurIPS 2021 Datasets and
// Benchmarks): validation accuracy of each training run on all three data sets, and test accuracy on
// CIFAR-100 and ImageNet16-120. It leaves out the networks that the test accuracy on CIFAR-10 is of
// by convention, see [Table], so that data set comes without.
type HPOBench struct {
	Path string // of the archive; empty for its place in the cache
}

var archive = source.File{
	Name: "nasbench_201_data_v1.3.zip",
	URL:  "https://www.automl.org/wp-content/uploads/2020/08/nasbench_201_data_v1.3.zip",
}

// seeds are the training runs of a cell, in HPOBench's terms.
var seeds = []string{"777", "888", "999"}

// Info implements Source.
func (s HPOBench) Info() Info {
	place := s.path()
	if s.Path != "" {
		place = "a new file, and name that" // never onto one of the user's
	}
	return Info{
		Name:    "HPOBench " + archive.Name,
		Holds:   "validation accuracy of each training run; mean test accuracy on cifar100 and imagenet16",
		Path:    s.path(),
		Present: exists(s.path()),
		Get:     fmt.Sprintf("download %s to %s", archive.URL, place),
	}
}

func (s HPOBench) path() string {
	if s.Path != "" {
		return s.Path
	}
	return cached(archive.Name)
}

func (HPOBench) id() string { return "hpobench" }

func (s HPOBench) stamp() string { return source.Stamp(s.path()) }

func (s HPOBench) fetch(ctx context.Context, progress io.Writer) (string, error) {
	if info := s.Info(); s.Path != "" {
		if !info.Present {
			return "", fmt.Errorf("there is no file %s: %s", info.Path, info.Get)
		}
		return info.Path, nil
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	return source.Fetch(ctx, archive, dir, progress)
}

// run is what is taken of one training run of one cell. HPOBench's JSON has it as data[seed][cell]:
// an object for each metric, with values by split and epoch. The last of 200 epochs is 199.
type run struct {
	Accuracies struct {
		Val  *float64 `json:"x-valid@199"`
		Test *float64 `json:"x-test@199"`
	} `json:"eval_acc1es"`
	Losses struct {
		Val json.RawMessage `json:"x-valid@199"`
	} `json:"eval_losses"`
}

// same reports whether two runs are one. Where a run was never made, HPOBench's files repeat another
// run of the cell under its seed, which must not count twice.
func (r run) same(other run) bool {
	return *r.Accuracies.Val == *other.Accuracies.Val && string(r.Losses.Val) == string(other.Losses.Val)
}

func (HPOBench) read(ctx context.Context, path string, t *Table, progress io.Writer) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer archive.Close()
	name, err := member(archive, "NAS-Bench-201-v1_1-096897_"+t.data.hpobench+".json")
	if err != nil {
		return err
	}
	file, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	t.hasTest = t.data.hpobench != "cifar10-valid"
	if err := t.readRuns(ctx, file, progress); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// member returns the full name of the file called name in whatever folder of the archive.
func member(archive *zip.ReadCloser, name string) (string, error) {
	for _, file := range archive.File {
		if path.Base(file.Name) == name {
			return file.Name, nil
		}
	}
	return "", fmt.Errorf("there is no file %s in it", name)
}

// readRuns reads the JSON of one data set piece by piece, since it is far larger than what is needed
// of it.
func (t *Table) readRuns(ctx context.Context, file io.Reader, progress io.Writer) error {
	runs := make(map[Cell][]run, NumCells)
	decoder := json.NewDecoder(&pythonJSON{in: bufio.NewReaderSize(file, 1<<20)})
	err := eachMember(decoder, func(seed string) error {
		if !slices.Contains(seeds, seed) {
			return fmt.Errorf("unknown seed %q, want one of %s", seed, strings.Join(seeds, ", "))
		}
		fmt.Fprintf(progress, "reading the runs with seed %s\n", seed)
		return eachMember(decoder, func(name string) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			cell, err := ParseCell(name)
			if err != nil {
				return err
			}
			var r run
			if err := decoder.Decode(&r); err != nil {
				return fmt.Errorf("seed %s, cell %s: %w", seed, name, err)
			}
			if r.Accuracies.Val == nil || t.hasTest && r.Accuracies.Test == nil {
				return fmt.Errorf("seed %s, cell %s: an accuracy after the last epoch is missing or NaN", seed, name)
			}
			if !slices.ContainsFunc(runs[cell], r.same) {
				runs[cell] = append(runs[cell], r)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	switch token, err := decoder.Token(); { // reaching the end has the archive's checksum compared
	case err == nil:
		return fmt.Errorf("found %v after the data", token)
	case !errors.Is(err, io.EOF):
		return err
	}
	for cell, runs := range runs {
		var val, test []float64
		for _, r := range runs {
			val = append(val, *r.Accuracies.Val)
			if t.hasTest {
				test = append(test, *r.Accuracies.Test)
			}
		}
		if err := t.add(cell, datasets.Record{Runs: val, Test: stat.Mean(test, nil)}); err != nil {
			return err
		}
	}
	return nil
}

// eachMember calls f with the key of each member of the JSON object that comes next; f consumes the
// value.
func eachMember(decoder *json.Decoder, f func(key string) error) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("byte %d: found %v, want an object", decoder.InputOffset(), token)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		if err := f(key.(string)); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// pythonJSON turns the NaN that Python's json module writes, and JSON does not know, into null.
type pythonJSON struct {
	in       *bufio.Reader
	inString bool
	pending  string
}

func (p *pythonJSON) Read(b []byte) (int, error) {
	for n := range b {
		if p.pending == "" {
			c, err := p.in.ReadByte()
			if err != nil {
				return n, err
			}
			if c == '"' { // no string of these files has an escape
				p.inString = !p.inString
			}
			if c == 'N' && !p.inString {
				p.in.Discard(len("aN"))
				p.pending = "null"
			} else {
				b[n] = c
				continue
			}
		}
		b[n] = p.pending[0]
		p.pending = p.pending[1:]
	}
	return len(b), nil
}

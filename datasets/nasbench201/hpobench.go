package nasbench201

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// HPOBench is the archive of the HPOBench project (Eggensperger et al., NeurIPS 2021 Datasets and
// Benchmarks): validation accuracy of each training run on all three data sets, and test accuracy
// on CIFAR-100 and ImageNet16-120. It leaves out the networks that the test accuracy on CIFAR-10 is
// of by convention, see [Table], so that data set comes without.
type HPOBench struct {
	Path string // of the archive, of a folder that it was unpacked to, or of a data set's JSON; empty for the place in the cache
	asIs bool   // in the cache it is taken as it is, but never fetched
}

var archive = source.File{
	Name: "nasbench_201_data_v1.3.zip",
	URL:  "https://www.automl.org/wp-content/uploads/2020/08/nasbench_201_data_v1.3.zip",
}

// seeds are the training runs of a cell, in HPOBench's terms.
var seeds = []string{"777", "888", "999"}

// Info implements Source.
func (s HPOBench) Info() Info {
	return Info{
		Name:    "HPOBench " + archive.Name,
		Holds:   "validation accuracy of each training run; mean test accuracy on cifar100 and imagenet16",
		Path:    s.path(),
		Present: source.Exists(s.path()),
		Get:     fmt.Sprintf("download %s to %s, or unpack it there", archive.URL, cached(archive.Name)),
	}
}

func (s HPOBench) path() string {
	if s.Path != "" {
		return s.Path
	}
	if folder := cached("nasbench_201"); !source.IsFile(cached(archive.Name)) && source.Exists(folder) {
		return folder
	}
	return cached(archive.Name)
}

func (HPOBench) id() string { return "hpobench" }

func (s HPOBench) stamp() string { return stampOf(s.path()) }

func (s HPOBench) fetch(ctx context.Context, progress io.Writer) (string, error) {
	switch info := s.Info(); {
	case info.Present && info.Path != cached(archive.Name):
		return info.Path, nil
	case s.Path != "" || s.asIs:
		return info.There("file or folder")
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

// same reports whether two runs are one. Where a run was never made, HPOBench's files repeat
// another run of the cell under its seed, which must not count twice.
func (r run) same(other run) bool {
	return *r.Accuracies.Val == *other.Accuracies.Val && string(r.Losses.Val) == string(other.Losses.Val)
}

func (HPOBench) read(ctx context.Context, path string, t *Table, progress io.Writer) error {
	name := "NAS-Bench-201-v1_1-096897_" + t.data.hpobench + ".json"
	file, err := openMember(path, name)
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

// openMember opens the file called name in whatever folder of an archive or below a folder, or that
// file itself.
func openMember(path, name string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return openBelow(os.DirFS(path), name)
	case filepath.Base(path) == name:
		return os.Open(path)
	case strings.HasSuffix(path, ".json"):
		return nil, fmt.Errorf("want %s for this data set, or %s, or the folder that it unpacks to", name, archive.Name)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	file, err := openBelow(archive, name)
	if err != nil {
		archive.Close()
		return nil, err
	}
	return &archived{file, archive}, nil
}

// archived closes the archive with the file.
type archived struct {
	io.ReadCloser
	archive io.Closer
}

func (a *archived) Close() error { return errors.Join(a.ReadCloser.Close(), a.archive.Close()) }

func openBelow(files fs.FS, name string) (io.ReadCloser, error) {
	found := ""
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() == name {
			found = path
			err = fs.SkipAll
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case found == "":
		return nil, fmt.Errorf("there is no file %s in it", name)
	}
	return files.Open(found)
}

// readRuns reads the JSON of one data set piece by piece, since it is far larger than what is
// needed of it.
func (t *Table) readRuns(ctx context.Context, file io.Reader, progress io.Writer) error {
	runs := make(map[Cell][]run, NumCells)
	content := pydata.NewJSON(file)
	err := content.EachMember(func(seed string) error {
		if !slices.Contains(seeds, seed) {
			return fmt.Errorf("unknown seed %s, want one of %s", pydata.Quote(seed), strings.Join(seeds, ", "))
		}
		fmt.Fprintf(progress, "reading the runs with seed %s\n", seed)
		return content.EachMember(func(name string) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			cell, err := ParseCell(name)
			if err != nil {
				return err
			}
			var r run
			if err := content.Decode(&r); err != nil {
				return fmt.Errorf("seed %s, cell %s: %w", seed, cell, err)
			}
			if r.Accuracies.Val == nil || t.hasTest && r.Accuracies.Test == nil {
				return fmt.Errorf("seed %s, cell %s: an accuracy after the last epoch is missing or NaN", seed, cell)
			}
			if !slices.ContainsFunc(runs[cell], r.same) {
				runs[cell] = append(runs[cell], r)
			}
			if len(runs[cell]) > len(seeds) {
				return fmt.Errorf("seed %s, cell %s: the cell occurs twice", seed, cell)
			}
			return nil
		})
	})
	if err == nil {
		err = content.End() // which has the archive's checksum compared
	}
	if err != nil {
		return err
	}
	return t.addRuns(runs)
}

// addRuns adds what the training runs of each cell have reached.
func (t *Table) addRuns(all map[Cell][]run) error {
	for cell, runs := range all {
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

package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/cr-lso/cr-lso/datasets"
)

// told is what a run on a space of one's own was told by its oracle, as a benchmark.
type told struct {
	space    datasets.Space
	accuracy map[string]float64 // of canonical architectures, percent
}

// newTold reads a space and the labels in the folder of a run.
func newTold(spaceFile, dir string) (*told, error) {
	space, err := datasets.ReadSpace(spaceFile)
	if err != nil {
		return nil, err
	}
	t := &told{space, map[string]float64{}}
	searches, _ := filepath.Glob(filepath.Join(dir, "search-*.csv")) // the error is of the pattern
	for _, path := range slices.Concat([]string{filepath.Join(dir, "initial.csv")}, searches) {
		if err := t.read(path); err != nil {
			return nil, fmt.Errorf("explore: labels of the run: %w", err)
		}
	}
	return t, nil
}

// read adds the last two columns of a table, an architecture and its accuracy.
func (t *told) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i, row := range rows[min(1, len(rows)):] {
		arch, err := t.space.Parse(row[len(row)-2])
		if err != nil {
			return fmt.Errorf("%s, line %d: %w; is this the space of the run?", path, i+2, err)
		}
		accuracy, err := strconv.ParseFloat(row[len(row)-1], 64)
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", path, i+2, err)
		}
		t.accuracy[t.space.Canonical(arch).String()] = accuracy
	}
	return nil
}

func (t *told) Name() string          { return t.space.Name() }
func (t *told) Source() string        { return "the run's own oracle" }
func (t *told) Space() datasets.Space { return t.space }
func (t *told) HasTest() bool         { return false }
func (t *told) Best() float64         { return math.NaN() } // nobody knows

func (t *told) Lookup(a datasets.Arch) (datasets.Record, error) {
	accuracy, ok := t.accuracy[t.space.Canonical(a).String()]
	if !ok {
		return datasets.Record{}, fmt.Errorf("%v was not measured in this run", a)
	}
	return datasets.Record{Val: accuracy, Test: math.NaN()}, nil
}

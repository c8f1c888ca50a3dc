package main

import (
	"fmt"
	"math"

	"github.com/cr-lso/cr-lso/crlso/runs"
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
	labels, err := runs.Labels(dir, space)
	if err != nil {
		return nil, fmt.Errorf("explore: %w; is %s the space of the run?", err, spaceFile)
	}
	t := &told{space, map[string]float64{}}
	for _, q := range labels {
		t.accuracy[space.Canonical(q.Arch).String()] = q.Accuracy
	}
	return t, nil
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

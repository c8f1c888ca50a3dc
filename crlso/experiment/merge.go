package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Merge makes the new folder dir of an experiment with the results of several: those of machines
// that each ran some of the seeds, methods or data sets, or of experiments that are to be compared.
// What they have in common, such as budget, label and the settings of a method, has to be the same.
// A search that is in several is taken once, and has to have found the same.
//
// Methods need not have run everywhere. [Run] with a plan of all of it runs what is missing.
// Journals stay where they are.
func Merge(dir string, folders ...string) (*Results, error) {
	if _, err := os.Stat(filepath.Join(dir, planFile)); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("experiment: %s is an experiment already; merge into a new folder", dir)
	}
	if len(folders) == 0 {
		return nil, errors.New("experiment: there is nothing to merge; name the folders of experiments")
	}
	var merged *Results
	for _, folder := range folders {
		r, err := Load(folder)
		if err != nil {
			return nil, err
		}
		if merged == nil {
			merged = newResults(r.plan)
			merged.plan.Sessions = nil
		}
		if err := merged.merge(r); err != nil {
			return nil, fmt.Errorf("experiment: %s does not go with %s: %w", folder, folders[0], err)
		}
	}
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := merged.finish(dir); err != nil {
		return nil, err
	}
	return merged, merged.writePlan(dir) // last: without it, the folder is no experiment
}

// merge adds the results of another experiment to r.
func (r *Results) merge(other *Results) error {
	if err := r.plan.agrees(other.plan); err != nil {
		return err
	}
	r.plan = r.plan.with(other.plan)
	for p, searches := range other.searches {
		for _, s := range searches {
			if !r.add(p, s) {
				i, _ := r.find(p, s.Seed)
				if !r.searches[p][i].sameAs(s) {
					return fmt.Errorf("seed %d of %v found something else there; keep one of both", s.Seed, p)
				}
			}
		}
	}
	return nil
}

// with returns a plan that extends both.
func (d description) with(other description) description {
	first, end := min(d.First, other.First), max(d.First+d.Seeds, other.First+other.Seeds)
	all := d
	all.First, all.Seeds = first, end-first
	all.Methods, all.DataSets = slices.Clone(d.Methods), slices.Clone(d.DataSets)
	for _, m := range other.Methods {
		if d.method(m.Name).Name == "" {
			all.Methods = append(all.Methods, m)
		}
	}
	for i, m := range all.Methods {
		last := 0
		for _, plan := range []description{d, other} {
			if plan.method(m.Name).Name != "" {
				last = max(last, plan.end(m.Name))
			}
		}
		if all.Methods[i].Seeds = last - first; last == end {
			all.Methods[i].Seeds = 0
		}
	}
	for _, dataSet := range other.DataSets {
		if d.dataSet(dataSet.Name).Name == "" {
			all.DataSets = append(all.DataSets, dataSet)
		}
	}
	all.Sessions = slices.Concat(d.Sessions, other.Sessions)
	return all
}

// sameAs reports whether two searches found the same, whatever the time.
func (s Search) sameAs(other Search) bool {
	return slices.EqualFunc(s.Steps, other.Steps, func(a, b Step) bool {
		a.Seconds, b.Seconds = 0, 0
		return fmt.Sprint(a) == fmt.Sprint(b) // NaN is not equal to NaN
	})
}

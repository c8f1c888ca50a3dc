package experiment

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/cr-lso/cr-lso/datasets/source"
)

const (
	planFile       = "plan.json"
	resultsFile    = "results.csv"
	unfinishedFile = "unfinished.csv"
	unfinishedDir  = "unfinished"
	journalsDir    = "journals"
)

// columns are those of results; costColumns follow where a data set of the plan has costs.
var (
	columns     = []string{"method", "data_set", "seed", "query", "val", "test", "regret", "seconds"}
	costColumns = []string{"accuracy", "cost"}
)

// newWriter writes the header line of results, and returns what writes the rows.
func (d description) newWriter(w io.Writer) *csv.Writer {
	out := csv.NewWriter(w)
	out.Write(d.columns())
	return out
}

func (d description) columns() []string {
	if slices.ContainsFunc(d.DataSets, func(dataSet dataSetDescription) bool { return dataSet.Cost != "" }) {
		return slices.Concat(columns, costColumns)
	}
	return columns
}

// Load reads the results in the folder of an experiment, finished or not. A results.csv.gz stands
// in for a results.csv that is not there.
func Load(dir string) (*Results, error) {
	text, err := os.ReadFile(filepath.Join(dir, planFile))
	if err != nil {
		return nil, fmt.Errorf("load experiment: %w; name the folder of an experiment", err)
	}
	var plan description
	if err := json.Unmarshal(text, &plan); err != nil {
		return nil, fmt.Errorf("load experiment: %s is damaged: %v; restore it, or use another folder",
			filepath.Join(dir, planFile), err)
	}
	for i, method := range plan.Methods {
		if kind, ok := formerKinds[method.Searcher]; ok {
			plan.Methods[i].Searcher = kind
		}
	}
	r := newResults(plan)
	if err := r.readFile(filepath.Join(dir, resultsFile), false); err != nil {
		return nil, err
	}
	if err := r.readUnfinished(dir); err != nil {
		return nil, err
	}
	return r, nil
}

// readUnfinished adds the searches of an unfinished experiment to r.
func (r *Results) readUnfinished(dir string) error {
	for _, path := range unfinished(dir) {
		if err := r.readFile(path, true); err != nil {
			return err
		}
	}
	return nil
}

// unfinished returns the files of an unfinished experiment that hold results.
func unfinished(dir string) (paths []string) {
	for _, pattern := range []string{unfinishedFile, unfinishedDir + "/*.csv"} {
		names, _ := fs.Glob(os.DirFS(dir), pattern) // the only error is of the pattern
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths
}

func (r *Results) readFile(path string, unfinished bool) error {
	if err := r.read(path, unfinished); err != nil {
		return fmt.Errorf("load experiment: %s is damaged: %w; restore that file, or delete it to search again", path, err)
	}
	return nil
}

// open returns the results so far of a plan's searches, none if the folder is new.
func open(dir string, plan Plan) (*Results, error) {
	wanted, err := plan.describe()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, planFile)); errors.Is(err, fs.ErrNotExist) {
		for _, name := range []string{resultsFile, unfinishedFile} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return nil, fmt.Errorf("experiment: %s has a %s but no %s; restore it, or use another folder", dir, name, planFile)
			}
		}
		return newResults(wanted), nil
	}
	r, err := Load(dir)
	if err != nil {
		return nil, err
	}
	if err := wanted.extends(r.plan); err != nil {
		return nil, fmt.Errorf("experiment: %s is of another plan: %w; use another folder, or delete it to start anew", dir, err)
	}
	wanted.Sessions = r.plan.Sessions
	r.plan = wanted
	return r, nil
}

func (r *Results) writePlan(dir string) error {
	return source.WriteFile(filepath.Join(dir, planFile), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r.plan)
	})
}

// finish writes all results in the order of the plan, and removes the files of the unfinished
// experiment.
func (r *Results) finish(dir string) error {
	err := source.WriteFile(filepath.Join(dir, resultsFile), func(w io.Writer) error {
		out := r.plan.newWriter(w)
		for _, dataSet := range r.plan.DataSets {
			for _, method := range r.plan.Methods {
				r.plan.writeSearches(out, pair{method.Name, dataSet.Name}, r.searches[pair{method.Name, dataSet.Name}]...)
			}
		}
		out.Flush()
		return out.Error()
	})
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(dir, unfinishedFile)), os.RemoveAll(filepath.Join(dir, unfinishedDir)))
}

// writeSearches leaves errors to the writer's Error method.
func (d description) writeSearches(out *csv.Writer, p pair, searches ...Search) {
	record := make([]string, len(d.columns()))
	record[0], record[1] = p.method, p.dataSet
	hasCost := d.dataSet(p.dataSet).Cost != ""
	for _, search := range searches {
		record[2] = strconv.Itoa(search.Seed)
		for i, step := range search.Steps {
			record[3] = strconv.Itoa(i + 1)
			values := []float64{step.Val, step.Test, step.Regret, step.Seconds}
			if hasCost {
				values = append(values, step.Accuracy, step.Cost)
			}
			for j, x := range values {
				record[4+j] = ""
				if !math.IsNaN(x) {
					record[4+j] = strconv.FormatFloat(x, 'f', -1, 64)
				}
			}
			out.Write(record)
		}
	}
}

// read adds the searches of a file to r; it is no error if there is no such file. In an unfinished
// file the last search may be cut anywhere and is then left out, and searches that r has already
// are passed over.
func (r *Results) read(path string, unfinished bool) error {
	data, err := source.ReadMaybeGzipped(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if unfinished {
		if data = data[:bytes.LastIndexByte(data, '\n')+1]; len(data) == 0 {
			return nil
		}
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.ReuseRecord = true // and as many fields as the first line has
	header, err := in.Read()
	if err != nil || !slices.Equal(header, columns) && !slices.Equal(header, slices.Concat(columns, costColumns)) {
		return fmt.Errorf("line 1: want the columns %v", r.plan.columns())
	}
	for {
		p, search, err := r.readSearch(in)
		switch {
		case errors.Is(err, io.EOF):
			if len(search.Steps) > 0 && !unfinished {
				return fmt.Errorf("at its end: only %d of %d queries of %v, seed %d", len(search.Steps), r.plan.budget(p.method), p, search.Seed)
			}
			return nil
		case err != nil:
			return err
		case !r.add(p, search) && !unfinished:
			line, _ := in.FieldPos(0)
			return fmt.Errorf("line %d: seed %d of %v is there twice", line, search.Seed, p)
		}
	}
}

// readSearch reads the rows of the next search. At the end of the file the error is io.EOF, and the
// search has the steps that are there.
func (r *Results) readSearch(in *csv.Reader) (p pair, search Search, err error) {
	for {
		record, err := in.Read()
		if err != nil {
			return p, search, err
		}
		line, _ := in.FieldPos(0)
		if len(search.Steps) == 0 {
			p = pair{record[0], record[1]}
			if search.Seed, err = r.seed(p, record[2]); err != nil {
				return p, search, fmt.Errorf("line %d: %w", line, err)
			}
		}
		step, err := r.step(p.dataSet, record[4:])
		if err != nil {
			return p, search, fmt.Errorf("line %d: %w", line, err)
		}
		search.Steps = append(search.Steps, step)
		want := []string{p.method, p.dataSet, strconv.Itoa(search.Seed), strconv.Itoa(len(search.Steps))}
		if !slices.Equal(record[:4], want) {
			return p, search, fmt.Errorf("line %d: it is of %q, want %q", line, record[:4], want)
		}
		if len(search.Steps) == r.plan.budget(p.method) {
			return p, search, nil
		}
	}
}

// seed reads the seed of one of the plan's searches.
func (r *Results) seed(p pair, text string) (int, error) {
	if err := r.check(p.method, p.dataSet); err != nil {
		return 0, err
	}
	seed, err := strconv.Atoi(text)
	if first, end := r.plan.First, r.plan.First+r.plan.Seeds; err != nil || seed < first || seed >= end {
		return 0, fmt.Errorf("seed is %q, want %d to %d", text, first, end-1)
	}
	return seed, nil
}

// step reads the numbers of a row.
func (r *Results) step(dataSet string, record []string) (Step, error) {
	var values [6]float64
	d := r.plan.dataSet(dataSet)
	names := slices.Concat(columns, costColumns)[4:]
	if d.Cost == "" {
		record = record[:4]
	}
	for i, text := range record {
		x, err := strconv.ParseFloat(text, 64)
		if text == "" && i < 4 {
			x, err = math.NaN(), nil
		}
		if err != nil || math.IsInf(x, 0) {
			return Step{}, fmt.Errorf("%s is %q, want a number", names[i], text)
		}
		values[i] = x
	}
	step := Step{values[0], values[1], values[2], values[3], values[4], values[5]}
	switch {
	case d.Cost != "" && len(record) < 6:
		return step, fmt.Errorf("%s has costs, and the columns %v are missing", dataSet, costColumns)
	case math.IsNaN(step.Val):
		return step, fmt.Errorf("val is %q, want a number", record[0])
	case math.IsNaN(step.Regret) == r.HasRegret(dataSet):
		return step, fmt.Errorf("regret is %q, though the best of %s is known: %t", record[2], dataSet, r.HasRegret(dataSet))
	case math.Abs(step.Val+step.Regret-d.Best) > 1e-5: // false for NaN
		return step, fmt.Errorf("val %v and regret %v, want a sum of %v, the best of %s", step.Val, step.Regret, d.Best, dataSet)
	case math.IsNaN(step.Test) == d.HasTest:
		return step, fmt.Errorf("test is %q, though %s has test accuracies: %t", record[1], dataSet, d.HasTest)
	case !(step.Seconds >= 0):
		return step, fmt.Errorf("seconds is %q, want 0 or more", record[3])
	}
	return step, nil
}

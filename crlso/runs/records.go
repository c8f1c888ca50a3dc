package runs

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

func (r *Run) writeLosses(path string) error {
	records := [][]string{{"stage", "epoch", "loss", "value"}}
	for _, row := range r.losses {
		records = append(records, []string{string(row.stage), strconv.Itoa(row.epoch), row.Name, formatFloat(row.Value)})
	}
	return writeCSV(path, records)
}

// readLosses reads a file of losses, without what comes after the given epoch of the given stage.
func readLosses(path string, stage crlso.Stage, last int) (losses []lossRow, err error) {
	records, err := readCSV(path, 4)
	if err != nil {
		return nil, err
	}
	for i, record := range records {
		epoch, err1 := strconv.Atoi(record[1])
		value, err2 := strconv.ParseFloat(record[3], 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s, line %d is damaged (%v)", path, i+2, err)
		}
		if later := slices.Index(stages, crlso.Stage(record[0])) - slices.Index(stages, stage); later > 0 || later == 0 && epoch > last {
			continue
		}
		losses = append(losses, lossRow{crlso.Stage(record[0]), epoch, crlso.Loss{Name: record[2], Value: value}})
	}
	return losses, nil
}

func (r *Run) writeQueries(name string, queries []datasets.Query) error {
	records := [][]string{{"query", "arch", "accuracy"}}
	for i, q := range queries {
		records = append(records, []string{strconv.Itoa(i + 1), q.Arch.String(), formatFloat(q.Accuracy)})
	}
	return writeCSV(r.path(name), records)
}

// readQueries returns nil if there is no such file, or if it is damaged, which it says.
func (r *Run) readQueries(name string) ([]datasets.Query, error) {
	path := r.path(name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	queries, err := readQueries(path, r.Space)
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil {
		r.sayOnce("%v: querying again", err)
		return nil, nil
	}
	return queries, nil
}

// Labels returns what its oracle has told the run in a folder so far: the initial set, and then the
// queries of each search.
func Labels(dir string, space datasets.Space) (labels []datasets.Query, err error) {
	searches, _ := filepath.Glob(filepath.Join(dir, "search-*.csv")) // the error is of the pattern
	for _, path := range append([]string{filepath.Join(dir, initialFile)}, searches...) {
		queries, err := readQueries(path, space)
		if err != nil {
			return nil, fmt.Errorf("labels of a run: %w", err)
		}
		labels = append(labels, queries...)
	}
	return labels, nil
}

func readQueries(path string, space datasets.Space) ([]datasets.Query, error) {
	records, err := readCSV(path, 3)
	if err != nil {
		return nil, err
	}
	queries := make([]datasets.Query, len(records))
	for i, record := range records {
		arch, err1 := space.Parse(record[1])
		accuracy, err2 := strconv.ParseFloat(record[2], 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s, line %d is damaged (%v)", path, i+2, err)
		}
		queries[i] = datasets.Query{Arch: arch, Accuracy: accuracy}
	}
	return queries, nil
}

func formatFloat(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func writeJSON(path string, value any) error {
	return source.WriteFile(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	})
}

func readJSON(path string, value any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("%s is damaged (%v)", path, err)
	}
	return nil
}

func writeCSV(path string, records [][]string) error {
	return source.WriteFile(path, func(w io.Writer) error {
		return csv.NewWriter(w).WriteAll(records)
	})
}

// readCSV returns the records below the header line.
func readCSV(path string, fields int) ([][]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = fields
	records, err := reader.ReadAll()
	if err == nil && len(records) == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged (%v)", path, err)
	}
	return records[1:], nil
}

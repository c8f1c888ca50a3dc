package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// speedColumns are those of the record of speed: one row for each value that a benchmark reports.
// Machine is the processor, cores are those that Go may use, load is that of the minute before.
var speedColumns = []string{
	"date", "commit", "machine", "cores", "load", "go", "gomlx", "backend",
	"benchmark", "value", "unit", "note",
}

// measurement is what a benchmark reports.
type measurement struct {
	name    string // package.Function/part
	machine string
	cores   string
	values  []quantity
}

type quantity struct {
	value float64
	unit  string
}

// readMeasurements reads the output of go test -bench for a package to its end, and hands over each
// measurement as it comes. The error is the first of each, or says which line is no measurement;
// what comes after it is not handed over.
func readMeasurements(r io.Reader, pkg string, each func(measurement) error) error {
	var failed error
	lines := benchfmt.NewReader(r, "output of go test")
	for lines.Scan() {
		switch line := lines.Result().(type) {
		case *benchfmt.SyntaxError:
			failed = cmp.Or[error](failed, line)
		case *benchfmt.Result:
			if failed == nil {
				failed = each(newMeasurement(pkg, line))
			}
		}
	}
	_, rest := io.Copy(io.Discard, r) // so that the writer does not wait after a line that is too long
	return cmp.Or(failed, lines.Err(), rest)
}

func newMeasurement(pkg string, result *benchfmt.Result) measurement {
	m := measurement{
		name:    pkg + "." + result.Name.String(),
		machine: cmp.Or(result.GetConfig("cpu"), "unknown"),
		cores:   "1",
	}
	if _, parts := result.Name.Parts(); len(parts) > 0 {
		last := string(parts[len(parts)-1])
		if cores, ok := strings.CutPrefix(last, "-"); ok {
			m.name, m.cores = strings.TrimSuffix(m.name, last), cores
		}
	}
	for _, v := range result.Values {
		if v.OrigUnit != "" { // benchfmt has made seconds of ns, and B of MB
			v.Value, v.Unit = v.OrigValue, v.OrigUnit
		}
		m.values = append(m.values, readable(v.Value, v.Unit))
	}
	return m
}

// readable returns a value in a unit that people can read.
func readable(value float64, unit string) quantity {
	switch unit {
	case "ns/op":
		return quantity{value / 1e9, "s/op"}
	case "B/op":
		return quantity{value / 1e6, "MB/op"}
	}
	return quantity{value, unit}
}

func (q quantity) String() string { return fmt.Sprintf("%.4g %s", q.value, q.unit) }

func (m measurement) String() string {
	text := fmt.Sprintf("%-45s", m.name)
	for _, q := range m.values {
		text += fmt.Sprintf("  %18s", q)
	}
	return text
}

// add adds a row for each value to the record, which is made if it is not there.
func (m measurement) add(record string, circumstances map[string]string) error {
	file, err := os.OpenFile(record, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("%w; choose another file with -o", err)
	}
	defer file.Close()
	rows := csv.NewWriter(file)
	switch columns, err := csv.NewReader(file).Read(); {
	case err == io.EOF:
		rows.Write(speedColumns)
	case err != nil || !slices.Equal(columns, speedColumns):
		return fmt.Errorf("%s is no record of speed, and stays as it is; choose another file with -o", record)
	}
	for _, q := range m.values {
		own := map[string]string{"machine": m.machine, "cores": m.cores, "benchmark": m.name,
			"value": strconv.FormatFloat(q.value, 'g', 5, 64), "unit": q.unit}
		var row []string
		for _, column := range speedColumns {
			row = append(row, own[column]+circumstances[column])
		}
		rows.Write(row)
	}
	rows.Flush()
	return errors.Join(rows.Error(), file.Close())
}

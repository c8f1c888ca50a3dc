package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// speedColumns are those of the record of speed: one row for each value that a benchmark reports. Machine is the
// processor, cores are those that Go may use, load is that of the minute before.
var speedColumns = []string{"date", "commit", "machine", "cores", "load", "go", "gomlx", "backend", "benchmark", "value", "unit", "note"}

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

var (
	benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-(\d+))?\s+\d+\s+(\S.*)$`)
	valueAndUnit  = regexp.MustCompile(`(\S+)\s+(\S+)`)
)

// readMeasurements reads the output of go test -bench for a package to its end. It returns the first error of each.
//
// Source: https://go.dev/design/14313-benchmark-format
func readMeasurements(r io.Reader, pkg string, each func(measurement) error) error {
	var failed error
	m := measurement{machine: "unknown"}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if machine, ok := strings.CutPrefix(lines.Text(), "cpu: "); ok {
			m.machine = machine
		}
		line := benchmarkLine.FindStringSubmatch(lines.Text())
		if line == nil || failed != nil {
			continue
		}
		m.name, m.cores, m.values = pkg+"."+line[1], line[2], nil
		if m.cores == "" {
			m.cores = "1"
		}
		for _, pair := range valueAndUnit.FindAllStringSubmatch(line[3], -1) {
			value, err := strconv.ParseFloat(pair[1], 64)
			failed = errors.Join(failed, err)
			m.values = append(m.values, readable(value, pair[2]))
		}
		if failed == nil {
			failed = each(m)
		}
	}
	return errors.Join(failed, lines.Err())
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

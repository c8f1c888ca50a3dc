package nasbench301

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

const (
	// dataVar names the environment variable that says where the reference tables are.
	dataVar       = source.DataVar
	referenceName = "nb301_xgb_v0.9_10k.csv.gz"
)

// What the reference table holds: so many rows, the lowest, highest and mean accuracy.
const (
	NumReference                              = 10_000
	referenceMin, referenceMax, referenceMean = 90.19593, 94.57377, 93.0952020
)

// Reference reads the project's reference table: NumReference random genotypes, each with a validation accuracy
// in percent that the surrogate xgb v0.9 predicted once, with noise. They are labels for a stand-in where
// the official files are not at hand, and no trained accuracies. The path leads to the file; an empty
// one means nb301_xgb_v0.9_10k.csv.gz in the folder $CRLSO_DATA.
//
// The genotypes are all different and in the form of Space.Canonical. The table is complete and checked: its
// number of rows, its lowest, highest and mean accuracy.
func Reference(path string) ([]datasets.Query, error) {
	if path == "" {
		path = referencePath()
	}
	rows, err := readReference(path)
	if err == nil {
		err = checkReference(rows)
	}
	if err != nil {
		return nil, fmt.Errorf("read NAS-Bench-301 predictions: %s: %w; the file is not the right one or is damaged: %s", path, err, referenceInfo().Get)
	}
	return rows, nil
}

func referenceInfo() Info {
	return Info{
		Name:    "reference table " + referenceName,
		Holds:   "10,000 predictions of the surrogate xgb v0.9, with noise",
		Path:    referencePath(),
		Present: exists(referencePath()),
		Get:     "set " + dataVar + " to the folder that holds the reference tables",
	}
}

func referencePath() string {
	return source.Reference(referenceName)
}

// ReferenceSum returns the SHA-256 of a reference table in hexadecimal. The path is that of [Reference].
func ReferenceSum(path string) (string, error) {
	if path == "" {
		path = referencePath()
	}
	content, err := os.ReadFile(path)
	return fmt.Sprintf("%x", sha256.Sum256(content)), err
}

func readReference(path string) ([]datasets.Query, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	table, header, err := source.NewTable(file)
	if err != nil {
		return nil, err
	}
	if len(header) < 3 || header[0] != "normal" || header[1] != "reduce" || header[2] != "val_acc_pred" {
		return nil, fmt.Errorf("its columns are %s, want normal, reduce and val_acc_pred first", strings.Join(header, ", "))
	}
	rows := make([]datasets.Query, 0, NumReference)
	seen := make(map[Genotype]bool, NumReference)
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := table.FieldPos(0)
		query, err := parseRow(row)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		g := query.Arch.(Genotype)
		if seen[g] {
			return nil, fmt.Errorf("line %d: %v occurs twice", line, g)
		}
		seen[g] = true
		rows = append(rows, query)
	}
}

func parseRow(row []string) (datasets.Query, error) {
	g, err := newGenotype(row[0], row[1], parseTerms)
	if err != nil {
		return datasets.Query{}, err
	}
	accuracy, err := strconv.ParseFloat(row[2], 64)
	if err != nil || !(accuracy >= 0 && accuracy <= 100) {
		return datasets.Query{}, fmt.Errorf("accuracy is %q, want a number from 0 to 100", row[2])
	}
	return datasets.Query{Arch: g.canonical(), Accuracy: accuracy}, nil
}

// parseTerms reads a cell as the table has it: operation~source, joined by bars.
func parseTerms(s string) (Cell, error) {
	var ops, sources []string
	for term := range strings.SplitSeq(s, "|") {
		op, source, _ := strings.Cut(term, "~")
		ops, sources = append(ops, op), append(sources, source)
	}
	return newCell(ops, sources)
}

func checkReference(rows []datasets.Query) error {
	if len(rows) != NumReference {
		return fmt.Errorf("has %d rows, want %d", len(rows), NumReference)
	}
	sum, lowest, highest := 0.0, math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		sum += row.Accuracy
		lowest, highest = min(lowest, row.Accuracy), max(highest, row.Accuracy)
	}
	if lowest != referenceMin || highest != referenceMax {
		return fmt.Errorf("accuracies are from %v to %v, want from %v to %v", lowest, highest, referenceMin, referenceMax)
	}
	if mean := sum / NumReference; math.Abs(mean-referenceMean) > 5e-8 {
		return fmt.Errorf("mean accuracy is %.7f, want %.7f: a value was altered", mean, referenceMean)
	}
	return nil
}

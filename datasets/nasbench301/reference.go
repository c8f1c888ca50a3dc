package nasbench301

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// What the reference predictions are: so many, their lowest, highest and mean accuracy.
const (
	NumReference                              = 10_000
	referenceMin, referenceMax, referenceMean = 90.19593, 94.57377, 93.0952020
)

// perPercent is how many of the embedded whole numbers make a percent: predictions are published
// with 5 decimals.
const perPercent = 100_000

// predictionsFile holds edges, the 16 edges of each genotype as operation + NumOps * source, and
// accuracy, perPercent. [PackReference] makes it, and embedded/README.md says where from.
//
//go:embed embedded/predictions.npz
var predictionsFile []byte

// Embedded describes the predictions and the stand-in that are part of this package.
func Embedded() []Info {
	return []Info{{
		Name:    "embedded NAS-Bench-301 predictions",
		Holds:   "10,000 predictions of the surrogate xgb v0.9, with noise",
		Path:    "datasets/nasbench301/embedded/predictions.npz",
		Present: true,
	}, {
		Name:    "embedded NAS-Bench-301 stand-in",
		Holds:   "networks fitted to these predictions: a stand-in for the official surrogate, no test accuracy",
		Path:    "datasets/nasbench301/embedded/stand-in.npz",
		Present: true,
	}}
}

// Reference returns NumReference random genotypes, each with a validation accuracy in percent that
// the surrogate xgb v0.9 predicted once, with noise. They are labels for a stand-in where the
// official files are not at hand, and no trained accuracies.
//
// The genotypes are all different and in the form of Space.Canonical.
func Reference() ([]datasets.Query, error) {
	rows, err := unpackReference(predictionsFile)
	if err != nil {
		return nil, fmt.Errorf("read the embedded NAS-Bench-301 predictions: %w", err)
	}
	return rows, nil
}

func unpackReference(content []byte) ([]datasets.Query, error) {
	file, err := source.OpenArrays(content)
	if err != nil {
		return nil, err
	}
	edges, err := source.ReadArray[uint8](file, "edges", 2*CellEdges*NumReference)
	if err != nil {
		return nil, err
	}
	accuracies, err := source.ReadArray[int32](file, "accuracy", NumReference)
	if err != nil {
		return nil, err
	}
	rows := make([]datasets.Query, NumReference)
	for i := range rows {
		var g Genotype
		for _, c := range []*Cell{&g.Normal, &g.Reduce} {
			for j := range c {
				c[j] = Edge{Op(edges[j] % NumOps), edges[j] / NumOps}
			}
			edges = edges[CellEdges:]
		}
		if err := g.check(); err != nil {
			return nil, fmt.Errorf("genotype %d: %w", i, err)
		}
		rows[i] = datasets.Query{Arch: g, Accuracy: float64(accuracies[i]) / perPercent}
	}
	return rows, nil
}

// PackReference returns the content of embedded/predictions.npz, made of the reference table
// nb301_xgb_v0.9_10k.csv.gz. It is an error if that is not complete: its number of rows, its
// lowest, highest and mean accuracy.
func PackReference(path string) ([]byte, error) {
	rows, err := readReference(path)
	if err == nil {
		err = checkReference(rows)
	}
	if err != nil {
		return nil, fmt.Errorf("pack NAS-Bench-301 predictions: %s: %w", path, err)
	}
	edges, accuracies := make([]uint8, 0, 2*CellEdges*NumReference), make([]int32, NumReference)
	for i, row := range rows {
		g := row.Arch.(Genotype)
		for _, c := range []Cell{g.Normal, g.Reduce} {
			for _, edge := range c {
				edges = append(edges, uint8(edge.Op)+NumOps*edge.From)
			}
		}
		accuracies[i] = int32(math.Round(row.Accuracy * perPercent))
	}
	return source.PackArrays([]source.Array{{Name: "edges", Values: edges}, {Name: "accuracy", Values: accuracies}})
}

func readReference(path string) ([]datasets.Query, error) {
	header := func(names []string) error {
		if len(names) < 3 || names[0] != "normal" || names[1] != "reduce" || names[2] != "val_acc_pred" {
			return fmt.Errorf("its columns are %s, want normal, reduce and val_acc_pred first", strings.Join(names, ", "))
		}
		return nil
	}
	rows := make([]datasets.Query, 0, NumReference)
	seen := make(map[datasets.Arch]bool, NumReference)
	err := source.ReadTable(context.Background(), path, header, func(fields []string) error {
		query, err := parseRow(fields)
		if err != nil {
			return err
		}
		if seen[query.Arch] {
			return fmt.Errorf("%v occurs twice", query.Arch)
		}
		seen[query.Arch] = true
		rows = append(rows, query)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
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

// ReferenceDifferences compares the predictions of [Reference] with the surrogate of a version.
// Since they hold noise, drawn around the mean of the ensemble with its standard deviation, a
// prediction differs if it is further than six of these from the mean. It counts the genotypes that
// do, and describes the first few.
func ReferenceDifferences(ctx context.Context, version string, progress io.Writer) (n int, first []string, err error) {
	surrogate, err := Open(ctx, version, "", progress)
	if err != nil {
		return 0, nil, err
	}
	rows, err := Reference()
	if err != nil {
		return 0, nil, err
	}
	return datasets.CountDifferences(len(rows), func(i int) (string, error) {
		row := rows[i]
		p := surrogate.Predict(row.Arch.(Genotype))
		if math.Abs(row.Accuracy-p.Mean) <= 6*p.Std {
			return "", nil
		}
		return fmt.Sprintf("genotype %d, %v: %v, the surrogate says %v +- %v", i, row.Arch, row.Accuracy, p.Mean, p.Std), nil
	})
}

package nasbench301

import (
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// writeReference makes a file in the layout of the reference table, with its number of rows, its
// lowest, highest and mean accuracy. edit may change the columns of a row, or leave it out by
// returning nil.
func writeReference(t *testing.T, edit func(row int, columns []string) []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "predictions.csv.gz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	fmt.Fprintln(zipped, "normal,reduce,val_acc_pred,runtime_pred_s")
	rng := rand.New(rand.NewPCG(1, 1))
	const others = (NumReference*referenceMean - referenceMin - referenceMax) / (NumReference - 2)
	for row := range NumReference {
		g := Space{}.Sample(rng).(Genotype)
		accuracy := others
		switch row {
		case 0:
			accuracy = referenceMin
		case 1:
			accuracy = referenceMax
		}
		columns := []string{terms(g.Normal), terms(g.Reduce), fmt.Sprint(accuracy), "5000"}
		if edit != nil {
			columns = edit(row, columns)
		}
		if columns != nil {
			fmt.Fprintln(zipped, strings.Join(columns, ","))
		}
	}
	if err := errors.Join(zipped.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func terms(c Cell) string {
	var s []string
	for _, edge := range c {
		s = append(s, fmt.Sprintf("%v~%d", edge.Op, edge.From))
	}
	return strings.Join(s, "|")
}

// The embedded predictions are those of the table that they were made from, to the last digit: the
// digest of that, a line for each, was made by another program. The genotypes are canonical and all
// different.
func TestReference(t *testing.T) {
	rows, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	if err := checkReference(rows); err != nil {
		t.Error(err)
	}
	sum, seen := sha256.New(), map[datasets.Arch]bool{}
	for i, row := range rows {
		if row.Arch != (Space{}).Canonical(row.Arch) || seen[row.Arch] {
			t.Fatalf("row %d: %v is not canonical or is there twice", i, row.Arch)
		}
		seen[row.Arch] = true
		fmt.Fprintf(sum, "%v\n", row.Accuracy)
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)), "da4e3e3832ef5932390543cc156288e5b3658706ecf8ef2cfcb56dc208ce3eeb"; got != want {
		t.Errorf("accuracies have SHA-256 %s, want %s", got, want)
	}
}

// What is packed is what was in the table, genotypes and accuracies.
func TestPackReference(t *testing.T) {
	path := writeReference(t, nil)
	content, err := PackReference(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := readReference(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unpackReference(content)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Arch != want[i].Arch || math.Abs(got[i].Accuracy-want[i].Accuracy) > 0.5/perPercent {
			t.Fatalf("row %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestBrokenReference(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	change := func(row, column int, value string) func(int, []string) []string {
		return func(i int, columns []string) []string {
			if i == row {
				columns[column] = value
			}
			return columns
		}
	}
	whole := writeReference(t, nil)
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	put := func(content string) string {
		path := filepath.Join(t.TempDir(), "predictions.csv.gz")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := terms(Space{}.Sample(rand.New(rand.NewPCG(2, 2))).(Genotype).Normal)
	for name, c := range map[string]struct {
		path string
		want []string
	}{
		"a row less": {writeReference(t, func(i int, columns []string) []string {
			if i == 12 {
				return nil
			}
			return columns
		}), []string{"has 9999 rows, want 10000"}},
		"altered":           {writeReference(t, change(12, 2, "93.2")), []string{"mean accuracy is", "altered"}},
		"altered optimum":   {writeReference(t, change(1, 2, "94.1")), []string{"from 90.19593 to 94.1, want from 90.19593 to 94.57377"}},
		"NaN":               {writeReference(t, change(12, 2, "NaN")), []string{"line 14", `"NaN", want a number`}},
		"no number":         {writeReference(t, change(12, 2, "")), []string{"line 14", `"", want a number`}},
		"unknown operation": {writeReference(t, change(12, 1, strings.Replace(long, "conv", "convolution", 1))), []string{"line 14", "reduction cell: unknown operation"}},
		"a term less":       {writeReference(t, change(12, 0, long[strings.Index(long, "|")+1:])), []string{"line 14", "normal cell: has 7 edges, want 8"}},
		"no source":         {writeReference(t, change(12, 0, strings.Replace(long, "~0", "", 1))), []string{"line 14", `comes from ""`}},
		"a column less":     {writeReference(t, func(i int, columns []string) []string { return columns[:4-i/12%2] }), []string{"line 14", "number of fields"}},
		"twice": {writeReference(t, func(i int, columns []string) []string {
			if i == 12 {
				columns[3] += "\n" + strings.Join(columns, ",")
			}
			return columns
		}), []string{"line 15", "occurs twice"}},
		"truncated": {put(string(content[:len(content)/2])), []string{"unexpected EOF"}},
		"not gzip":  {put("normal,reduce"), []string{"gzip"}},
		"missing":   {filepath.Join(t.TempDir(), "none.csv.gz"), []string{"no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := PackReference(c.path)
			wantError(t, err, append(c.want, c.path)...)
		})
	}
}

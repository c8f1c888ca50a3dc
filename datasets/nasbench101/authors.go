package nasbench101

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// AuthorsJSON is the file that the code of CR-LSO's authors reads: validation and test accuracy,
// each the mean of three training runs. It was made by the authors of NAR (Guo et al., "Generalized
// Global Ranking-Aware Neural Architecture Ranker for Efficient Image Classifier Search", ACM MM
// 2022).
type AuthorsJSON struct {
	Path string // of the file; empty for its place in the cache
}

const authorsName = "nasbench_only108_with_vertex_flops_and_params.json"

// Info implements Source.
func (s AuthorsJSON) Info() Info {
	return source.AuthorsJSON(s.path(), cached(authorsName), "mean validation and test accuracy over three training runs")
}

func (s AuthorsJSON) path() string { return cmp.Or(s.Path, cached(authorsName)) }

func (AuthorsJSON) id() string { return "authors" }

func (s AuthorsJSON) stamp() string { return source.Stamp(s.path()) }

// valRuns is what the means are of.
func (AuthorsJSON) valRuns() int { return numRuns }

func (s AuthorsJSON) fetch(context.Context, io.Writer) (string, error) {
	return s.Info().There("file")
}

func (AuthorsJSON) read(ctx context.Context, path string, progress io.Writer) (*accuracies, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAuthors(ctx, file, progress)
}

// authorsRecord is what is taken of a cell.
type authorsRecord struct {
	Matrix     [][]int  `json:"module_adjacency"`
	Operations []string `json:"module_operations"`
	Hash       string   `json:"unique_hash"`
	Val        *float64 `json:"avg_validation_accuracy"`
	Test       *float64 `json:"avg_test_accuracy"`
}

// readAuthors reads an array of cells.
func readAuthors(ctx context.Context, file io.Reader, progress io.Writer) (*accuracies, error) {
	a := newAccuracies(0, 0)
	content := pydata.NewJSON(file)
	n := 0
	err := content.EachElement(func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		var r authorsRecord
		err := content.Decode(&r)
		if err == nil {
			err = a.addAuthors(r)
		}
		if err != nil {
			return fmt.Errorf("cell %d of the file: %w", n, err)
		}
		if n++; n%50_000 == 0 {
			fmt.Fprintf(progress, "read %d of %d cells\n", n, NumCells)
		}
		return nil
	})
	if err == nil {
		err = content.End()
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (a *accuracies) addAuthors(r authorsRecord) error {
	if r.Hash == "" {
		return fmt.Errorf("there is no unique_hash, want %s", authorsName)
	}
	n := len(r.Operations)
	if n < 2 || n > MaxVertices || len(r.Matrix) != n {
		return fmt.Errorf("hash %s: there are %d operations and %d rows of the matrix, want 2 to %d of both", pydata.Quote(r.Hash), n, len(r.Matrix), MaxVertices)
	}
	g := graph{n: n}
	for x, row := range r.Matrix {
		var ok bool
		if g.ops[x], ok = parseOp(r.Operations[x]); !ok {
			return fmt.Errorf("hash %s: unknown operation %s", pydata.Quote(r.Hash), pydata.Quote(r.Operations[x]))
		}
		if len(row) != n {
			return fmt.Errorf("hash %s: row %d of the matrix has %d entries, want %d", pydata.Quote(r.Hash), x, len(row), n)
		}
		for y, entry := range row {
			switch {
			case entry == 0:
			case entry == 1 && x < y:
				g.add(x, y)
			default:
				return fmt.Errorf("hash %s: the matrix has %d for the edge from %d to %d", pydata.Quote(r.Hash), entry, x, y)
			}
		}
	}
	c, err := g.cell()
	if err != nil {
		return err
	}
	i, err := identify(r.Hash, c)
	switch {
	case err != nil:
		return err
	case !math.IsNaN(a.Test[i]):
		return fmt.Errorf("hash %s occurs twice", r.Hash)
	case r.Val == nil || r.Test == nil:
		return errors.New("hash " + r.Hash + ": avg_validation_accuracy or avg_test_accuracy is missing")
	case !(*r.Val >= 0 && *r.Val <= 1 && *r.Test >= 0 && *r.Test <= 1):
		return fmt.Errorf("hash %s: validation and test accuracy are %v and %v, want 0 to 1", r.Hash, *r.Val, *r.Test)
	}
	a.Val[i], a.Test[i] = 100**r.Val, 100**r.Test
	return nil
}

package nasbench101

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// authorsCell returns a cell as the code of AlbertiPot/nar writes it, with some of what else it
// has.
func authorsCell(c Cell, val, test float64) map[string]any {
	n := c.Vertices()
	matrix, operations := make([][]int, n), make([]string, n)
	for x := range n {
		matrix[x], operations[x] = make([]int, n), c.Op(x).String()
		for y := range n {
			if c.Edge(x, y) {
				matrix[x][y] = 1
			}
		}
	}
	return map[string]any{
		"unique_hash": c.Hash(), "module_adjacency": matrix, "module_operations": operations, "trainable_parameters": 8555530,
		"avg_validation_accuracy": val, "avg_test_accuracy": test, "avg_final_training_time": 1157.9, "vertex_flops": map[string]any{"cell0": []int{1}},
	}
}

func authorsContent(t testing.TB, cells ...map[string]any) string {
	t.Helper()
	content, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The JSON of CR-LSO's authors has the means of three runs, which the protocol "validation" asks
// for.
func TestAuthorsJSON(t *testing.T) {
	a, b := mustParse(t, inceptionInFile), mustParse(t, "0100 input,output")
	path := filepath.Join(t.TempDir(), authorsName)
	put(t, path, []byte(authorsContent(t, authorsCell(a, 0.9376001358032227, 0.9311898946762085), authorsCell(b, 0.8, 0.7))))
	got, err := AuthorsJSON{}.read(t.Context(), path, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range append(got.Val, got.Test...) {
		if !math.IsNaN(v) {
			n++
		}
	}
	i, _ := allCells().position(a)
	j, _ := allCells().position(b)
	if n != 4 || math.Abs(got.Val[i]-93.76001358032227) > 1e-12 || math.Abs(got.Test[i]-93.11898946762085) > 1e-12 || got.Val[j] != 80 || got.Test[j] != 70 {
		t.Errorf("%d values; %v and %v, %v and %v", n, got.Val[i], got.Test[i], got.Val[j], got.Test[j])
	}
	for _, p := range protocols {
		if p.name != "validation" {
			continue
		}
		for k := range got.Val {
			got.Val[k], got.Test[k] = 50, 40
		}
		table := newTable(p, "authors", got)
		if r, err := table.Lookup(a); err != nil || r.Val != 50 || r.Test != 40 || len(r.Runs) > 0 {
			t.Errorf("the table has %+v, %v", r, err)
		}
	}
}

func TestBrokenAuthorsJSON(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Setenv("CRLSO_CACHE", t.TempDir())
	edit := func(key string, value any) string {
		cell := authorsCell(mustParse(t, inceptionInFile), 0.9, 0.8)
		cell[key] = value
		return authorsContent(t, authorsCell(mustParse(t, "0100 input,output"), 0.8, 0.7), cell)
	}
	good := authorsContent(t, authorsCell(mustParse(t, "0100 input,output"), 0.8, 0.7))
	for name, c := range map[string]struct{ content, want string }{
		"few cells":       {good, "the test accuracy of 1 cells, want 423624"},
		"no accuracy":     {edit("avg_test_accuracy", nil), "cell 1 of the file: hash "},
		"in percent":      {edit("avg_test_accuracy", 93.0), "validation and test accuracy are 0.9 and 93, want 0 to 1"},
		"another hash":    {edit("unique_hash", "00005c142e6f48ac74fdcf73e3439874"), "is that of the cell"},
		"no hash":         {edit("unique_hash", ""), "no unique_hash, want " + authorsName},
		"operations":      {edit("module_operations", []string{"input", "output"}), "2 operations and 7 rows"},
		"operation":       {edit("module_operations", []string{"input", "a", "a", "a", "a", "a", "output"}), `unknown operation "a"`},
		"a short row":     {edit("module_adjacency", [][]int{{0}, {}, {}, {}, {}, {}, {}}), "row 0 of the matrix has 1 entries"},
		"a wrong entry":   {edit("module_adjacency", [][]int{{0, 2, 0, 0, 0, 0, 0}, {}, {}, {}, {}, {}, {}}), "has 2 for the edge from 0 to 1"},
		"twice":           {strings.Replace(good+good, "][", ",", 1), "occurs twice"},
		"a dict":          {`{"0": {}}`, "want an array"},
		"cut":             {good[:50], "unexpected EOF"},
		"not JSON at all": {"hash,n\n", "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), authorsName)
			put(t, path, []byte(c.content))
			_, err := Open(t.Context(), "validation", AuthorsJSON{Path: path}, nil)
			wantError(t, err, c.want, path, "AlbertiPot/nar")
		})
	}
	_, err := Open(t.Context(), "validation", AuthorsJSON{}, nil)
	wantError(t, err, "no file", AuthorsJSON{}.Info().Path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), authorsName)
	put(t, path, []byte(good))
	if _, err := Open(ctx, "validation", AuthorsJSON{Path: path}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// No JSON makes the reader panic or hang.
func FuzzAuthorsJSON(f *testing.F) {
	allEntries() // which an input would have to wait for, longer than the engine lets it
	c, err := ParseCell(inceptionInFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(authorsContent(f, authorsCell(c, 0.9, 0.8)))
	f.Add(`[{"unique_hash": "00005c142e6f48ac74fdcf73e3439874", "module_adjacency": [[0, 1], [0, 0]], "module_operations": ["input", "output"]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		readAuthors(t.Context(), strings.NewReader(text), io.Discard)
	})
}

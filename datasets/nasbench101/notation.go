package nasbench101

import (
	"crypto/md5"
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// ParseCell reads a cell in any of these notations, with or without quotes and white space around
// it:
//
//   - that of the benchmark's file, which Cell.String prints: 0110000100010000
//     input,conv3x3-bn-relu,maxpool3x3,output
//   - its hash, which Cell.Hash returns: 00005c142e6f48ac74fdcf73e3439874; that cell is canonical
//   - a matrix and operations as Python and NumPy print them: ModelSpec(matrix=[[0, 1], [0, 0]],
//     ops=['input', 'output']), {'module_adjacency': array([[0, 1], [0, 0]]), 'module_operations':
//     ['input', 'output']}, or just [[0 1] [0 0]] ['input', 'output']. As in the benchmark's code,
//     vertices that lie on no path are left out, and before that there may be more than
//     MaxVertices.
//
// The error for a graph that is not in the space wraps [ErrNoPath], [ErrTooManyEdges] or
// [ErrOperation].
func ParseCell(s string) (Cell, error) {
	c, err := parseCell(strings.TrimSpace(s))
	if err != nil {
		return Cell{}, fmt.Errorf("cell %s: %w", pydata.Quote(s), err)
	}
	return c, nil
}

var (
	hashPattern   = regexp.MustCompile(fmt.Sprintf(`^[0-9a-fA-F]{%d}$`, 2*md5.Size))
	matrixPattern = regexp.MustCompile(`^[0-9]+(?:\s|$)`)
)

const wanted = "a matrix, a space, and operations, or a hash, or ModelSpec(matrix=..., ops=...)"

func parseCell(text string) (Cell, error) {
	switch {
	case text == "":
		return Cell{}, errors.New("it is empty, want " + wanted)
	case hashPattern.MatchString(text):
		return find(text)
	case matrixPattern.MatchString(text):
		fields := strings.Fields(text)
		switch {
		case len(fields) == 1:
			return Cell{}, errors.New("there are no operations, want " + wanted)
		case len(fields) > 2:
			return Cell{}, fmt.Errorf("there is white space after %s, want none within the operations", pydata.Quote(fields[1]))
		}
		return parse(fields[0], fields[1])
	}
	values, err := pydata.Parse(text)
	if err != nil {
		return Cell{}, err
	}
	if len(values) == 1 {
		switch v := values[0].(type) {
		case string:
			if strings.ContainsAny(v, `'"`) {
				return Cell{}, errors.New("there are quotes within quotes")
			}
			return parseCell(strings.TrimSpace(v))
		case pydata.Call:
			return parseSpec(v)
		case pydata.Dict:
			return parseDict(v)
		}
		if elements, ok := pydata.Elements(values[0]); ok && len(elements) == 2 {
			values = elements
		}
	}
	if len(values) != 2 {
		return Cell{}, fmt.Errorf("found %d values, the first of them %s, want %s", len(values), pydata.Describe(values[0]), wanted)
	}
	return parseLists(values[0], values[1])
}

// parseSpec reads the call that makes a ModelSpec of the benchmark's code.
func parseSpec(c pydata.Call) (Cell, error) {
	if c.Name != "ModelSpec" {
		return Cell{}, fmt.Errorf("found %s, want %s", pydata.Describe(c), wanted)
	}
	arguments := c.Keywords
	for i, argument := range c.Args[:min(len(c.Args), 2)] {
		arguments = append(arguments, pydata.Item{Key: []string{"matrix", "ops"}[i], Value: argument})
	}
	return parseDict(arguments)
}

// parseDict reads the arguments of a ModelSpec, or what the benchmark's get_metrics_from_spec
// returns.
func parseDict(d pydata.Dict) (Cell, error) {
	var values [2]any
	for i, names := range [2][2]string{{"matrix", "module_adjacency"}, {"ops", "module_operations"}} {
		var ok, also bool
		if values[i], ok = d.Get(names[0]); !ok {
			values[i], also = d.Get(names[1])
		}
		if !ok && !also {
			return Cell{}, fmt.Errorf("there is neither %s nor %s", names[0], names[1])
		}
	}
	return parseLists(values[0], values[1])
}

// constants are the names that the benchmark's README gives the operations.
var constants = map[pydata.Name]Op{"INPUT": Input, "CONV3X3": Conv3x3, "CONV1X1": Conv1x1, "MAXPOOL3X3": MaxPool, "OUTPUT": Output}

// maxMatrix is how many vertices a matrix may have before those that lie on no path are left out.
const maxMatrix = 64

// parseLists reads a matrix of rows and a list of operations.
func parseLists(matrix, operations any) (Cell, error) {
	rows, ok := pydata.Elements(matrix)
	if !ok {
		return Cell{}, fmt.Errorf("the matrix is %s, want a list of rows", pydata.Describe(matrix))
	}
	names, ok := pydata.Elements(operations)
	if !ok {
		return Cell{}, fmt.Errorf("the operations are %s, want a list of them", pydata.Describe(operations))
	}
	n := len(rows)
	switch {
	case n < 2 || n > maxMatrix:
		return Cell{}, fmt.Errorf("the matrix has %d rows, want 2 to %d", n, MaxVertices)
	case len(names) != n:
		return Cell{}, fmt.Errorf("there are %d operations, want %d for a matrix of %d rows", len(names), n, n)
	}
	ops := make([]Op, n)
	for v, name := range names {
		if ops[v], ok = operation(name); !ok {
			return Cell{}, fmt.Errorf("operation %d is unknown: %s, want one of %s", v, pydata.Describe(name), strings.Join(opNames[:None], ", "))
		}
	}
	in, out, err := parseMatrix(rows)
	if err != nil {
		return Cell{}, err
	}
	return onPaths(ops, in, out)
}

// parseMatrix reads the rows of a matrix. It returns of each vertex, as the bits of a number, the
// vertices from which an edge leads to it, and those to which one leads from it.
func parseMatrix(rows []any) (in, out []uint64, err error) {
	n := len(rows)
	in, out = make([]uint64, n), make([]uint64, n)
	for x, row := range rows {
		entries, ok := pydata.Elements(row)
		if !ok || len(entries) != n {
			return nil, nil, fmt.Errorf("row %d of the matrix is %s, want a list of %d", x, pydata.Describe(row), n)
		}
		for y, entry := range entries {
			switch entry {
			case 1, 1.0, true:
			case 0, 0.0, false:
				continue
			default:
				return nil, nil, fmt.Errorf("the matrix has %s, want 0 or 1", pydata.Describe(entry))
			}
			if x >= y {
				return nil, nil, fmt.Errorf("there is an edge from %d to %d; the matrix must be upper triangular", x, y)
			}
			out[x] |= 1 << y
			in[y] |= 1 << x
		}
	}
	return in, out, nil
}

// onPaths returns the cell of the vertices that lie on paths from the first to the last. in and out
// are those of parseMatrix.
func onPaths(ops []Op, in, out []uint64) (Cell, error) {
	kept := reached(0, out) & reached(len(ops)-1, in)
	switch vertices := bits.OnesCount64(kept); {
	case kept&1 == 0:
		return Cell{}, ErrNoPath
	case vertices > MaxVertices:
		return Cell{}, fmt.Errorf("%d vertices lie on paths from the first to the last, at most %d may", vertices, MaxVertices)
	}
	g := graph{}
	var old [MaxVertices]int
	for ; kept != 0; kept &= kept - 1 {
		y := bits.TrailingZeros64(kept)
		g.ops[g.n] = ops[y]
		for x := range g.n {
			if in[y]&(1<<old[x]) != 0 {
				g.add(x, g.n)
			}
		}
		old[g.n] = y
		g.n++
	}
	return g.cell()
}

func operation(name any) (Op, bool) {
	switch name := name.(type) {
	case string:
		if name == opNames[None] { // on a vertex that lies on no path
			return None, true
		}
		return parseOp(name)
	case pydata.Name:
		op, ok := constants[name]
		return op, ok
	}
	return 0, false
}

// reached returns the vertices that can be reached from v, which is one of them.
func reached(v int, next []uint64) uint64 {
	all := uint64(1) << v
	for frontier := all; frontier != 0; {
		v := bits.TrailingZeros64(frontier)
		frontier &= frontier - 1
		frontier |= next[v] &^ all
		all |= next[v]
	}
	return all
}

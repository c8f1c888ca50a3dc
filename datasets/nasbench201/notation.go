package nasbench201

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// ParseCell reads a cell in any of these notations, with or without quotes and white space around
// it:
//
//   - the benchmark's, which Cell.String prints: |nor_conv_3x3~0|+|none~0|skip_connect~1|+|...|
//   - the six digits of data files, which Cell.Digits prints: 333132
//   - NASLib's tuple or list of six numbers, as [FromNASLib] has it: (4, 0, 3, 1, 4, 3)
//   - NNI's dict of edges: {"0_1": "avg_pool_3x3", "0_2": "conv_1x1", ...}
//
// Six numbers with commas are NASLib's, and not the numbers of [Op].
func ParseCell(s string) (Cell, error) {
	c, err := parseCell(s)
	if err != nil {
		return Cell{}, fmt.Errorf("cell %s: %w", pydata.Quote(s), err)
	}
	return c, nil
}

func parseCell(s string) (Cell, error) {
	text := strings.TrimSpace(s)
	switch {
	case text == "":
		return Cell{}, fmt.Errorf("it is empty, want a cell such as %v", Cell{})
	case text[0] == '|':
		return parseBars(text)
	case strings.Trim(text, "0123456789") == "":
		return parseDigits(text)
	}
	values, err := pydata.Parse(text)
	if err != nil {
		return Cell{}, err
	}
	if len(values) > 1 {
		return Cell{}, fmt.Errorf("%s follows %s, want one cell", pydata.Describe(values[1]), pydata.Describe(values[0]))
	}
	if elements, ok := pydata.Elements(values[0]); ok {
		return parseNumbers(elements)
	}
	switch v := values[0].(type) {
	case string:
		if text := strings.TrimSpace(v); strings.HasPrefix(text, "|") {
			return parseBars(text)
		}
		return parseDigits(strings.TrimSpace(v))
	case pydata.Dict:
		return parseEdges(v)
	}
	return Cell{}, fmt.Errorf("%s is none of |operation~node|+..., six digits, NASLib's six numbers and NNI's dict", pydata.Describe(values[0]))
}

// parseBars reads what Cell.String prints.
func parseBars(s string) (Cell, error) {
	var c Cell
	i := 0
	nodes := strings.Split(s, "+")
	if len(nodes) != NumNodes-1 {
		return Cell{}, fmt.Errorf(`it has %d groups joined by "+", want %d`, len(nodes), NumNodes-1)
	}
	for n, node := range nodes {
		terms := strings.Split(node, "|")
		if len(terms) != n+3 || terms[0] != "" || terms[n+2] != "" {
			return Cell{}, fmt.Errorf("group %s is not %d terms, each between bars", pydata.Quote(node), n+1)
		}
		for source, term := range terms[1 : n+2] {
			name, from, _ := strings.Cut(term, "~")
			op, err := ParseOp(name)
			switch {
			case err != nil:
				return Cell{}, err
			case strings.Contains(from, "~"):
				return Cell{}, fmt.Errorf("term %s has %d parts, want an operation and a node", pydata.Quote(term), 2+strings.Count(from, "~"))
			case from != string(rune('0'+source)):
				return Cell{}, fmt.Errorf("term %s should end in ~%d", pydata.Quote(term), source)
			}
			c[i] = op
			i++
		}
	}
	return c, nil
}

// ParseOp reads what Op.String prints.
func ParseOp(name string) (Op, error) {
	for op, known := range opNames {
		if name == known {
			return Op(op), nil
		}
	}
	return 0, fmt.Errorf("unknown operation %s, want one of %s", pydata.Quote(name), strings.Join(opNames[:], ", "))
}

// parseDigits reads what Cell.Digits prints.
func parseDigits(s string) (Cell, error) {
	var c Cell
	if len(s) != NumEdges {
		return Cell{}, fmt.Errorf("%s has %d characters, want %d digits", pydata.Quote(s), len(s), NumEdges)
	}
	for i := range c {
		c[i] = Op(s[i] - '0')
		if c[i] >= NumOps {
			return Cell{}, fmt.Errorf("%q: unknown operation %q, want a digit from 0 to %d", s, s[i], NumOps-1)
		}
	}
	return c, nil
}

// NASLib numbers operations and edges in its own way: naslibOps[k] is its operation k, and its edge
// i leads between the nodes naslibEdges[i].
//
// Source: OP_NAMES_NB201 and EDGE_LIST in naslib/search_spaces/nasbench201/conversions.py of
// automl/NASLib, whose nodes count from 1.
var (
	naslibOps   = [NumOps]Op{Skip, None, Conv3x3, Conv1x1, AvgPool}
	naslibEdges = [NumEdges][2]int{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}
)

// FromNASLib returns the cell that NASLib calls by six numbers, its op_indices, such as
// (4, 0, 3, 1, 4, 3). They are not the numbers of [Op]: NASLib has the operations in another order
// (skip_connect 0, none 1, nor_conv_3x3 2, nor_conv_1x1 3, avg_pool_3x3 4), and the edges too (0-1,
// 0-2, 0-3, 1-2, 1-3, 2-3). So Cell{4, 0, 3, 1, 4, 3} is another cell.
func FromNASLib(opIndices [NumEdges]int) (Cell, error) {
	var c Cell
	for i, k := range opIndices {
		if k < 0 || k >= NumOps {
			return Cell{}, fmt.Errorf("NASLib's number %d is %d, want 0 to %d", i, k, NumOps-1)
		}
		c[slices.Index(edges[:], naslibEdges[i])] = naslibOps[k]
	}
	return c, nil
}

func parseNumbers(elements []any) (Cell, error) {
	var opIndices [NumEdges]int
	if len(elements) != NumEdges {
		return Cell{}, fmt.Errorf("there are %d elements, want NASLib's %d numbers", len(elements), NumEdges)
	}
	for i, e := range elements {
		n, ok := e.(int)
		if !ok {
			return Cell{}, fmt.Errorf("element %d is %s, want a number as NASLib has it", i, pydata.Describe(e))
		}
		opIndices[i] = n
	}
	return FromNASLib(opIndices)
}

// parseEdges reads a dict with the operation of each edge, in NNI's names or the benchmark's.
//
// Source: nni/nas/benchmarks/nasbench201/constants.py of microsoft/nni.
func parseEdges(d pydata.Dict) (Cell, error) {
	var c Cell
	known := map[any]bool{}
	for i := range c {
		source, target := Edge(i)
		key := fmt.Sprintf("%d_%d", source, target)
		known[key] = true
		value, ok := d.Get(key)
		if !ok {
			return Cell{}, fmt.Errorf("the edge %q is missing", key)
		}
		name, ok := value.(string)
		if !ok {
			return Cell{}, fmt.Errorf("edge %q is %s, want the name of an operation", key, pydata.Describe(value))
		}
		if name == "conv_1x1" || name == "conv_3x3" {
			name = "nor_" + name
		}
		op, err := ParseOp(name)
		if err != nil {
			return Cell{}, fmt.Errorf("edge %q: %w", key, err)
		}
		c[i] = op
	}
	for _, item := range d {
		if !known[item.Key] {
			return Cell{}, fmt.Errorf("there is no edge %s", pydata.Describe(item.Key))
		}
	}
	return c, nil
}

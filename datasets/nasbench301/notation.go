package nasbench301

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// ParseGenotype reads a genotype in any of these notations:
//
//   - DARTS's, which Genotype.String prints, with either form of the concatenation, [2, 3, 4, 5] or
//     range(2, 6), and with the edges in pairs by node or not
//   - the same as a dict or JSON: {"normal": [["sep_conv_3x3", 0], ...], "normal_concat": ...,
//     ...}, or as a tuple or list of its four parts
//   - NASLib's compact form, which is two cells of pairs (node, number of [Op]): (((0, 3), (1, 3),
//     ...), (...))
//   - the benchmark's dict of hyperparameters: {"NetworkSelectorDatasetInfo:darts:edge_normal_0":
//     "sep_conv_3x3", ..., "NetworkSelectorDatasetInfo:darts:inputs_node_normal_3": "0_1", ...}
//
// Around it there may be what programs and logs have: white space, "NAME = " or "NAME: ", a time
// before that, comments, NumPy's integers.
func ParseGenotype(s string) (Genotype, error) {
	g, err := parseGenotype(s)
	if err != nil {
		return Genotype{}, fmt.Errorf("genotype %s: %w", pydata.Quote(s), err)
	}
	return g, nil
}

func parseGenotype(s string) (Genotype, error) {
	values, err := pydata.Parse(s)
	if err != nil {
		return Genotype{}, err
	}
	if len(values) > 1 {
		return Genotype{}, fmt.Errorf("%s follows %s, want one genotype", pydata.Describe(values[1]), pydata.Describe(values[0]))
	}
	if elements, ok := pydata.Elements(values[0]); ok {
		switch len(elements) {
		case len(parts):
			return parseCall(pydata.Call{Args: elements})
		case 2:
			return parseCells(elements[0], elements[1], parseCompactEdge)
		}
		return Genotype{}, fmt.Errorf("there are %d elements, want the two cells or the %d parts of a genotype", len(elements), len(parts))
	}
	switch v := values[0].(type) {
	case pydata.Call:
		hyperparameters, _ := v.Keywords.Get("values")
		dict, ok := hyperparameters.(pydata.Dict)
		switch {
		case v.Name == "Genotype":
			return parseCall(v)
		case v.Name == "Configuration" && ok:
			return parseHyperparameters(dict)
		}
	case pydata.Dict:
		if _, ok := v.Get("normal"); ok {
			return parseParts(v)
		}
		if slices.ContainsFunc(v, isHyperparameter) {
			return parseHyperparameters(v)
		}
		return Genotype{}, fmt.Errorf(`the dict has neither "normal" and "reduce" nor edge_normal_0 and the like`)
	}
	return Genotype{}, fmt.Errorf("found %s, want Genotype(normal=[...], normal_concat=[2, 3, 4, 5], reduce=[...], reduce_concat=[2, 3, 4, 5])",
		pydata.Describe(values[0]))
}

// parts are those of a DARTS genotype, in their order.
var parts = []string{"normal", "normal_concat", "reduce", "reduce_concat"}

func parseCall(c pydata.Call) (Genotype, error) {
	if len(c.Args) > len(parts) {
		return Genotype{}, fmt.Errorf("it has %d parts, want %d", len(c.Args), len(parts))
	}
	var all pydata.Dict
	for i, part := range c.Args {
		all = append(all, pydata.Item{Key: parts[i], Value: part})
	}
	for _, part := range c.Keywords {
		name := part.Key.(string)
		_, twice := all.Get(name)
		switch {
		case twice:
			return Genotype{}, fmt.Errorf("%s is given twice", name)
		case !slices.Contains(parts, name) && part.Value != nil: // of None there are some
			return Genotype{}, fmt.Errorf("unknown part %s, want %s", name, strings.Join(parts, ", "))
		}
		all = append(all, part)
	}
	for _, name := range parts {
		if _, ok := all.Get(name); !ok {
			return Genotype{}, fmt.Errorf("%s is missing", name)
		}
	}
	return parseParts(all)
}

// parseParts reads a genotype from its parts. Those of the concatenation may be missing.
func parseParts(all pydata.Dict) (Genotype, error) {
	for _, name := range []string{"normal_concat", "reduce_concat"} {
		nodes, ok := all.Get(name)
		if !ok {
			continue
		}
		elements, ok := pydata.Elements(nodes)
		if !ok || !slices.Equal(elements, []any{2, 3, 4, 5}) {
			return Genotype{}, fmt.Errorf("%s is %s, want [2, 3, 4, 5]", name, pydata.Describe(nodes))
		}
	}
	normal, _ := all.Get("normal")
	reduce, ok := all.Get("reduce")
	if !ok {
		return Genotype{}, fmt.Errorf("reduce is missing")
	}
	return parseCells(normal, reduce, parseEdge)
}

// edgeParser returns the operation and the source of an edge.
type edgeParser func(pair []any) (op, from string, ok bool)

func parseEdge(pair []any) (op, from string, ok bool) {
	op, isName := pair[0].(string)
	n, isNode := pair[1].(int)
	return op, strconv.Itoa(n), isName && isNode
}

// parseCompactEdge reads NASLib's pair of a node and the number of an operation as well.
//
// Source: convert_compact_to_genotype in naslib/search_spaces/nasbench301/conversions.py of
// automl/NASLib.
func parseCompactEdge(pair []any) (op, from string, ok bool) {
	n, isNode := pair[0].(int)
	number, isNumber := pair[1].(int)
	if isNode && isNumber {
		if number >= 0 && number < NumOps {
			op = Op(number).String()
		} else {
			op = strconv.Itoa(number)
		}
		return op, strconv.Itoa(n), true
	}
	return parseEdge(pair)
}

func parseCells(normal, reduce any, edge edgeParser) (g Genotype, err error) {
	if g.Normal, err = parseCell(normal, edge); err != nil {
		return Genotype{}, fmt.Errorf("normal cell: %w", err)
	}
	if g.Reduce, err = parseCell(reduce, edge); err != nil {
		return Genotype{}, fmt.Errorf("reduction cell: %w", err)
	}
	return g, g.check()
}

func parseCell(value any, parse edgeParser) (Cell, error) {
	edges, ok := pydata.Elements(value)
	if !ok {
		return Cell{}, fmt.Errorf("it is %s, want a list of edges", pydata.Describe(value))
	}
	if byNode(edges) {
		var all []any
		for i, node := range edges {
			own, _ := pydata.Elements(node)
			if len(own) != inputs {
				return Cell{}, fmt.Errorf("node %d has %d edges, want %d", inputs+i, len(own), inputs)
			}
			all = append(all, own...)
		}
		edges = all
	}
	var ops, sources []string
	for i, edge := range edges {
		pair, ok := pydata.Elements(edge)
		if ok && len(pair) != 2 {
			return Cell{}, fmt.Errorf("edge %d is %s, with %d parts, want two, an operation and a node", i, pydata.Describe(edge), len(pair))
		}
		var op, from string
		if ok {
			op, from, ok = parse(pair)
		}
		if !ok {
			return Cell{}, fmt.Errorf("edge %d is %s, want an operation and a node, as in ('sep_conv_3x3', 0)", i, pydata.Describe(edge))
		}
		ops, sources = append(ops, op), append(sources, from)
	}
	return newCell(ops, sources)
}

// byNode reports whether a cell is a list of nodes, each a list of its edges, and not a list of
// edges.
func byNode(nodes []any) bool {
	for _, node := range nodes {
		edges, _ := pydata.Elements(node)
		if len(edges) == 0 {
			return false
		}
		for _, edge := range edges {
			if _, ok := pydata.Elements(edge); !ok {
				return false
			}
		}
	}
	return len(nodes) > 0
}

// hyperparameterPattern matches the names of hyperparameters that describe a genotype.
//
// Source: nasbench301/configspace.json of automl/nasbench301, where an edge has an operation only
// if the inputs of its node say so. Node 2 has both inputs of the cell.
var hyperparameterPattern = regexp.MustCompile(`^(?:NetworkSelectorDatasetInfo:darts:)?((edge|inputs_node)_(normal|reduce)_(\d{1,2}))$`)

func isHyperparameter(item pydata.Item) bool {
	name, _ := item.Key.(string)
	return hyperparameterPattern.MatchString(name)
}

// parseHyperparameters reads the benchmark's dict. Hyperparameters that do not describe a genotype
// are passed over.
func parseHyperparameters(d pydata.Dict) (Genotype, error) {
	values := map[string]any{}
	for _, item := range d {
		name, _ := item.Key.(string)
		match := hyperparameterPattern.FindStringSubmatch(name)
		if match == nil || item.Value == nil {
			continue
		}
		n, _ := strconv.Atoi(match[4])
		switch short := match[1]; {
		case match[2] == "edge" && n >= PossibleEdges, match[2] == "inputs_node" && (n < inputs || n >= CellNodes):
			return Genotype{}, fmt.Errorf("there is no %s", short)
		case values[short] != nil:
			return Genotype{}, fmt.Errorf("%s is given twice", short)
		default:
			values[short] = item.Value
		}
	}
	var g Genotype
	for _, cell := range []struct {
		name, title string
		into        *Cell
	}{{"normal", "normal", &g.Normal}, {"reduce", "reduction", &g.Reduce}} {
		var ops, sources []string
		for node := inputs; node < CellNodes; node++ {
			from, err := nodeInputs(values, cell.name, node)
			if err != nil {
				return Genotype{}, err
			}
			for _, source := range from {
				name := fmt.Sprintf("edge_%s_%d", cell.name, possibleEdge(source, node))
				op, ok := values[name].(string)
				if !ok {
					return Genotype{}, fmt.Errorf("%s is %s, want the operation on the edge from node %d to node %d", name, pydata.Describe(values[name]), source, node)
				}
				ops, sources = append(ops, op), append(sources, strconv.Itoa(source))
			}
		}
		var err error
		if *cell.into, err = newCell(ops, sources); err != nil {
			return Genotype{}, fmt.Errorf("%s cell: %w", cell.title, err)
		}
	}
	return g, g.check()
}

// nodeInputs returns the two sources of a node's edges: what inputs_node says, else where the edges
// are.
func nodeInputs(values map[string]any, cell string, node int) ([]int, error) {
	var edges []int
	for source := range node {
		if values[fmt.Sprintf("edge_%s_%d", cell, possibleEdge(source, node))] != nil {
			edges = append(edges, source)
		}
	}
	name := fmt.Sprintf("inputs_node_%s_%d", cell, node)
	value := values[name]
	if value == nil {
		if len(edges) != inputs {
			return nil, fmt.Errorf("node %d has edges from %d nodes by edge_%s_%d and those after, want %d",
				node, len(edges), cell, firstEdge(node), inputs)
		}
		return edges, nil
	}
	var from [inputs]int
	text, _ := value.(string)
	if n, err := fmt.Sscanf(text, "%d_%d", &from[0], &from[1]); n != inputs || err != nil || text != fmt.Sprintf("%d_%d", from[0], from[1]) ||
		from[0] < 0 || from[0] >= from[1] || from[1] >= node {
		return nil, fmt.Errorf("%s is %s, want two earlier nodes, as in \"0_1\"", name, pydata.Describe(value))
	}
	for _, source := range edges {
		if !slices.Contains(from[:], source) {
			return nil, fmt.Errorf("edge_%s_%d is from node %d, but %s is %s", cell, possibleEdge(source, node), source, name, text)
		}
	}
	return from[:], nil
}

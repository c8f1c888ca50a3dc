package nasbench301

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// published are genotypes as their authors' repositories have them.
var published = map[string]string{
	"DARTS_V1": `DARTS_V1 = Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])`,
	"PC_DARTS_cifar": `PC_DARTS_cifar = Genotype(
    normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), ('sep_conv_5x5', 0),
            ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], normal_concat=range(2, 6),
    reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0),
            ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], reduce_concat=range(2, 6))
`,
	"PC_DARTS_image": `PC_DARTS_image = Genotype(normal=[('skip_connect', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 2), ('max_pool_3x3', 1), ('sep_conv_3x3', 2), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 3)], reduce_concat=range(2, 6))`,
	"GDAS_V1": `GDAS_V1 = Genotype(
  normal=[
    (('skip_connect', 0), ('skip_connect', 1)),
    (('skip_connect', 0), ('sep_conv_5x5', 2)),
    (('sep_conv_3x3', 3), ('skip_connect', 0)),
    (('sep_conv_5x5', 4), ('sep_conv_3x3', 3))],
  normal_concat=[2, 3, 4, 5],
  reduce=[
    (('sep_conv_5x5', 0), ('sep_conv_3x3', 1)), # step 1
    (('sep_conv_5x5', 2), ('sep_conv_5x5', 1)), # step 2
    (('dil_conv_5x5', 2), ('sep_conv_3x3', 1)),
    (('sep_conv_5x5', 0), ('sep_conv_5x5', 1))],
  reduce_concat=[2, 3, 4, 5],
  connectN=None, connects=None
)`,
	"SNAS_mild": `snas_mild = genotypes.Genotype(normal=[("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("skip_connect", 0), ("dil_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 1), ("skip_connect", 0), ("sep_conv_3x3", 1)], normal_concat=[2, 3, 4, 5], reduce=[("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1), ("max_pool_3x3", 1), ("skip_connect", 2), ("dil_conv_5x5", 2), ("max_pool_3x3", 0)], reduce_concat=[2, 3, 4, 5])`,
	"PDARTS":    `PDARTS = Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0),('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3',0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))`,
	"MdeNAS":    `MdeNAS = Genotype(normal=[('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 3), ('sep_conv_3x3', 1), ('dil_conv_5x5', 3), ('max_pool_3x3', 4)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('skip_connect', 0), ('skip_connect', 1), ('sep_conv_3x3', 3), ('skip_connect', 2), ('dil_conv_3x3', 3), ('sep_conv_5x5', 0)], reduce_concat=[2, 3, 4, 5],)`,
	"DARTS_V2":  "06/28 04:21:06 PM genotype = " + dartsV2 + "  # 97.24 %\n",
}

// What DARTS's authors and those after them published reads as what they mean, and prints in one
// form.
func TestParsePublishedGenotypes(t *testing.T) {
	for name, text := range published {
		_, rest, _ := strings.Cut(text, "(")
		want := strings.NewReplacer(`"`, "'", ",connectN=None,connects=None", "", "range(2,6)", "[2,3,4,5]", "#step1", "", "#step2", "",
			"((", "(", "))", ")", ",)", ")", "#97.24%", "").Replace("Genotype(" + strings.Join(strings.Fields(rest), ""))
		want = strings.TrimSuffix(strings.TrimSuffix(want, ")"), "]") + "])"
		if got := strings.ReplaceAll(parse(t, text).String(), " ", ""); got != want {
			t.Errorf("%s is read as %s, want %s", name, got, want)
		}
	}
}

// The same genotype in each notation.
func TestParseNotations(t *testing.T) {
	for _, want := range []string{dartsV2, mixed} {
		g := parse(t, want)
		if g.String() != want {
			t.Errorf("read and printed %s, want %s", g, want)
		}
		asJSON := func(c Cell) (edges [][2]any) {
			for _, e := range c {
				edges = append(edges, [2]any{e.Op.String(), e.From})
			}
			return edges
		}
		dict, err := json.MarshalIndent(map[string]any{
			"normal": asJSON(g.Normal), "reduce": asJSON(g.Reduce), "normal_concat": []int{2, 3, 4, 5}, "reduce_concat": []int{2, 3, 4, 5}, "accuracy": 97,
		}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		list, err := json.Marshal([]any{asJSON(g.Normal), []int{2, 3, 4, 5}, asJSON(g.Reduce), []int{2, 3, 4, 5}})
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{
			want + "\n",
			strings.ReplaceAll(want, "[2, 3, 4, 5]", "range(2, 6)"),
			strings.ReplaceAll(want, "[2, 3, 4, 5]", "list(range(2, 6))"),
			strings.ReplaceAll(strings.ReplaceAll(want, ", ", ",\n    "), "'", `"`),
			strings.Replace(want, "('", "(\t'", 1),
			strings.NewReplacer(", 0)", ", np.int64(0))", "('sep_conv_3x3'", "(np.str_('sep_conv_3x3')").Replace(want),
			strings.NewReplacer("normal=[", "normal=(", "reduce=[", "reduce=(", ")], ", ")), ", "[2, 3, 4, 5]", "(2, 3, 4, 5)").Replace(want),
			strings.NewReplacer("normal=", "", "normal_concat=", "", "reduce=", "", "reduce_concat=", "").Replace(want),
			"05/27 12:01:22 PM genotype = " + want,
			"genotype: " + want,
			"2024-05-27 12:01:22,123 genotype = " + want,
			"MY_CELL = genotypes." + want + ",  # found by chance",
			string(dict), string(list), "g = " + string(list),
			compact(g), strings.NewReplacer("(", "[", ")", "]").Replace(compact(g)),
		} {
			if got := parse(t, other); got != g {
				t.Errorf("%s is read as %v", other, got)
			}
		}
		// The dict of hyperparameters has no order of a node's edges.
		full := hyperparameters(g, "NetworkSelectorDatasetInfo:darts:", true)
		for _, other := range []string{full, "Configuration(values=" + full + ")", hyperparameters(g, "", true), hyperparameters(g, "", false)} {
			if got := parse(t, other); got != g.canonical() {
				t.Errorf("%s is read as %v", other, got)
			}
		}
	}
}

// compact prints a genotype as NASLib's convert_genotype_to_compact has it.
func compact(g Genotype) string {
	cell := func(c Cell) string {
		var pairs []string
		for _, e := range c {
			pairs = append(pairs, fmt.Sprintf("(%d, %d)", e.From, e.Op))
		}
		return "(" + strings.Join(pairs, ", ") + ")"
	}
	return "(" + cell(g.Normal) + ", " + cell(g.Reduce) + ")"
}

// hyperparameters prints a genotype as NASLib's convert_genotype_to_config has it, with others
// around.
func hyperparameters(g Genotype, prefix string, inputsToo bool) string {
	lines := []string{"'OptimizerSelector:optimizer': 'sgd'", "'" + prefix + "edge_normal_x': 1", "'" + prefix + "inputs_node_reduce_2': None"}
	for name, c := range map[string]Cell{"normal": g.Normal, "reduce": g.Reduce} {
		c = c.canonical()
		for i, e := range c {
			node := 2 + i/2
			lines = append(lines, fmt.Sprintf("'%sedge_%s_%d': '%v'", prefix, name, node*(node-1)/2-1+int(e.From), e.Op))
			if inputsToo && i%2 == 1 && node > 2 {
				lines = append(lines, fmt.Sprintf("'%sinputs_node_%s_%d': '%d_%d'", prefix, name, node, c[i-1].From, e.From))
			}
		}
	}
	return "{" + strings.Join(lines, ",\n ") + "}"
}

// NASLib's numbers are those of a test in its repository: each operation in turn.
func TestParseCompactNumbers(t *testing.T) {
	got := parse(t, "(((0, 0), (1, 1), (0, 2), (1, 3), (1, 4), (0, 5), (0, 6), (2, 0)), ((0, 0), (1, 1), (2, 2), (1, 3), (0, 4), (2, 4), (2, 5), (1, 6)))")
	want := parse(t, "Genotype(normal=[('max_pool_3x3', 0), ('avg_pool_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 1), "+
		"('dil_conv_3x3', 0), ('dil_conv_5x5', 0), ('max_pool_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "+
		"('avg_pool_3x3', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_5x5', 2), ('dil_conv_3x3', 2), "+
		"('dil_conv_5x5', 1)], reduce_concat=[2, 3, 4, 5])")
	if got != want {
		t.Errorf("read as %v, want %v", got, want)
	}
}

// What is not in the space, or not a genotype, is refused with the part that is not and why.
func TestParseErrors(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"another call":      {"Genotype", "Cell", "found Cell(...), want Genotype(normal="},
		"a word":            {mixed, "DARTS_V2", "found DARTS_V2, want Genotype(normal="},
		"nothing":           {mixed, " ", "nothing to read"},
		"two":               {mixed, mixed + " " + mixed, "Genotype(...) follows Genotype(...)"},
		"another prefix":    {"Genotype", "my Genotype", "Genotype(...) follows my"},
		"cut":               {", reduce_concat=[2, 3, 4, 5])", "", "found the end of the text in Genotype(...)"},
		"a part missing":    {", reduce_concat=[2, 3, 4, 5]", "", "reduce_concat is missing"},
		"another order":     {"reduce_concat=", "", "[2, 3, 4, 5] comes without a name"},
		"a part twice":      {"reduce_concat=", "normal_concat=", `"normal_concat" occurs twice`},
		"another part":      {"reduce_concat=[2, 3, 4, 5]", "reduce_concat=[2, 3, 4, 5], steps=4", "unknown part steps"},
		"other nodes":       {"reduce_concat=[2, 3, 4, 5]", "reduce_concat=[3, 4, 5]", "reduce_concat is [3, 4, 5], want [2, 3, 4, 5]"},
		"other range":       {"normal_concat=[2, 3, 4, 5]", "normal_concat=range(2, 7)", "normal_concat is [2, 3, 4, 5, 6], want [2, 3, 4, 5]"},
		"no nodes":          {"normal_concat=[2, 3, 4, 5]", "normal_concat=None", "normal_concat is None"},
		"unknown operation": {"('dil_conv_5x5', 1)", "('none', 1)", `normal cell: unknown operation "none", want one of max_pool_3x3`},
		"space in a word":   {"('dil_conv_5x5', 1)", "('dil_conv _5x5', 1)", `normal cell: unknown operation "dil_conv _5x5"`},
		"later source":      {"('avg_pool_3x3', 4)", "('avg_pool_3x3', 5)", "reduction cell: node 5 has an edge from node 5, want an earlier one"},
		"one source":        {"('dil_conv_5x5', 1)", "('dil_conv_5x5', 0)", "normal cell: node 2 has two edges from node 0"},
		"few edges":         {"('dil_conv_5x5', 1), ", "", "normal cell: has 7 edges, want 8, two for each node"},
		"three edges":       {"('dil_conv_5x5', 1), ", "('dil_conv_5x5', 1), ('dil_conv_5x5', 1), ", "normal cell: has 9 edges, want 8"},
		"large source":      {"('dil_conv_5x5', 1)", "('dil_conv_5x5', 257)", `normal cell: edge 0 comes from "257"`},
		"negative source":   {"('dil_conv_5x5', 1)", "('dil_conv_5x5', -1)", `normal cell: edge 0 comes from "-1"`},
		"two numbers":       {"('dil_conv_5x5', 1)", "('dil_conv_5x5', 0 2)", `found "2), `},
		"leading zero":      {"('dil_conv_5x5', 1)", "('dil_conv_5x5', 01)", "not a number"},
		"no pair":           {"('dil_conv_5x5', 1)", "dil_conv_5x5", "normal cell: edge 0 is dil_conv_5x5, want an operation and a node"},
		"other order":       {"('dil_conv_5x5', 1)", "(1, 'dil_conv_5x5')", `normal cell: edge 0 is (1, "dil_conv_5x5"), want`},
		"three parts":       {"('dil_conv_5x5', 1)", "('dil_conv_5x5', 1, 0.13)", `normal cell: edge 0 is ("dil_conv_5x5", 1, 0.13), with 3 parts, want two`},
		"a number":          {"('dil_conv_5x5', 1)", "(1, 6)", "normal cell: edge 0 is (1, 6), want"},
		"no quotes":         {"('dil_conv_5x5', 1)", "(dil_conv_5x5, 1)", "normal cell: edge 0 is (dil_conv_5x5, 1), want"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (Space{}).Parse(strings.Replace(mixed, c.old, c.new, 1))
			wantError(t, err, "genotype ", c.want)
		})
	}
	g := parse(t, mixed).canonical()
	byNode := strings.NewReplacer("('skip_connect', 0), ('skip_connect', 1)", "('skip_connect', 0), ('skip_connect', 1), ('skip_connect', 1)").Replace(published["GDAS_V1"])
	for text, want := range map[string]string{
		byNode:           "normal cell: node 2 has 3 edges, want 2",
		"[1, 2, 3]":      "3 elements, want the two cells or the 4 parts",
		`{"reduce": []}`: "the dict has neither",
		"Genotype(5, [2, 3, 4, 5], 6, [2, 3, 4, 5])": "normal cell: it is 5, want a list of edges",
		`{"normal": []}`:                                   "reduce is missing",
		`{"normal": {}, "reduce": []}`:                     "it is a dict of 0",
		strings.Replace(compact(g), "(0, 1)", "(0, 7)", 1): `normal cell: unknown operation "7"`,
		strings.Replace(hyperparameters(g, "", true), "edge_normal_0'", "edge_normal_14'", 1):                              "there is no edge_normal_14",
		strings.Replace(hyperparameters(g, "", true), "edge_normal_2'", "edge_normal_z'", 1):                               "edge_normal_2 is None, want the operation on the edge from node 0 to node 3",
		strings.Replace(hyperparameters(g, "", false), "edge_normal_0'", "edge_normal_z'", 1):                              "node 2 has edges from 1 nodes by edge_normal_0",
		strings.Replace(hyperparameters(g, "", true), "'inputs_node_normal_3': '0_2'", "'inputs_node_normal_3': '2_0'", 1): `inputs_node_normal_3 is "2_0"`,
		strings.Replace(hyperparameters(g, "", true), "'inputs_node_normal_3': '0_2'", "'inputs_node_normal_3': '0_1'", 1): "edge_normal_4 is from node 2, but inputs_node_normal_3 is 0_1",
		strings.Replace(hyperparameters(g, "", true), "'edge_normal_0': 'avg_pool_3x3'", "'edge_normal_0': 'none'", 1):     `normal cell: unknown operation "none"`,
		strings.Replace(hyperparameters(g, "", true), "{", "{'NetworkSelectorDatasetInfo:darts:edge_normal_0': 'x', ", 1):  "edge_normal_0 is given twice",
	} {
		_, err := ParseGenotype(text)
		wantError(t, err, "genotype ", want)
	}
}

func TestParseSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		a := Space{}.Sample(rng)
		if got, err := (Space{}).Parse(a.String()); err != nil || got != a {
			t.Fatalf("Parse(%v) = %v, %v", a, got, err)
		}
	}
}

// Whatever is read, prints and is read again as the same genotype.
func FuzzParseGenotype(f *testing.F) {
	for _, text := range published {
		f.Add(text)
	}
	g := Genotype{}
	for i := range CellEdges {
		g.Normal[i], g.Reduce[i] = Edge{Op(i % NumOps), uint8(i % 2)}, Edge{SkipConnect, uint8(i % 2)}
	}
	for _, text := range []string{compact(g), hyperparameters(g, "", true), hyperparameters(g, "", false), `{"normal": [["sep_conv_3x3", 0]], "reduce": []}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseGenotype(text)
		if err != nil {
			if len(err.Error()) > 2000 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("a long error: %v", err)
			}
			return
		}
		for _, printed := range []string{g.String(), compact(g)} {
			if again, err := ParseGenotype(printed); err != nil || again != g {
				t.Fatalf("%q is read as %v, which is read as %v, %v", text, g, again, err)
			}
		}
	})
}

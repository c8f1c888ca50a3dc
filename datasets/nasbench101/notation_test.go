package nasbench101

import (
	"errors"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// The cell of the benchmark's README, as it stands there and as Python and NumPy print it.
func TestParsePastedCell(t *testing.T) {
	const (
		numpy = `[[0 1 1 1 0 1 0]
 [0 0 0 0 0 0 1]
 [0 0 0 0 0 0 1]
 [0 0 0 0 1 0 0]
 [0 0 0 0 0 0 1]
 [0 0 0 0 0 0 1]
 [0 0 0 0 0 0 0]]`
		names = `['input', 'conv1x1-bn-relu', 'conv3x3-bn-relu', 'conv3x3-bn-relu', 'conv3x3-bn-relu', 'maxpool3x3', 'output']`
	)
	matrix := strings.NewReplacer(" [", "[", " ", ", ", "\n", ",\n").Replace(numpy)
	want := mustParse(t, inception)
	for _, text := range []string{
		inception + "\n", "\t" + inception + " \r\n", "'" + inception + "'", `cell = "` + inception + `"  # of the README`,
		`# Create an Inception-like module
cell = api.ModelSpec(
    matrix=[[0, 1, 1, 1, 0, 1, 0],    # input layer
            [0, 0, 0, 0, 0, 0, 1],    # 1x1 conv
            [0, 0, 0, 0, 0, 0, 1],    # 3x3 conv
            [0, 0, 0, 0, 1, 0, 0],    # 5x5 conv (replaced by two 3x3's)
            [0, 0, 0, 0, 0, 0, 1],    # 5x5 conv (replaced by two 3x3's)
            [0, 0, 0, 0, 0, 0, 1],    # 3x3 max-pool
            [0, 0, 0, 0, 0, 0, 0]],   # output layer
    # Operations at the vertices of the module, matches order of matrix
    ops=[INPUT, CONV1X1, CONV3X3, CONV3X3, CONV3X3, MAXPOOL3X3, OUTPUT])`,
		"ModelSpec(" + matrix + ", " + names + ")",
		"ModelSpec(matrix=np.array(" + matrix + ", dtype=np.int8), ops=" + names + ", data_format='channels_last')",
		numpy + " " + names, numpy + "\n" + names, matrix + ", " + names, "(" + matrix + ", " + names + ")",
		strings.NewReplacer("0", "0.", "1", "1.").Replace(numpy) + names, strings.NewReplacer("0", "False", "1", "True").Replace(numpy) + names,
		numpy + strings.ReplaceAll(names, ",", ""),
		"{'module_adjacency': array(" + matrix + ", dtype=int8), 'module_operations': " + names + ", 'trainable_parameters': 2694282}",
		`{"ops": ` + strings.ReplaceAll(names, "'", `"`) + `, "matrix": ` + matrix + "}",
	} {
		got, err := Space{}.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

// A cell is found by the name that papers and the benchmark's code give it, in any case of its
// letters.
func TestParseHash(t *testing.T) {
	for _, c := range []Cell{mustParse(t, inception), mustParse(t, "0100 input,output")} {
		for _, text := range []string{c.Hash(), strings.ToUpper(c.Hash()), `"` + c.Hash() + "\"\n"} {
			if got, err := (Space{}).Parse(text); err != nil || got != c.Canonical() {
				t.Errorf("Parse(%q) = %v, %v, want %v", text, got, err, c.Canonical())
			}
		}
	}
	_, err := ParseCell(strings.Repeat("0", 32))
	wantError(t, err, "no cell has it")
}

// The benchmark's ModelSpec leaves out what lies on no path before it looks at anything else.
func TestParsePrunes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"[[0 1 0 0] [0 0 0 1] [0 0 0 0] [0 0 0 0]] ['input' 'conv1x1-bn-relu' 'maxpool3x3' 'output']", "010001000 input,conv1x1-bn-relu,output"},
		{"[[0 1 0 0] [0 0 0 1] [0 0 0 1] [0 0 0 0]] ['input' 'conv1x1-bn-relu' 'none' 'output']", "010001000 input,conv1x1-bn-relu,output"},
		{"[[0 0 0 0] [0 0 0 0] [0 0 0 0] [0 0 0 0]] ['input' 'none' 'none' 'output']", ""},
		{nine(), "0100 input,output"},
	} {
		got, err := ParseCell(test.text)
		if test.want == "" {
			if !errors.Is(err, ErrNoPath) {
				t.Errorf("%s: error %v, want ErrNoPath", test.text, err)
			}
			continue
		}
		if err != nil || got.String() != test.want {
			t.Errorf("%s is read as %v, %v, want %s", test.text, got, err, test.want)
		}
	}
}

// nine returns a cell of nine vertices, all of them but the first and the last on no path.
func nine() string {
	rows := make([]string, 9)
	for x := range rows {
		rows[x] = "[" + strings.Repeat("0, ", 8) + "0]"
	}
	rows[0] = "[" + strings.Repeat("0, ", 8) + "1]"
	return "ModelSpec([" + strings.Join(rows, ", ") + "], ['input'," + strings.Repeat("'maxpool3x3', ", 7) + "'output'])"
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	const tooMany = "0111111001111100011110000111000001100000010000000"
	ops := " input" + strings.Repeat(",maxpool3x3", 5) + ",output"
	for s, want := range map[string]string{
		"":                                             "a space",
		"0100":                                         "no operations, want a matrix, a space",
		"0 input":                                      "1 operations, want 2 to 7",
		"0 " + strings.Repeat("a,", 7):                 "8 operations, want 2 to 7",
		"010 input,output":                             "3 digits, want 4",
		"0200 input,output":                            "'2'",
		"0110 input,output":                            "edge from 1 to 0",
		"1100 input,output":                            "edge from 0 to 0",
		"0000 input,output":                            ErrNoPath.Error(),
		"0100 input, output":                           `white space after "input,"`,
		"010000000 input,x,output":                     `unknown operation "x"`,
		"010001000 input,none,output":                  `unknown operation "none"`,
		"010001000 input,input,output":                 "vertex 1 of 3 is input",
		"0100 output,output":                           "first vertex is output",
		"0100 input,maxpool3x3":                        "vertex 1 of 2 is maxpool3x3",
		tooMany + ops:                                  "21, at most 9",
		"011000000 input,output,output":                "vertex 1 of 3 is output",
		"02e5a0247bbdcf2860b7e96f7496159":              "not a number",
		"hello":                                        "found 1 values, the first of them hello",
		"'\"0100\"'":                                   "quotes within quotes",
		"Cell([[0, 1], [0, 0]])":                       "found Cell(...)",
		"ModelSpec([[0, 1], [0, 0]])":                  "neither ops nor module_operations",
		"{'ops': []}":                                  "neither matrix nor module_adjacency",
		"[[0, 1], [0, 0]], 3":                          "the operations are 3",
		"3, ['input']":                                 "the matrix is 3",
		"[[0]] ['input']":                              "1 rows, want 2",
		"[[0, 1], [0, 0]], ['input']":                  "1 operations, want 2 for a matrix of 2 rows",
		"[[0, 1], [0]], ['input' 'output']":            "row 1 of the matrix is [0], want a list of 2",
		"[[0, 1], 0], ['input' 'output']":              "row 1 of the matrix is 0",
		"[[0, 2], [0, 0]], ['input', 'output']":        "the matrix has 2, want 0 or 1",
		"[[0, 1], [1, 0]], ['input', 'output']":        "edge from 1 to 0",
		"[[0, 1], [0, 0]], ['input', 'max']":           `operation 1 is unknown: "max"`,
		"[[0, 1], [0, 0]], [INPUT, CONV]":              "operation 1 is unknown: CONV",
		"[[0, 1], [0, 0]], ['output', 'input']":        "first vertex is output",
		"[[0 1 0] [0 0 1] [0 0 0]] [INPUT 'a' OUTPUT]": `found "'a' OUTPUT]"`,
		chain(8): "8 vertices lie on paths",
	} {
		_, err := ParseCell(s)
		wantError(t, err, want, "cell "+pydata.Quote(s))
	}
	if _, err := ParseCell(tooMany + ops); !errors.Is(err, ErrTooManyEdges) {
		t.Errorf("error %v, want ErrTooManyEdges", err)
	}
}

// chain returns a path of n vertices.
func chain(n int) string {
	var rows, ops []string
	for x := range n {
		row := make([]string, n)
		for y := range row {
			row[y] = "0"
		}
		if x < n-1 {
			row[x+1] = "1"
		}
		rows, ops = append(rows, "["+strings.Join(row, " ")+"]"), append(ops, "'maxpool3x3'")
	}
	ops[0], ops[n-1] = "'input'", "'output'"
	return "[" + strings.Join(rows, "\n ") + "] [" + strings.Join(ops, ", ") + "]"
}

// Whatever is read, prints and is read again as the same cell, and its hash is that of its
// canonical cell.
func FuzzParseCell(f *testing.F) {
	allEntries() // which an input would have to wait for, longer than the engine lets it
	for _, seed := range []string{
		inception, inceptionInFile + "\n", "00005c142e6f48ac74fdcf73e3439874", chain(7), nine(), "ModelSpec([[0, 1], [0, 0]], ops=[INPUT, OUTPUT])",
		"{'module_adjacency': array([[0, 1], [0, 0]]), 'module_operations': ['input', 'output']}", "[[0. 1.]\n [0. 0.]] ['input' 'output']",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCell(text)
		if err != nil {
			if len(err.Error()) > 2000 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("a long error: %v", err)
			}
			return
		}
		if again, err := ParseCell(c.String()); err != nil || again != c {
			t.Fatalf("%q is read as %v, which is read as %v, %v", text, c, again, err)
		}
		if found, err := ParseCell(c.Hash()); err != nil || found != c.Canonical() {
			t.Fatalf("%q is read as %v, whose hash is that of %v, %v", text, c, found, err)
		}
	})
}

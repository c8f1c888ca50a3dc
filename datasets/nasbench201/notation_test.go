package nasbench201

import (
	"fmt"
	"strings"
	"testing"
)

// A line that was copied with its newline, with quotes or out of a program is read.
func TestParsePastedCell(t *testing.T) {
	const cell = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
	for _, text := range []string{
		cell, cell + "\n", "\t " + cell + "\r\n", "'" + cell + "'", `"` + cell + `"`, " \" " + cell + " \" ,\n",
		"arch = '" + cell + "'  # cell 0", "arch: '" + cell + "'", "u'" + cell + "'",
		"421211", "'421211'", " 421211\n",
		"(4, 3, 3, 0, 0, 0)", "[4, 3, 3, 0, 0, 0]\n", "[4 3 3 0 0 0]", "(np.int64(4), 3, 3, 0, 0, 0)", "tensor([4, 3, 3, 0, 0, 0])",
		// The example of NNI's documentation.
		`arch = {
    '0_1': 'avg_pool_3x3',
    '0_2': 'conv_1x1',
    '1_2': 'skip_connect',
    '0_3': 'conv_1x1',
    '1_3': 'skip_connect',
    '2_3': 'skip_connect'
}`,
		`{"0_1": "avg_pool_3x3", "0_2": "nor_conv_1x1", "1_2": "skip_connect", "0_3": "conv_1x1", "1_3": "skip_connect", "2_3": "skip_connect"}`,
	} {
		got, err := Space{}.Parse(text)
		if err != nil || got.String() != cell {
			t.Errorf("Parse(%q) = %v, %v, want cell 0", text, got, err)
		}
	}
}

// NASLib's numbers name another cell than the same numbers of Op. The pair is an example in the
// code of gabikadlecova/zc_combine, printed by NASLib's own convert_op_indices_to_str.
func TestFromNASLib(t *testing.T) {
	const want = "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
	got, err := FromNASLib([6]int{4, 0, 3, 1, 4, 3})
	if err != nil || got.String() != want {
		t.Errorf("FromNASLib = %v, %v, want %v", got, err, want)
	}
	if literal := (Cell{4, 0, 3, 1, 4, 3}); literal == got {
		t.Errorf("Cell%v is the same cell", literal)
	}
	if read, err := ParseCell("(4, 0, 3, 1, 4, 3)"); err != nil || read != got {
		t.Errorf("ParseCell = %v, %v, want %v", read, err, got)
	}
	_, err = FromNASLib([6]int{0, 0, 5})
	wantError(t, err, "number 2 is 5, want 0 to 4")
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	edge := func(old, new string) string {
		return strings.Replace(`{"0_1": "none", "0_2": "none", "1_2": "none", "0_3": "none", "1_3": "none", "2_3": "none"}`, old, new, 1)
	}
	for s, want := range map[string]string{
		"":                               "it is empty",
		" \n":                            "it is empty",
		"33313":                          `"33313" has 5 characters, want 6 digits`,
		"333135":                         "unknown operation '5', want a digit from 0 to 4",
		"|none~0|+|none~0|none~1|":       `2 groups joined by "+", want 3`,
		official[0] + "+":                `4 groups joined by "+", want 3`,
		"x" + official[0]:                `found "|avg_pool_3x3~0|`,
		"cell":                           "cell is none of",
		"'cell'":                         `"cell" has 4 characters`,
		"5":                              `has 1 characters`,
		official[0] + " " + official[9]:  "5 groups",
		"'" + official[0] + "' '421211'": `"421211" follows`,
		"(4, 0, 3, 1, 4)":                "5 elements, want NASLib's 6 numbers",
		"(4, 0, 3, 1, 4, 5)":             "number 5 is 5, want 0 to 4",
		"(4, 0, 3, 1, 4, -1)":            "number 5 is -1",
		"(4, 0, 3, 1, 4, 'none')":        `element 5 is "none"`,
		"(4, 0, 3, 1, 4, 3.0)":           "element 5 is 3.0",
		"(4, 0, 3, 1, 4":                 "end of the text",
		edge(`"2_3"`, `"3_2"`):           `the edge "2_3" is missing`,
		edge(`"none"`, `"conv_5x5"`):     `edge "0_1": unknown operation "conv_5x5"`,
		edge(`"none"`, `3`):              `edge "0_1" is 3, want the name`,
		edge(`{`, `{"0_4": "none", `):    `there is no edge "0_4"`,
		"np.random.choice(5, 6)":         "choice(...) is none of",
		strings.Replace(official[0], "~1|", "~1|none~2|", 1):      "is not 2 terms",
		strings.TrimSuffix(official[0], "skip_connect~2|"):        "3 terms",
		strings.Replace(official[0], "avg_pool", "max_pool", 1):   `unknown operation "max_pool_3x3"`,
		strings.Replace(official[0], "avg_pool", "avg pool", 1):   `unknown operation "avg pool_3x3"`,
		strings.Replace(official[0], "~0", "~0~1", 1):             `term "avg_pool_3x3~0~1" has 3 parts`,
		strings.Replace(official[0], "skip_connect~2", "~2", 1):   `unknown operation ""`,
		strings.Replace(official[0], "~2", "~0", 1):               "should end in ~2",
		strings.Replace(official[0], "~2", "~ 2", 1):              "should end in ~2",
		strings.Replace(official[0], "skip_connect~2", "none", 1): "should end in ~2",
	} {
		_, err := Space{}.Parse(s)
		wantError(t, err, "cell ", want)
	}
}

// Whatever is read, prints and is read again as the same cell.
func FuzzParseCell(f *testing.F) {
	for _, cell := range official {
		f.Add(cell)
	}
	for _, seed := range []string{"421211\n", "(4, 0, 3, 1, 4, 3)", `{"0_1": "conv_3x3", "0_2": 'none'}`, "a = '|'", "|none~0|+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cell, err := ParseCell(text)
		if err != nil {
			if len(err.Error()) > 2000 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("a long error: %v", err)
			}
			return
		}
		for _, printed := range []string{cell.String(), cell.Digits(), fmt.Sprintf("%q", cell)} {
			if again, err := ParseCell(printed); err != nil || again != cell {
				t.Fatalf("%q is read as %v, which is read as %v, %v", text, cell, again, err)
			}
		}
	})
}

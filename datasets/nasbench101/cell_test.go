package nasbench101

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// Every cell of the benchmark, and no other, is enumerated, with its hash, in the numbering of the
// benchmark's file. The digest is of all, as they are there. The numbers of cells are the published
// ones.
func TestEveryCell(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	entries := hashAll(allCodes())
	if got := fmt.Sprintf("%x", sha256.Sum256(encodeEntries(entries))); got != entriesSum {
		t.Errorf("cells and hashes have SHA-256 %s, want %s", got, entriesSum)
	}
	count := map[int]int{}
	for _, e := range entries {
		count[Cell{e.Code}.Vertices()]++
	}
	if got, want := fmt.Sprint(count), "map[2:1 3:6 4:84 5:2441 6:62010 7:359082]"; got != want {
		t.Errorf("cells by number of vertices: %s, want %s", got, want)
	}
}

// The benchmark's generator meets cells in the order of vertices, matrix and operations.
func TestEnumerateInTheOrderOfTheGenerator(t *testing.T) {
	cells := Enumerate()
	if len(cells) != NumCells {
		t.Fatalf("%d cells, want %d", len(cells), NumCells)
	}
	for i, want := range []string{
		"0100 input,output",
		"010001000 input,conv3x3-bn-relu,output",
		"010001000 input,conv1x1-bn-relu,output",
		"010001000 input,maxpool3x3,output",
		"011001000 input,conv3x3-bn-relu,output",
	} {
		if got := cells[i].String(); got != want {
			t.Errorf("cell %d is %s, want %s", i, got, want)
		}
	}
	for i, c := range cells[1:] {
		if c.code <= cells[i].code {
			t.Fatalf("cell %d, %v, comes after %v", i+1, c, cells[i])
		}
	}
}

// inception is the example of the benchmark's README, and below it what its NASBench.ipynb prints
// for it out of the file: the same network in the file's numbering.
const (
	inception = "0111010" + "0000001" + "0000001" + "0000100" + "0000001" + "0000001" + "0000000" +
		" input,conv1x1-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3,output"
	inceptionInFile = "0111100" + "0000001" + "0000001" + "0000001" + "0000010" + "0000001" + "0000000" +
		" input,conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,output"
)

func mustParse(t *testing.T, s string) Cell {
	t.Helper()
	c, err := ParseCell(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCanonicalIsTheCellInTheFile(t *testing.T) {
	c := mustParse(t, inception)
	if got := c.Canonical().String(); got != inceptionInFile {
		t.Errorf("canonical cell is %s, want %s", got, inceptionInFile)
	}
	if c.String() != inception {
		t.Errorf("the cell itself prints as %s, want %s", c, inception)
	}
	if c.Vertices() != 7 || c.Edges() != 9 || c.Op(0) != Input || c.Op(1) != Conv1x1 || c.Op(5) != MaxPool || c.Op(6) != Output {
		t.Errorf("%v has %d vertices, %d edges", c, c.Vertices(), c.Edges())
	}
}

// network makes a cell out of a matrix, row by row, with operations c (3x3), k (1x1) and m
// (max-pooling).
func network(t *testing.T, operations string, rows ...string) Cell {
	t.Helper()
	names := []string{"input"}
	for _, op := range operations {
		names = append(names, map[rune]string{'c': "conv3x3-bn-relu", 'k': "conv1x1-bn-relu", 'm': "maxpool3x3"}[op])
	}
	return mustParse(t, strings.Join(rows, "")+" "+strings.Join(append(names, "output"), ","))
}

// The cases of the benchmark's nasbench/tests/graph_util_test.py, test_hash_module.
func TestHash(t *testing.T) {
	diamond := []string{"0110", "0001", "0001", "0000"}
	matrix1 := []string{"01100", "00001", "00010", "00001", "00000"}
	matrix2 := []string{"01010", "00100", "00001", "00001", "00000"}
	matrix3 := []string{"01100", "00010", "00001", "00001", "00000"}
	chain := []string{"01000", "00100", "00010", "00001", "00000"}
	directed := []string{"0101", "0010", "0001", "0000"}
	wide := []string{"0111100", "0010000", "0000001", "0000010", "0000010", "0000001", "0000000"}
	for _, test := range []struct {
		name string
		a, b Cell
		same bool
	}{
		{"diamond", network(t, "km", diamond...), network(t, "mk", diamond...), true},
		{"edges permuted", network(t, "kmc", matrix1...), network(t, "mck", matrix2...), true},
		{"edges permuted again", network(t, "mck", matrix2...), network(t, "mkc", matrix3...), true},
		{"operations permuted", network(t, "mck", matrix1...), network(t, "kmc", matrix1...), false},
		{"operations permuted again", network(t, "mkc", matrix1...), network(t, "kmc", matrix1...), false},
		{"breaks without self", network(t, "kcc", chain...), network(t, "cck", chain...), false},
		{"breaks without direction", network(t, "kc", directed...), network(t, "ck", directed...), false},
		{"breaks with out-neighbours only", network(t, "kcccc", wide...), network(t, "ccckc", wide...), false},
	} {
		if got := test.a.Hash() == test.b.Hash(); got != test.same {
			t.Errorf("%s: same hash is %v", test.name, got)
		}
		if got := test.a.Canonical() == test.b.Canonical(); got != test.same {
			t.Errorf("%s: same canonical cell is %v", test.name, got)
		}
	}
	// The first cell of the benchmark's file and the best of all, whose hashes are known.
	for want, c := range map[string]Cell{
		"00005c142e6f48ac74fdcf73e3439874": network(t, "cmcck",
			"0100110", "0010000", "0001001", "0000010", "0000010", "0000001", "0000000"),
		"02e5a0247bbdcf2860b7e96f74961594": network(t, "kcmcc",
			"0110011", "0000010", "0001000", "0000100", "0000010", "0000001", "0000000"),
	} {
		if got := c.Hash(); got != want {
			t.Errorf("hash of %v is %s, want %s", c, got, want)
		}
	}
}

// The cases of the benchmark's nasbench/tests/model_spec_test.py.
func TestPrune(t *testing.T) {
	for _, test := range []struct {
		name       string
		operations string
		rows       []string
		want       string
	}{
		{"nothing", "c", []string{"010", "001", "000"}, "010001000 input,conv3x3-bn-relu,output"},
		{"nothing, with a shortcut", "c", []string{"011", "001", "000"}, "011001000 input,conv3x3-bn-relu,output"},
		{"nothing of a diamond", "cc", []string{"0110", "0001", "0001", "0000"}, "0110000100010000 input,conv3x3-bn-relu,conv3x3-bn-relu,output"},
		{"an island", "km", []string{"0100", "0001", "0000", "0000"}, "010001000 input,conv1x1-bn-relu,output"},
		{"an island of two", "kmc", []string{"01000", "00001", "00010", "00000", "00000"}, "010001000 input,conv1x1-bn-relu,output"},
		{"a dead end", "km", []string{"0110", "0000", "0001", "0000"}, "010001000 input,maxpool3x3,output"},
		{"a vertex out of nowhere", "km", []string{"0010", "0001", "0001", "0000"}, "010001000 input,maxpool3x3,output"},
	} {
		if got := network(t, test.operations, test.rows...).Canonical().String(); got != test.want {
			t.Errorf("%s: left is %s, want %s", test.name, got, test.want)
		}
	}
}

// wantError checks that an error is one line that contains all of wants.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not contain %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

func BenchmarkEnumerate(b *testing.B) {
	for b.Loop() {
		if n := len(Enumerate()); n != NumCells {
			b.Fatal(n)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	cells := Enumerate()
	i := 0
	for b.Loop() {
		cells[i%NumCells].hash()
		i += 7919
	}
}

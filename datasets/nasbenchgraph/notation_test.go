package nasbenchgraph

import (
	"strings"
	"testing"
)

// Whatever users and programs print of an architecture is read as it stands.
func TestParse(t *testing.T) {
	want := Arch{Links: [NumNodes]uint8{0, 1, 2, 1}, Ops: [NumNodes]Op{GCN, GIN, FC, Cheb}}
	for _, text := range []string{
		want.String(),
		"[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']",
		" [0,1,2,1], [\"gcn\",\"gin\",\"fc\",\"cheb\"]\n",
		"([0, 1, 2, 1], ['gcn', 'gin', 'fc', 'cheb'])",
		"[[0, 1, 2, 1], ['gcn', 'gin', 'fc', 'cheb']]",
		"[0 1 2 1] ['gcn' 'gin' 'fc' 'cheb']",
		"arch = Arch([0, 1, 2, 1], ['gcn', 'gin', 'fc', 'cheb'])",
		"Arch(lk=[0, 1, 2, 1], op=['gcn', 'gin', 'fc', 'cheb'])",
		"Arch([0, 1, 2, 1], op=['gcn', 'gin', 'fc', 'cheb'])",
		"{'op0': 'gcn', 'lk1': 1, 'op1': 'gin', 'lk2': 2, 'op2': 'fc', 'lk3': 1, 'op3': 'cheb'}",
		`{"lk0": 0, "op0": "gcn", "lk1": 1, "op1": "gin", "lk2": 2, "op2": "fc", "lk3": 1, "op3": "cheb"}`,
	} {
		if got, err := ParseArch(text); err != nil || got != want {
			t.Errorf("ParseArch(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

// A key is read as the architecture that it names, as the benchmark's two hash functions have it.
func TestParseKey(t *testing.T) {
	for key, want := range map[string]string{
		"0":             "[0, 0, 0, 0] ['gat', 'gat', 'gat', 'gat']",
		"61237":         "[0, 1, 1, 2] ['gcn', 'gin', 'cheb', 'fc']",
		"np.int64(1)":   "[0, 0, 0, 0] ['gat', 'gat', 'gat', 'gcn']",
		"83218":         "[0, 1, 2, 3] ['cheb', 'gin', 'gcn', 'skip']",
		"hash = 20088 ": "[0, 0, 1, 1] ['gat', 'gat', 'skip', 'skip']",
	} {
		if got := parse(t, key).String(); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	for i := range NumArchs {
		a := Space{}.At(i).(Arch)
		if b, err := fromKey(a.Key()); err != nil || a != b {
			t.Fatalf("the key of %v is that of %v, %v", a, b, err)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	for text, wants := range map[string][]string{
		"":                                  {"empty", "[0, 0, 1, 2]"},
		"[0, 1, 2, 1]":                      {"4 parts", "[0, 0, 1, 2]"},
		"[0, 1] ['gcn']":                    {"the links are [0, 1], want a list of 4"},
		"[0, 1, 2, 1] ['gcn', 'gin', 'fc']": {"the operations are", "want a list of 4"},
		"[0, 2, 2, 1] ['gcn', 'gin', 'fc', 'fc']":       {"node 2 is linked to 2, want a number from 0 to 1"},
		"[0, -1, 2, 1] ['gcn', 'gin', 'fc', 'fc']":      {"node 2 is linked to -1"},
		"[0, 1, 2, 1] ['gcn', 'gnn', 'fc', 'fc']":       {`node 2 is "gnn"`, "gat, gcn"},
		"[0, 1, 2, 1] [1, 2, 3, 4]":                     {"node 1 is 1", "gat, gcn"},
		"[0, 1, 2, 1] ['skip', 'skip', 'skip', 'skip']": {"all four"},
		"88888": {"key 88888", "all four"},
		"99":    {"key 99", "number 9"},
		"-1":    {"key -1"},
		"90000": {"key 90000", "0 to 88888"},
		"Cell([0, 1, 2, 1], ['gcn', 'gin', 'fc', 'fc'])": {"Cell", "Arch("},
		"Arch([0, 1, 2, 1])":                             {"no op"},
		"{'op0': 'gcn'}":                                 {`no "lk1"`},
		"[0, 1":                                          {"end of the text"},
		"{'op0':'fc','lk1':1,'op1':'fc','lk2':2,'op2':'fc','lk3':1,'a':1}":                 {`no "op3"`},
		"{'op0':'fc','lk1':1,'op1':'fc','lk2':2,'op2':'fc','lk3':1,'op3':'fc','op4':'fc'}": {"1 keys besides"},
	} {
		_, err := ParseArch(text)
		wantError(t, err, append(wants, "architecture \"")...)
	}
	_, err := Proteins().Parse("[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'fc']")
	wantError(t, err, "no operation gin", "[gcn sage arma fc skip]")
	if a, err := Proteins().Parse("1111"); err != nil || a.String() != "[0, 0, 0, 0] ['gcn', 'gcn', 'gcn', 'gcn']" {
		t.Errorf("1111 is %v, %v", a, err)
	}
}

// No text makes the parser panic, and what it reads it prints so that it is read again.
func FuzzParse(f *testing.F) {
	f.Add("[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']")
	f.Add("Arch(lk=[0 1 2 1], op=['gcn', 'gin', 'fc', 'cheb'])")
	f.Add("{'op0':'fc','lk1':1,'op1':'fc','lk2':2,'op2':'fc','lk3':1,'op3':'fc'}")
	f.Add("61237")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseArch(text)
		if err != nil {
			return
		}
		if b, err := ParseArch(a.String()); err != nil || a != b {
			t.Errorf("%q is %v, which is read as %v, %v", text, a, b, err)
		}
	})
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

package export

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// standIn has of torch what a module needs to be built, and counts weights: of convolutions,
// normalisations and linear layers, as PyTorch's documentation gives them.
const standIn = `
class Module:
    def __init__(self, *children):
        self.own, self.children = 0, list(children)
    def __setattr__(self, name, value):
        if isinstance(value, Module):
            self.children.append(value)
        self.__dict__[name] = value
    def count(self):
        return self.own + sum(c.count() for c in self.children)
class Sequential(Module): pass
class ModuleList(Module):
    def __init__(self, children): super().__init__(*children)
class Conv2d(Module):
    def __init__(self, i, o, k, stride=1, padding=0, dilation=1, groups=1, bias=True):
        super().__init__(); self.own = i // groups * o * k * k + (o if bias else 0)
class BatchNorm2d(Module):
    def __init__(self, c): super().__init__(); self.own = 2 * c
class Linear(Module):
    def __init__(self, i, o): super().__init__(); self.own = i * o + o
class ReLU(Module): pass
class Identity(Module): pass
class Flatten(Module): pass
class AvgPool2d(Module):
    def __init__(self, k, stride=1, padding=0, count_include_pad=True): super().__init__()
class MaxPool2d(Module):
    def __init__(self, k, stride=1, padding=0): super().__init__()
class AdaptiveAvgPool2d(Module):
    def __init__(self, size): super().__init__()
`

// countWeights returns what Python counts of modules of PyTorch, a line for each.
func countWeights(t *testing.T, modules []string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "torch"), 0o777); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("torch/__init__.py", "")
	write("torch/nn.py", standIn)
	var program strings.Builder
	for i, module := range modules {
		write(fmt.Sprintf("net_%d.py", i), module)
		fmt.Fprintf(&program, "import net_%[1]d\nprint(net_%[1]d.Net().count())\n", i)
	}
	write("count.py", program.String())
	got, err := exec.CommandContext(t.Context(), "python3", filepath.Join(dir, "count.py")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	return string(got)
}

// The network has as many weights as NAS-Bench-201's, which counts its own, and is Python.
func TestPyTorchHasAsManyWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var modules []string
	var want strings.Builder
	for i, dataSet := range nasbench201.DataSets() {
		table, err := nasbench201.Open(t.Context(), dataSet, nil, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			a := table.Space().Sample(rng)
			text, err := PyTorch(a, NASBench201Network([]int{10, 100, 120}[i]))
			if err != nil {
				t.Fatal(err)
			}
			modules = append(modules, text)
			fmt.Fprintln(&want, table.Cost(a).Parameters)
		}
	}
	if got := countWeights(t, modules); got != want.String() {
		t.Errorf("weights are\n%s\nwant\n%s", got, &want)
	}
}

// The network that DARTS's authors evaluate, of their genotype DARTS_V2 with 36 channels and 20
// cells, has as many weights as their program prints.
func TestDARTSHasAsManyWeights(t *testing.T) {
	g := must(nasbench301.Space{}.Parse("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), " +
		"('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], " +
		"reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), " +
		"('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"))
	text, err := PyTorch(g, Network{Channels: 36, Cells: 20, Classes: 10, Colours: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := countWeights(t, []string{text}); got != "3349342\n" {
		t.Errorf("%s weights, want 3349342", got)
	}
}

// Modules are Python.
func TestModulesArePython(t *testing.T) {
	for _, a := range []datasets.Arch{nasbench201.Space{}.At(12345), nasbench301.Space{}.Sample(rand.New(rand.NewPCG(1, 1)))} {
		for _, write := range []func(datasets.Arch, Network) (string, error){PyTorch, Keras} {
			text, err := write(a, Network{8, 2, 10, 1})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "net.py")
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			if said, err := exec.CommandContext(t.Context(), "python3", "-m", "py_compile", path).CombinedOutput(); err != nil {
				t.Errorf("%v: %s\n%s", err, said, text)
			}
			if !strings.Contains(text, "channels=8, cells=2, classes=10, colours=1") {
				t.Error(text)
			}
		}
	}
}

// Cells of a space of one's own are exported if their operations have the benchmark's names.
func TestOwnCells(t *testing.T) {
	space, err := datasets.NewCells("own", 3, "none", "nor_conv_3x3")
	if err != nil {
		t.Fatal(err)
	}
	a, err := space.Parse("|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|")
	if err != nil {
		t.Fatal(err)
	}
	text, err := PyTorch(a, NASBench201Network(10))
	if want := "CELL = [\n    [\"nor_conv_3x3\"],\n    [\"none\", \"nor_conv_3x3\"],\n]"; err != nil || !strings.Contains(text, want) {
		t.Errorf("%v, %s lacks %s", err, text, want)
	}
	for what, err := range map[string]error{
		"no module can be written of a nasbench101.Cell": func() error {
			_, err := PyTorch(nasbench101.Space{}.Sample(rand.New(rand.NewPCG(1, 1))), NASBench201Network(10))
			return err
		}(),
		"at least 1 of each": func() error { _, err := Keras(a, Network{}); return err }(),
		`operation "dwise"`: func() error {
			space, _ := datasets.NewCells("own", 2, "dwise")
			_, err := PyTorch(space.Sample(rand.New(rand.NewPCG(1, 1))), NASBench201Network(10))
			return err
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}

// A drawing has a line for each edge.
func TestGraphviz(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		arch  datasets.Arch
		edges int
	}{
		{nasbench301.Space{}.Sample(rng), 24},
		{must(nasbench101.ParseCell("010001000 input,conv3x3-bn-relu,output")), 2},
		{must(nasbenchgraph.ParseArch("[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']")), 6},
		{must(nasbench201.ParseCell("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")), 4},
	} {
		text, err := Graphviz(c.arch)
		if n := strings.Count(text, "->"); err != nil || n != c.edges || !strings.HasPrefix(text, "digraph") {
			t.Errorf("%v has %d edges, %v:\n%s", c.arch, n, err, text)
		}
	}
	space, err := datasets.NewChoices("nets", datasets.Choice{Name: "depth", Options: []string{"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Graphviz(space.Sample(rng)); err == nil || !strings.Contains(err.Error(), "no drawing of a datasets.Selection") {
		t.Errorf("a selection: %v", err)
	}
}

func must[T datasets.Arch](a T, err error) T {
	if err != nil {
		panic(err)
	}
	return a
}

func ExampleGraphviz() {
	text, err := Graphviz(must(nasbench201.ParseCell("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")))
	fmt.Print(text, err)
	// Output:
	// digraph architecture {
	//   rankdir=LR;
	//   "0" [label="input"];
	//   "1" [label="1"];
	//   "2" [label="2"];
	//   "3" [label="output"];
	//   "0" -> "1" [label="nor_conv_3x3"];
	//   "1" -> "2" [label="skip_connect"];
	//   "0" -> "3" [label="avg_pool_3x3"];
	//   "2" -> "3" [label="nor_conv_1x1"];
	// }
	// <nil>
}

// Package export turns what a search has found into files for others: drawings for Graphviz, and
// modules for PyTorch and Keras that need nothing of this project.
package export

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"text/template"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// Network is the size of the network that is built of a cell, or of a genotype.
type Network struct {
	Channels int // of the first stage
	Cells    int // in each of three stages; of a genotype, in all
	Classes  int
	Colours  int // channels of an image
}

// NASBench201Network is the network whose accuracies NAS-Bench-201 has, for this many classes.
//
// Source: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture
// Search", ICLR 2020, section 2.1, where images are of 32 x 32 pixels.
func NASBench201Network(classes int) Network { return Network{16, 5, classes, 3} }

// NASBench301Network is the network whose accuracies NAS-Bench-301 predicts, for this many classes.
//
// Source: Siems et al., "NAS-Bench-301 and the Case for Surrogate Benchmarks for Neural
// Architecture Search", arXiv 2008.09777, whose networks are trained with 8 cells and 32 channels
// at first.
func NASBench301Network(classes int) Network { return Network{32, 8, classes, 3} }

func (n Network) check() error {
	if n.Channels < 1 || n.Cells < 1 || n.Classes < 1 || n.Colours < 1 {
		return fmt.Errorf("export: a network of %d channels, %d cells a stage, %d classes and %d colours; want at least 1 of each",
			n.Channels, n.Cells, n.Classes, n.Colours)
	}
	return nil
}

//go:embed *.tmpl
var templates embed.FS

var modules = template.Must(template.ParseFS(templates, "*.tmpl"))

// PyTorch returns a module of PyTorch, the text of a file, with the class Net: the network of a
// cell of NAS-Bench-201, or of a space of cells whose operations have the same names; or of a
// genotype of NAS-Bench-301.
//
// Source of a genotype's network: Liu, Simonyan and Yang, "DARTS: Differentiable Architecture
// Search", ICLR 2019, section 3.1.
func PyTorch(a datasets.Arch, n Network) (string, error) { return module("pytorch", a, n) }

// Keras returns a module of Keras 3, the text of a file, with the function build_net, for the same
// architectures as [PyTorch]. In the network of a cell, convolutions of stride 2 pad as Keras does,
// which is one pixel off PyTorch's.
func Keras(a datasets.Arch, n Network) (string, error) { return module("keras", a, n) }

func module(language string, a datasets.Arch, n Network) (string, error) {
	if err := n.check(); err != nil {
		return "", err
	}
	var text bytes.Buffer
	if g, ok := a.(nasbench301.Genotype); ok {
		err := modules.ExecuteTemplate(&text, "darts_"+language+".tmpl", struct {
			Network
			Arch           string
			Normal, Reduce [][]nasbench301.Edge // of each node
		}{n, a.String(), pairs(g.Normal), pairs(g.Reduce)})
		return text.String(), err
	}
	operations, nodes, err := operationsOf(a)
	if err != nil {
		return "", err
	}
	err = modules.ExecuteTemplate(&text, "cell_"+language+".tmpl", struct {
		Network
		Arch  string
		Edges [][]string // of each node but the first, the operations on what comes from those before
	}{n, a.String(), edges(operations, nodes)})
	return text.String(), err
}

// pairs returns the two edges of each node.
func pairs(c nasbench301.Cell) [][]nasbench301.Edge { return slices.Collect(slices.Chunk(c[:], 2)) }

// operationsOf returns the operation of each edge, (0,1), (0,2), (1,2), ..., and the number of
// nodes.
func operationsOf(a datasets.Arch) (operations []string, nodes int, err error) {
	operations, nodes, ok := nasbench201.OperationNames(a)
	if !ok {
		return nil, 0, fmt.Errorf("export: no module can be written of a %T, only of cells of NAS-Bench-201 and of spaces of cells, and of genotypes", a)
	}
	for _, op := range operations {
		if _, err := nasbench201.ParseOp(op); err != nil {
			return nil, 0, fmt.Errorf("export: the operation %q is none of NAS-Bench-201's; write its module by hand", op)
		}
	}
	return operations, nodes, nil
}

func edges(operations []string, nodes int) (into [][]string) {
	for target := 1; target < nodes; target++ {
		into = append(into, operations[:target])
		operations = operations[target:]
	}
	return into
}

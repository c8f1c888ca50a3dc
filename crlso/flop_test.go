package crlso

import (
	"context"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// The functions of this file count the floating point operations, multiplications and additions, of
// all products of matrices in one step of training. What else a step computes, activations, sums
// over messages and Adam, is not counted.

// flopOfProduct counts x W for x of shape [rows, in] and W of shape [in, out]. Backward, the
// gradients of W and of x are a product of the same size each. The inputs of a network, which have
// no gradient, save the latter.
func flopOfProduct(rows, in, out int, isInput bool) float64 {
	forward := 2 * float64(rows) * float64(in) * float64(out)
	if isInput {
		return 2 * forward
	}
	return 3 * forward
}

// flopOfConv counts a [GraphConv] from d to out features, or if sum is set a [graphConvSum], of
// some graphs. Their node features are the inputs of the network if isInput is set; those of edges
// always are.
func flopOfConv(schema datasets.Schema, graphs, d, out int, isInput, sum bool) float64 {
	nodes, rows := graphs*schema.Nodes, graphs*schema.Nodes
	if sum {
		rows = graphs
	}
	return flopOfProduct(d, d, out, false) + // B1 and B2, once for all nodes
		flopOfProduct(1, d, out, false) + // b1 and B2
		flopOfProduct(rows, d, out, isInput) +
		2*flopOfProduct(nodes, d, out, isInput) + // W_v and W_u
		flopOfProduct(nodes*schema.Nodes, schema.EdgeTypes, out, true) // W_e
}

// flopOfJointStep counts a step of joint training of a graph VAE and its surrogate.
func flopOfJointStep(c Config, schema datasets.Schema) float64 {
	batch, graphs := c.Joint.Batch, max(1, schema.Graphs)
	total, d := 0.0, schema.NodeTypes
	for layer := range c.EncoderLayers {
		total += flopOfConv(schema, batch*graphs, d, c.HiddenDim, layer == 0, layer == c.EncoderLayers-1)
		d = c.HiddenDim
	}
	dense := func(in, out int) float64 { return flopOfProduct(batch, in, out, false) }
	total += 2 * dense(graphs*c.HiddenDim, c.LatentDim) // mean and log-variance
	total += dense(c.LatentDim, c.HiddenDim) + float64(c.DecoderBlocks)*2*dense(c.HiddenDim, c.HiddenDim) + 2*dense(c.HiddenDim, schema.Outputs())

	total += dense(c.LatentDim, c.ICNNWidth) + float64(c.ICNNLayers)*dense(c.ICNNWidth, c.ICNNWidth) + dense(c.ICNNWidth, 1)
	if c.Surrogate == ICNNSurrogate {
		total += float64(c.ICNNLayers)*dense(c.LatentDim, c.ICNNWidth) + dense(c.LatentDim, 1) // V_k and v
	}
	return total
}

// flopOfPredictorStep counts a step of training of the predictor.
func flopOfPredictorStep(c Config, schema datasets.Schema) float64 {
	batch, graphs := c.Predictor.Batch, max(1, schema.Graphs)
	total, d := 0.0, schema.NodeTypes
	for layer := range c.PredictorLayers {
		total += flopOfConv(schema, batch*graphs, d, c.PredictorDim, layer == 0, false)
		d = c.PredictorDim
	}
	dense := func(in, out int) float64 { return flopOfProduct(batch, in, out, false) }
	return total + dense(graphs*schema.Nodes*d, c.PredictorCode) + dense(c.PredictorCode, d) + 3*dense(d, d) + dense(d, 1)
}

// TestFLOP compares what is counted from the shapes with the products in the graph of a step.
func TestFLOP(t *testing.T) {
	variants := map[string]func(*Config){
		"released":       func(*Config) {},
		"one layer":      func(c *Config) { c.EncoderLayers, c.PredictorLayers = 1, 1 },
		"MLP, on mean":   func(c *Config) { c.Surrogate, c.ICNNOnMean = MLPSurrogate, true },
		"of sum, blocks": func(c *Config) { c.ICNNForm, c.DecoderBlocks = ActivationOfSum, 3 },
	}
	backend := testbed.Go(t)
	for name, space := range spaces {
		for variant, change := range variants {
			t.Run(name+" "+variant, func(t *testing.T) {
				c := partly()
				change(&c)
				m := newModel(t, backend, space, c)
				schema := space.Schema()
				stopped, stop := context.WithCancel(t.Context())
				stop() // before a step is made, but after the trainers are

				labels := make([]float64, c.TrainingSet)
				if err := m.TrainJoint(stopped, labels, 0, nil); !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				tables := []shapes.Shape{m.training.Nodes.Shape(), m.training.Edges.Shape(), m.training.Labels.Shape(),
					shapes.Make(dtypes.Float32, c.TrainingSet), shapes.Make(dtypes.Float32, c.TrainingSet)}
				noise := shapes.Make(dtypes.Float32, 1, c.Joint.Batch, c.LatentDim)
				wantFLOP(t, m, JointStage, flopOfJointStep(c, schema), tables, noise)

				arch := m.TrainingSet()[0]
				if err := m.TrainPredictor(stopped, []datasets.Query{{Arch: arch, Accuracy: 50}}, nil); !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				wantFLOP(t, m, PredictorStage, flopOfPredictorStep(c, schema), []shapes.Shape{tables[0], tables[1], tables[3]})
			})
		}
	}
}

// wantFLOP checks the count of a step of a stage's trainer, with tables and further per-step inputs
// of these shapes.
func wantFLOP(t *testing.T, m *Model, stage Stage, want float64, tables []shapes.Shape, perStep ...shapes.Shape) {
	t.Helper()
	trainer := m.programs.trainers[stage]
	if trainer.Config.ClipNorm > 0 { // norms of gradients are products too, and no share of training worth counting
		for _, v := range trainer.Trained() {
			want += 2 * float64(v.Shape().Size())
		}
	}
	g := NewGraph(m.backend, string(stage))
	defer g.Finalize()
	got := 0.0
	known := make(map[*Node]bool)
	var visit func(nodes []*Node)
	visit = func(nodes []*Node) {
		for _, n := range nodes {
			if !known[n] {
				known[n] = true
				got += flopOfNode(t, n)
				visit(n.Inputs())
			}
		}
	}
	visit(trainer.StepGraph(g, tables, perStep))
	if math.Abs(got-want) > 1e-9*want {
		t.Errorf("%s: the products of a step's graph have %.0f FLOP, by the shapes %.0f", stage, got, want)
	}
}

// contracting are the axes of a product that its description says are summed over.
var contracting = regexp.MustCompile(`lhsContractingAxes=\[([\d ]*)\]`)

// flopOfNode counts the product that a node computes, if it does.
func flopOfNode(t *testing.T, n *Node) float64 {
	if n.Type() != NodeTypeDotGeneral {
		return 0
	}
	found := contracting.FindStringSubmatch(n.String())
	if found == nil {
		t.Fatalf("no contracting axes in %s", n)
	}
	flop := 2 * float64(n.Shape().Size())
	for _, text := range strings.Fields(found[1]) {
		axis, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		flop *= float64(n.Inputs()[0].Shape().Dim(axis))
	}
	return flop
}

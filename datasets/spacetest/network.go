package spacetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
)

func (k kit) shape() error {
	schema := k.space.Schema()
	if schema.Nodes < 1 || schema.NodeTypes < 1 || schema.EdgeTypes < 0 || schema.Graphs < 0 || len(schema.Heads) == 0 {
		return fmt.Errorf("the schema is %+v, want at least one node, class of nodes and head, and nothing below 0", schema)
	}
	if n := schema.Numbers; n != nil && (len(n) != schema.NodeTypes || slices.ContainsFunc(n, func(row []float32) bool { return len(row) != len(n[0]) })) {
		return fmt.Errorf("there are numbers for %d classes of nodes, want as many for each of %d", len(n), schema.NodeTypes)
	}
	for _, head := range schema.Heads {
		if head.Groups < 1 || head.Classes < 1 {
			return fmt.Errorf("head %q has %d groups of %d classes, want at least 1", head.Name, head.Groups, head.Classes)
		}
		if head.Nodes != nil && (len(head.Nodes) != head.Groups || slices.Min(head.Nodes) < 0 || slices.Max(head.Nodes) >= max(schema.Graphs, 1)*schema.Nodes) {
			return fmt.Errorf("the nodes of head %q are %v, want one of the schema for each of %d groups", head.Name, head.Nodes, head.Groups)
		}
		if head.Possible != nil && (len(head.Possible) != head.Groups || slices.ContainsFunc(head.Possible, func(p []bool) bool { return len(p) != head.Classes })) {
			return fmt.Errorf("head %q says what is possible for %d groups, want %d of %d classes", head.Name, len(head.Possible), head.Groups, head.Classes)
		}
	}
	shown := make(map[string]datasets.Arch) // by nodes and edges
	return k.each(func(a datasets.Arch) error {
		graph, c := k.space.Encode(a), k.space.Canonical(a)
		if err := fits(graph, schema); err != nil {
			return err
		}
		if !reflect.DeepEqual(graph, k.space.Encode(c)) {
			return fmt.Errorf("its canonical architecture %v encodes as another graph", c)
		}
		key := fmt.Sprint(graph.Nodes, graph.Edges)
		if other, ok := shown[key]; ok && other != c {
			return fmt.Errorf("it has the same nodes and edges as %v", other)
		}
		shown[key] = c
		return nil
	})
}

func count(labels []int32, of int32) (n int) {
	for _, label := range labels {
		if label == of {
			n++
		}
	}
	return n
}

// fits returns an error unless a graph is in the shape of a schema.
func fits(graph datasets.Graph, schema datasets.Schema) error {
	graphs := max(schema.Graphs, 1)
	if err := within("nodes", graph.Nodes, graphs*schema.Nodes, 0, schema.NodeTypes-1); err != nil {
		return err
	}
	if err := within("edges", graph.Edges, graphs*schema.Pairs(), -1, max(schema.EdgeTypes-1, 0)); err != nil {
		return err
	}
	if got, want := len(graph.Labels), schema.Labels(); got != want {
		return fmt.Errorf("its graph has %d labels, want %d", got, want)
	}
	labels := graph.Labels
	for _, head := range schema.Heads {
		if err := within("labels of head "+head.Name, labels[:head.Groups], head.Groups, -1, max(head.Classes-1, 1)); err != nil {
			return err
		}
		if yes := count(labels[:head.Groups], 1); head.Classes == 1 && head.Most > 0 && yes > head.Most {
			return fmt.Errorf("%d labels of head %s are yes, which says that %d can be", yes, head.Name, head.Most)
		}
		for i, possible := range head.Possible {
			if class := labels[i]; class >= 0 && !(head.Classes == 1 && class == 0) && !possible[min(int(class), head.Classes-1)] {
				return fmt.Errorf("the label of group %d of head %q is %d, which the head says is impossible", i, head.Name, class)
			}
		}
		labels = labels[head.Groups:]
	}
	return nil
}

// within returns an error unless there are n values from lowest to highest.
func within(what string, values []int32, n, lowest, highest int) error {
	if len(values) != n {
		return fmt.Errorf("its graph has %d %s, want %d", len(values), what, n)
	}
	for i, v := range values {
		if int(v) < lowest || int(v) > highest {
			return fmt.Errorf("number %d of the %s is %d, want %d to %d", i, what, v, lowest, highest)
		}
	}
	return nil
}

// agreeing returns the scores of a decoder that is right about a graph, and says anything where
// there is no right answer.
func agreeing(schema datasets.Schema, labels []int32, rng *rand.Rand) []float32 {
	scores := make([]float32, 0, schema.Outputs())
	for _, head := range schema.Heads {
		for _, label := range labels[:head.Groups] {
			for class := range head.Classes {
				score := rng.Float32()
				switch {
				case head.Classes == 1 && label == 0:
					score = -1 - score
				case label >= 0 && (head.Classes == 1 || class == int(label)):
					score++
				}
				scores = append(scores, score)
			}
		}
		labels = labels[head.Groups:]
	}
	return scores
}

func (k kit) decoding() error {
	schema, rng := k.space.Schema(), newSource(7)
	err := k.each(func(a datasets.Arch) error {
		c := k.space.Canonical(a)
		got, err := k.space.Decode(agreeing(schema, k.space.Encode(a).Labels, rng))
		switch {
		case err != nil:
			return fmt.Errorf("scores that agree with its labels: %w", err)
		case got != c:
			return fmt.Errorf("scores that agree with its labels decode to %v, want its canonical architecture %v", got, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, n := range []int{0, schema.Outputs() - 1, schema.Outputs() + 1} {
		if a, err := k.space.Decode(make([]float32, n)); err == nil {
			return fmt.Errorf("%d scores decode to %v, want an error: the schema has %d", n, a, schema.Outputs())
		}
	}
	return k.decodingOfAnything(rng)
}

func (k kit) decodingOfAnything(rng *rand.Rand) error {
	scores := make([]float32, k.space.Schema().Outputs())
	for try := range 10 * samples {
		for i := range scores {
			scores[i] = float32(rng.NormFloat64())
			if special := rng.IntN(10 * len(scores)); try%2 == 0 && special < 3 {
				scores[i] = float32([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[special])
			}
		}
		a, err := k.space.Decode(scores)
		if err != nil {
			continue
		}
		if c := k.space.Canonical(a); c != a {
			return fmt.Errorf("Decode returns %v, whose canonical architecture is %v", a, c)
		}
		if err := k.valid(a); err != nil {
			return fmt.Errorf("Decode returns what is wrong: %w", err)
		}
	}
	return nil
}

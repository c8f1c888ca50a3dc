package nasbenchgraph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// ParseArch reads an architecture in any of these notations, with or without white space around
// it:
//
//   - what Arch.String prints, links and operations: [0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']
//   - as the benchmark's README has it: Arch([0, 1, 2, 1], ['gcn', 'gin', 'fc', 'cheb']), with or
//     without the names lk and op; or the two as a tuple or a list
//   - the key of the data files, which Arch.Key returns: 61237
//   - the dict of NNI, by the labels of the benchmark's script runnni.py: {"op0": "gcn", "lk1": 1,
//     "op1": "gin", "lk2": 2, ...}
func ParseArch(s string) (Arch, error) {
	a, err := parseArch(s)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return Arch{}, fmt.Errorf("architecture %s: %w", pydata.Quote(s), err)
	}
	return a, nil
}

// Parse reads an architecture, see [ParseArch].
func (s Space) Parse(text string) (datasets.Arch, error) {
	a, err := ParseArch(text)
	if err != nil {
		return nil, err
	}
	if err := s.check(a); err != nil {
		return nil, fmt.Errorf("architecture %s: %w", pydata.Quote(text), err)
	}
	return a, nil
}

const wanted = "links and operations, as in [0, 0, 1, 2] ['gat', 'gcn', 'gin', 'skip'], or a key"

func parseArch(s string) (Arch, error) {
	if strings.TrimSpace(s) == "" {
		return Arch{}, errors.New("it is empty, want " + wanted)
	}
	values, err := pydata.Parse(s)
	if err != nil {
		return Arch{}, err
	}
	if len(values) == 1 {
		switch v := values[0].(type) {
		case int:
			return fromKey(v)
		case pydata.Dict:
			return parseDict(v)
		case pydata.Call:
			if values, err = arguments(v); err != nil {
				return Arch{}, err
			}
		default:
			if elements, ok := pydata.Elements(v); ok {
				values = elements
			}
		}
	}
	if len(values) != 2 {
		return Arch{}, fmt.Errorf("it has %d parts, want %s", len(values), wanted)
	}
	return parseLists(values[0], values[1])
}

// arguments returns links and operations of a call of the class Arch.
func arguments(c pydata.Call) ([]any, error) {
	if c.Name != "Arch" {
		return nil, fmt.Errorf("it is a call of %s, want Arch(links, operations)", c.Name)
	}
	values := slices.Clone(c.Args)
	for _, name := range []string{"lk", "op"}[min(len(values), 2):] {
		value, ok := c.Keywords.Get(name)
		if !ok {
			return nil, fmt.Errorf("Arch(...) has no %s", name)
		}
		values = append(values, value)
	}
	return values, nil
}

func parseLists(links, ops any) (Arch, error) {
	var a Arch
	for i, value := range []any{links, ops} {
		elements, ok := pydata.Elements(value)
		if !ok || len(elements) != NumNodes {
			return Arch{}, fmt.Errorf("the %s are %s, want a list of %d", []string{"links", "operations"}[i], pydata.Describe(value), NumNodes)
		}
		for node, element := range elements {
			set := a.setLink
			if i == 1 {
				set = a.setOp
			}
			if err := set(node, element); err != nil {
				return Arch{}, err
			}
		}
	}
	return a, nil
}

// parseDict reads what NNI exports. The link of the first node, the input, may be missing.
//
// Source: Space_rl in nas_bench_graph/runnni.py of the benchmark's package.
func parseDict(d pydata.Dict) (Arch, error) {
	var a Arch
	left := len(d)
	for node := range NumNodes {
		for i, set := range []func(int, any) error{a.setLink, a.setOp} {
			name := fmt.Sprintf("%s%d", []string{"lk", "op"}[i], node)
			value, ok := d.Get(name)
			if !ok {
				if name == "lk0" {
					continue
				}
				return Arch{}, fmt.Errorf("the dict has no %q", name)
			}
			left--
			if err := set(node, value); err != nil {
				return Arch{}, err
			}
		}
	}
	if left > 0 {
		return Arch{}, fmt.Errorf("the dict has %d keys besides lk0 to lk%d and op0 to op%d", left, NumNodes-1, NumNodes-1)
	}
	return a, nil
}

func (a *Arch) setLink(node int, value any) error {
	link, ok := value.(int)
	if !ok || link < 0 || link > node {
		return fmt.Errorf("computing node %d is linked to %s, want a number from 0 to %d", node+1, pydata.Describe(value), node)
	}
	a.Links[node] = uint8(link)
	return nil
}

func (a *Arch) setOp(node int, value any) error {
	name, _ := value.(string)
	op := slices.Index(opNames[:], name)
	if op < 0 {
		return fmt.Errorf("the operation of computing node %d is %s, want one of %s", node+1, pydata.Describe(value), strings.Join(opNames[:], ", "))
	}
	a.Ops[node] = Op(op)
	return nil
}

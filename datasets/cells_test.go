package datasets_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func cells(t *testing.T, name string, nodes int, operations ...string) datasets.Space {
	t.Helper()
	space, err := datasets.NewCells(name, nodes, operations...)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

func TestSpacesOfCells(t *testing.T) {
	five := []string{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"}
	for _, space := range []datasets.Space{
		cells(t, "three nodes", 3, "a", "b", "c"), cells(t, "like -201", 4, five...), cells(t, "seven nodes", 7, five...),
	} {
		t.Run(space.Name(), func(t *testing.T) { spacetest.Run(t, space) })
	}
	if _, finite := cells(t, "seven nodes", 7, five...).(datasets.FiniteSpace); finite {
		t.Error("5^21 cells can be listed")
	}
}

// A cell of NAS-Bench-201 is the same text in its own space, and has the same neighbours.
func TestCellsAreThoseOfNASBench201(t *testing.T) {
	own, like := nasbench201.Space{}, cells(t, "like -201", 4, "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
	if n := like.(datasets.FiniteSpace).Len(); n != own.Len() {
		t.Errorf("%d cells, want %d", n, own.Len())
	}
	texts := func(space datasets.Space, text string) map[string]bool {
		a, err := space.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]bool{a.String(): true}
		for _, b := range space.Neighbours(a) {
			all[b.String()] = true
		}
		return all
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		text := own.Sample(rng).String()
		a, b := texts(own, text), texts(like, text)
		if len(a) != 25 || len(b) != 25 {
			t.Fatalf("%s has %d and %d neighbours", text, len(a)-1, len(b)-1)
		}
		for neighbour := range a {
			if !b[neighbour] {
				t.Fatalf("%s is no neighbour of %s", neighbour, text)
			}
		}
	}
}

func TestOperationCells(t *testing.T) {
	space := cells(t, "three nodes", 3, "a", "b", "c")
	a, err := space.Parse("|b~0|+|a~0|c~1|")
	if err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(a)
	if err != nil || string(object) != `["b","a","c"]` {
		t.Errorf("JSON is %s, %v", object, err)
	}
	if b, err := space.Parse(string(object)); err != nil || b != a {
		t.Errorf("the JSON is read as %v, %v", b, err)
	}
	for text, want := range map[string]string{
		"":                "node 1 gets",
		"|b~0|":           "has 1 operations, want 3",
		"|b~0|+|a~0|":     "node 2 gets",
		"|b~0|+|a~0|c~2|": "node 2 gets",
		"|d~0|+|a~0|c~1|": `operation "d" is none of`,
		`["a","b"]`:       "has 2 operations",
		`["a",1]`:         "no list of operations",
	} {
		_, err := space.Parse(text)
		wantLine(t, err, want)
	}
}

// A file says the same as the functions.
func TestReadSpace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "space.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"name": "my nets", "choices": [
  {"name": "depth", "options": [2, 4, 8], "ordered": true},
  {"name": "optimizer", "options": ["adam", "sgd"]},
  {"name": "momentum", "options": [0.80, 0.9], "when": {"optimizer": ["sgd"]}}]}
`)
	space, err := datasets.ReadSpace(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := space.(datasets.FiniteSpace).Len(); space.Name() != "my nets" || n != 9 {
		t.Errorf("%s has %d architectures", space.Name(), n)
	}
	if a, err := space.Parse("depth=4 optimizer=sgd momentum=0.80"); err != nil || len(space.Neighbours(a)) != 4 {
		t.Errorf("%v has neighbours %v, %v", a, space.Neighbours(a), err)
	}
	write(`{"name": "cells", "cells": {"nodes": 3, "operations": ["a", "b"]}}`)
	if space, err = datasets.ReadSpace(path); err != nil || space.(datasets.FiniteSpace).Len() != 8 {
		t.Errorf("cells: %v, %v", space, err)
	}
	_, err = datasets.ReadSpace(path + "x")
	wantLine(t, err, "no such file")
}

// A space writes its own file: what is read of that is the same space.
func TestSpacesWriteTheirFile(t *testing.T) {
	for _, space := range []datasets.Space{training(t), cells(t, "cells", 3, "a", "b")} {
		text, err := json.Marshal(space)
		if err != nil {
			t.Fatal(err)
		}
		again, err := datasets.ParseSpace(text)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if !reflect.DeepEqual(again, space) {
			t.Errorf("%s is read as %v", text, again)
		}
	}
}

// Who makes a space in a function, and calls it twice, has one space: architectures of one call are
// those of the other.
func TestSpaceMadeTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, make := range []func() datasets.Space{
		func() datasets.Space { return cells(t, "twice", 3, "a", "b") },
		func() datasets.Space { return training(t) },
	} {
		a, again := make().Sample(rng), make()
		if !slices.Contains(datasets.All(again.(datasets.FiniteSpace)), a) || again.Canonical(a) != a {
			t.Errorf("%v is not of the same space made again", a)
		}
	}
	if cells(t, "twice", 3, "a", "b") == cells(t, "twice", 3, "b", "a") {
		t.Error("spaces with operations in another order are one")
	}
}

// A journal belongs to a space as it was: an option more, or an order less, is another space,
// though its name is the same.
func TestSpaceFileChangedUnderASearch(t *testing.T) {
	depth := datasets.Choice{Name: "depth", Options: []string{"2", "4"}, Ordered: true}
	wider, unordered := depth, depth
	wider.Options, unordered.Ordered = []string{"2", "4", "8"}, false
	options := datasets.OracleOptions{Budget: 1, Journal: filepath.Join(t.TempDir(), "journal.jsonl")}
	at := func(c datasets.Choice) error {
		o, err := datasets.OpenOracle(t.Context(), choices(t, "mine", c), new(trainer), options)
		if err == nil {
			o.Close()
		}
		return err
	}
	for _, c := range []datasets.Choice{depth, depth} {
		if err := at(c); err != nil {
			t.Fatal(err)
		}
	}
	wantLine(t, at(wider), `the space was another one when its search began: {"name":"depth","options":[2,4],"ordered":true}, and now {"name":"depth","options":[2,4,8],"ordered":true}`)
	wantLine(t, at(unordered), `and now {"name":"depth","options":[2,4]}`)
}

// Every mistake has its line.
func TestSpaceFilesWithMistakes(t *testing.T) {
	const good = `{
  "name": "my nets",
  "choices": [
    {"name": "depth", "options": [2, 4, 8], "ordered": true},
    {"name": "optimizer", "options": ["adam", "sgd"]},
    {"name": "momentum", "options": [0.8, 0.9],
     "when": {"optimizer": ["sgd"]}}
  ]
}
`
	if _, err := datasets.ParseSpace([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{good, "", "line 1: it ends too early"},
		{good, "depth,optimizer\n", "line 1: this is no JSON"},
		{good, "[]", "line 1: "},
		{"  ]\n}\n", "  ]\n", "line 8: it ends too early"},
		{`"ordered": true},`, `"ordered": true}`, "line 5: this is no JSON"},
		{`"ordered": true},`, `"ordered": true,},`, "line 4: this is no JSON"},
		{`"ordered": true`, `"orderd": true`, `line 4: unknown field "orderd"`},
		{`"ordered": true`, `"ordered": "yes"`, `line 4: "ordered" is of kind string, want bool`},
		{`  "name": "my nets",` + "\n", "", `line 1: there is no "name"`},
		{`"choices"`, `"choises"`, `line 1: unknown field "choises"`},
		{`"my nets",`, `"my nets", "cells": {"nodes": 3, "operations": ["a"]},`, `line 1: want either "choices" or "cells"`},
		{`"options": ["adam", "sgd"]`, `"options": []`, "line 5: space my nets: choice optimizer has 0 options"},
		{`"options": ["adam", "sgd"]`, `"options": "adam"`, `line 5: "options" is of kind string, want array`},
		{`"options": ["adam", "sgd"]`, `"options": ["adam", "adam"]`, "line 5: space my nets: optimizer has the option adam twice"},
		{`"options": ["adam", "sgd"]`, `"options": ["adam", ["sgd"]]`, "line 5: an option is"},
		{`"options": ["adam", "sgd"]`, `"options": ["adam", null]`, "line 5: an option is null"},
		{`"options": ["adam", "sgd"]`, `"options": ["adam", "s g d"]`, `line 5: space my nets: option 2 of optimizer is "s g d"`},
		{`"name": "optimizer"`, `"name": "depth"`, "line 5: space my nets: two choices are called depth"},
		{`"name": "optimizer"`, `"name": "opt"`, `line 6: space my nets: momentum depends on "optimizer", and no choice before it`},
		{`["sgd"]}}`, `["sdg"]}}`, `line 6: space my nets: momentum depends on optimizer being "sdg"`},
		{`["sgd"]}}`, `["sgd"], "depth": [2]}}`, "line 6: momentum depends on 2 choices, want one"},
		{`["sgd"]}}`, `"sgd"}}`, `line 7: "when`},
		{"  ]\n}\n", "  ]\n}\n{}", "something follows"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		_, err := datasets.ParseSpace([]byte(text))
		wantLine(t, err, c.want)
	}
	for text, want := range map[string]string{
		`{"name": "c", "cells": {"nodes": 1, "operations": ["a"]}}`:      "cells have 1 nodes",
		`{"name": "c", "cells": {"nodes": 3, "operations": ["a", "a"]}}`: "operation a twice",
		`{"name": "c", "cells": {"nodes": 3, "operations": []}}`:         "0 operations",
		`{"name": "c", "cells": {"nodes": 3, "operations": ["a|b"]}}`:    `operation 1 is "a|b"`,
		`{"name": "c", "cells": {"nodes": 3.5, "operations": ["a"]}}`:    "nodes",
		`{"name": "c", "cells": {"nodes": 3, "ops": ["a"]}}`:             `unknown field "ops"`,
	} {
		_, err := datasets.ParseSpace([]byte(text))
		wantLine(t, err, "line 1: ", want)
	}
}

package datasets_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func choices(t *testing.T, name string, list ...datasets.Choice) datasets.Space {
	t.Helper()
	space, err := datasets.NewChoices(name, list...)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// training is a space of a training, with choices that depend on others, over two levels.
func training(t *testing.T) datasets.FiniteSpace {
	t.Helper()
	return choices(t, "training",
		datasets.Choice{Name: "depth", Options: []string{"1", "2", "3", "4"}, Ordered: true},
		datasets.Choice{Name: "optimizer", Options: []string{"adam", "sgd", "none"}},
		datasets.Choice{Name: "momentum", Options: []string{"0.8", "0.9", "0.99"}, Ordered: true, When: "optimizer", Equals: []string{"sgd"}},
		datasets.Choice{Name: "rate", Options: []string{"1e-3", "1e-2"}, When: "optimizer", Equals: []string{"sgd", "adam"}},
		datasets.Choice{Name: "nesterov", Options: []string{"yes", "no"}, When: "momentum", Equals: []string{"0.9", "0.99"}},
		datasets.Choice{Name: "augment", Options: []string{"yes"}},
	).(datasets.FiniteSpace)
}

// Spaces of choices keep to what a space has to: small ones and large ones, with choices that are
// ordered, depend on others, or are none.
func TestSpacesOfChoices(t *testing.T) {
	var many []datasets.Choice
	for i := range 18 {
		many = append(many, datasets.Choice{Name: fmt.Sprint("layer", i), Options: strings.Fields("a b c d e f g h i j")})
	}
	for _, space := range []datasets.Space{
		training(t),
		choices(t, "two by two", datasets.Choice{Name: "a", Options: []string{"0", "1"}}, datasets.Choice{Name: "b", Options: []string{"0", "1"}}),
		choices(t, "10^18", many...),
	} {
		t.Run(space.Name(), func(t *testing.T) { spacetest.Run(t, space) })
	}
	if _, finite := choices(t, "10^18", many...).(datasets.FiniteSpace); finite {
		t.Error("10^18 architectures can be listed")
	}
	one := choices(t, "one", datasets.Choice{Name: "a", Options: []string{"1"}}).(datasets.FiniteSpace)
	if one.Len() != 1 || one.At(0).String() != "a=1" || one.Neighbours(one.At(0)) != nil || one.Mutate(one.At(0), nil) != one.At(0) {
		t.Errorf("the space of one architecture has %d", one.Len())
	}
}

// The number of architectures by hand: 4 depths, and adam with 2 rates, sgd with 2 rates and 0.8
// alone or two momenta with nesterov or without, and none.
func TestChoicesAreCounted(t *testing.T) {
	space := training(t)
	if want := 4 * (2 + 2*(1+2*2) + 1); space.Len() != want {
		t.Errorf("%d architectures, want %d", space.Len(), want)
	}
	seen := map[string]bool{}
	for i := range space.Len() {
		seen[space.At(i).String()] = true
	}
	if len(seen) != space.Len() {
		t.Errorf("%d are different", len(seen))
	}
}

// Samples are uniform: of architectures, not of options.
func TestSamplesOfChoicesAreUniform(t *testing.T) {
	space, counts := training(t), map[datasets.Arch]int{}
	rng := rand.New(rand.NewPCG(1, 2))
	const each = 400
	for range each * space.Len() {
		counts[space.Sample(rng)]++
	}
	chi := 0.0
	for i := range space.Len() {
		d := float64(counts[space.At(i)] - each)
		chi += d * d / each
	}
	if chi > 86 { // the 99.9 % quantile for 51 degrees of freedom
		t.Errorf("chi square is %v", chi)
	}
}

func TestSelections(t *testing.T) {
	space := training(t)
	const text = "depth=3 optimizer=sgd momentum=0.9 rate=1e-2 nesterov=no augment=yes"
	a, err := space.Parse(text)
	if err != nil || a.String() != text {
		t.Fatalf("%v, %v", a, err)
	}
	object, err := json.Marshal(a)
	if want := `{"depth":3,"optimizer":"sgd","momentum":0.9,"rate":1e-2,"nesterov":"no","augment":"yes"}`; err != nil || string(object) != want {
		t.Errorf("JSON is %s, %v, want %s", object, err, want)
	}
	if b, err := space.Parse(string(object)); err != nil || b != a {
		t.Errorf("the JSON is read as %v, %v", b, err)
	}
	s := a.(datasets.Selection)
	if depth, ok := s.Number("depth"); !ok || depth != 3 {
		t.Errorf("depth is %v, %t", depth, ok)
	}
	if _, ok := s.Number("optimizer"); ok {
		t.Error("sgd is a number")
	}
	if _, ok := s.Option("width"); ok {
		t.Error("there is a width")
	}
	// One change: depth up and down, the optimizer, the momentum, ...; not to depth 1.
	var neighbours []string
	for _, b := range space.Neighbours(a) {
		neighbours = append(neighbours, b.String())
	}
	for neighbour, want := range map[string]bool{
		"depth=4 optimizer=sgd momentum=0.9 rate=1e-2 nesterov=no augment=yes": true,
		"depth=1 optimizer=sgd momentum=0.9 rate=1e-2 nesterov=no augment=yes": false,
		"depth=3 optimizer=adam rate=1e-2 augment=yes":                         true,
		"depth=3 optimizer=adam rate=1e-3 augment=yes":                         false,
		"depth=3 optimizer=none augment=yes":                                   true,
		"depth=3 optimizer=sgd momentum=0.8 rate=1e-2 augment=yes":             true,
	} {
		if got := slices.Contains(neighbours, neighbour); got != want {
			t.Errorf("%s is a neighbour: %t", neighbour, got)
		}
	}
	for text, want := range map[string]string{
		"depth=3":                            "does not say what optimizer is",
		"depth=7 optimizer=none augment=yes": `depth is "7", want one of`,
		"depth=3 optimizer=none augment=yes rate=1e-3": "nothing to decide unless optimizer is one of",
		"depth=3 optimizer=none augment=yes width=3":   `no choice "width"`,
		"depth=3 depth=4 optimizer=none augment=yes":   "each name once",
		"depth 3":     "want NAME=OPTION",
		`{"depth":3,`: "no object of JSON",
		`{"depth":3,"optimizer":null,"augment":"yes"}`: "optimizer is",
	} {
		_, err := space.Parse(text)
		wantLine(t, err, want)
	}
}

// What the networks see of an ordered choice tells close options from distant ones, and nothing of
// other choices.
func TestOrderedChoicesAreSeen(t *testing.T) {
	space := choices(t, "widths", datasets.Choice{Name: "kind", Options: []string{"a", "b"}},
		datasets.Choice{Name: "width", Options: []string{"8", "16", "32", "64"}, Ordered: true}).(datasets.FiniteSpace)
	schema := space.Schema()
	if schema.Nodes != 2 {
		t.Errorf("two choices have %d nodes", schema.Nodes)
	}
	numbers := func(i int) (all []float32) {
		for _, class := range space.Encode(space.At(i)).Nodes {
			all = append(all, schema.Numbers[class]...)
		}
		return all
	}
	for i := range space.Len() {
		for j := range space.Len() {
			differing := 0
			a, b := numbers(i), numbers(j)
			for k := range a {
				if a[k] != b[k] {
					differing++
				}
			}
			if width, other := i%4, j%4; differing != max(width-other, other-width) {
				t.Errorf("%v and %v differ in %d numbers", space.At(i), space.At(j), differing)
			}
		}
	}
}

// A space that cannot be is one line that says which choice, and what is wrong.
func TestChoicesThatCannotBe(t *testing.T) {
	type c = datasets.Choice
	ab := []string{"a", "b"}
	for _, test := range []struct {
		name    string
		choices []c
		want    string
	}{
		{"", []c{{Name: "x", Options: ab}}, "want a name"},
		{"s", nil, "no choices"},
		{"s", []c{{Options: ab}}, "choice 1 is called"},
		{"s", []c{{Name: "x y", Options: ab}}, `"x y"; want a name without spaces`},
		{"s", []c{{Name: "x"}}, "x has 0 options"},
		{"s", []c{{Name: "x", Options: []string{"a", ""}}}, `option 2 of x is ""`},
		{"s", []c{{Name: "x", Options: []string{"a", "a"}}}, "x has the option a twice"},
		{"s", []c{{Name: "x", Options: []string{"1", "2", "1.0"}}}, "x has the option 1.0 twice: options 1 and 3"},
		{"s", []c{{Name: "x", Options: ab}, {Name: "x", Options: ab}}, "two choices are called x"},
		{"s", []c{{Name: "x", Options: ab, When: "y", Equals: []string{"a"}}, {Name: "y", Options: ab}}, `x depends on "y", and no choice before it`},
		{"s", []c{{Name: "x", Options: ab, When: "x", Equals: []string{"a"}}}, `x depends on "x"`},
		{"s", []c{{Name: "x", Options: ab}, {Name: "y", Options: ab, When: "x", Equals: []string{"c"}}}, `"c", which is none of its options`},
		{"s", []c{{Name: "x", Options: ab}, {Name: "y", Options: ab, When: "x"}}, "Equals has no options"},
		{"s", []c{{Name: "x", Options: ab, Equals: []string{"a"}}}, "and not When"},
		{"s", slices.Repeat([]c{{Name: "x", Options: ab}}, 2), "two choices"},
	} {
		_, err := datasets.NewChoices(test.name, test.choices...)
		wantLine(t, err, test.want)
	}
	var many []c
	for i := range 46 {
		many = append(many, c{Name: fmt.Sprint("x", i), Options: ab})
	}
	_, err := datasets.NewChoices("s", many...)
	wantLine(t, err, "46 nodes for the networks, want at most 45")
	many = many[:11]
	for i := range many[1:] {
		many[i+1].When, many[i+1].Equals = "x0", []string{"b"}
	}
	_, err = datasets.NewChoices("s", many...)
	wantLine(t, err, "an option of x0 brings 1024 ways")
}

// A program gets true and false as JSON has them: a text that says false counts as true in Python.
func TestOptionsThatAreTrueOrFalse(t *testing.T) {
	space := choices(t, "flags", datasets.Choice{Name: "residual", Options: []string{"true", "false", "maybe"}})
	for i, want := range []string{`{"residual":true}`, `{"residual":false}`, `{"residual":"maybe"}`} {
		a := space.(datasets.FiniteSpace).At(i)
		text, err := json.Marshal(a)
		if err != nil || string(text) != want {
			t.Errorf("%v is %s, %v, want %s", a, text, err, want)
		}
		if again, err := space.Parse(string(text)); err != nil || again != a {
			t.Errorf("%s is read as %v, %v", text, again, err)
		}
	}
}

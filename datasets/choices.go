package datasets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Choice is one thing to decide about an architecture, such as its depth.
type Choice struct {
	Name    string
	Options []string
	// Ordered says that the options come in an order, such as that of numbers: a neighbour is one
	// option up or down, and networks see which options are close to each other.
	Ordered bool
	// When says when there is something to decide: if the choice of that name, which stands before
	// this one, has one of these options. "" is always.
	When   string
	Equals []string
}

// NewChoices returns the space of all ways to decide. It is a [FiniteSpace] if it has no more than
// 20,000 architectures.
//
// To a network, a choice is a node whose class is its option, or that there is nothing to decide.
// An option of an ordered choice of m options has m-1 numbers too, which say of each option but the
// first whether this one is that or more. All nodes exchange messages.
//
// Two architectures are neighbours if one is the other after a change of one choice. Where that
// brings others into being, they may have any options.
func NewChoices(name string, choices ...Choice) (Space, error) {
	s := &choiceSpace{name: name, choices: slices.Clone(choices)}
	if name == "" || strings.ContainsAny(name, "\r\n") {
		return nil, fmt.Errorf("space %q: want a name in one line", name)
	}
	if len(choices) == 0 {
		return nil, fmt.Errorf("space %s: it has no choices; want at least one", name)
	}
	for i := range choices {
		if err := s.add(i); err != nil {
			return nil, fmt.Errorf("space %s: %w", name, err)
		}
	}
	s.count()
	for i, c := range s.choices {
		if most := slices.Max(s.ways[i]); most > maxConsequences {
			return nil, fmt.Errorf("space %s: an option of %s brings %.0f ways to decide other choices into being, want at most %d; let fewer depend on it",
				name, c.Name, most, maxConsequences)
		}
	}
	s.layOut()
	if pairs := s.schema.Pairs(); pairs > maxChoicePairs {
		return nil, fmt.Errorf("space %s: its choices make %d nodes for the networks, want at most 45; leave out choices", name, s.schema.Nodes)
	}
	s = onlyOne(s)
	if s.size <= maxFinite {
		return finiteChoices{s}, nil
	}
	return s, nil
}

var described sync.Map // spaces by their descriptions

// onlyOne returns the first space that was made by the same description, so that a space may be
// made again and again, and has the same architectures.
func onlyOne[S json.Marshaler](s S) S {
	text, err := s.MarshalJSON()
	if err != nil {
		panic(err) // strings and numbers
	}
	first, _ := described.LoadOrStore(string(text), s)
	return first.(S)
}

const (
	maxFinite       = 20_000 // architectures that searches may list
	maxChoicePairs  = 45 * 44 / 2
	maxConsequences = 1000 // ways to decide what a change brings into being
)

// choiceSpace is a space of choices.
type choiceSpace struct {
	name    string
	choices []Choice
	index   map[string]int // of choices by name
	roots   []int
	depend  [][]int     // choices that depend on one
	equals  [][]bool    // by option of the choice depended on: whether this one exists
	ways    [][]float64 // of each choice and option: ways to decide what depends on it
	size    float64

	schema Schema
	class  []int // of the first option of each choice
	absent []int // class of a node of a choice that there is not
}

const absentOption = 0xff

func (s *choiceSpace) add(i int) error {
	c := s.choices[i]
	switch {
	case c.Name == "" || strings.ContainsAny(c.Name, " \t\r\n=\""):
		return fmt.Errorf("choice %d is called %q; want a name without spaces, quotes and =", i+1, c.Name)
	case len(c.Options) == 0 || len(c.Options) > 100:
		return fmt.Errorf("choice %s has %d options, want 1 to 100", c.Name, len(c.Options))
	}
	if s.index == nil {
		s.index = map[string]int{}
	}
	if _, twice := s.index[c.Name]; twice {
		return fmt.Errorf("two choices are called %s; give each a name of its own", c.Name)
	}
	s.index[c.Name] = i
	for j, option := range c.Options {
		if option == "" || strings.ContainsAny(option, " \t\r\n=\"") {
			return fmt.Errorf("option %d of %s is %q; want a word without spaces, quotes and =", j+1, c.Name, option)
		}
		if k := slices.IndexFunc(c.Options[:j], func(other string) bool { return sameOption(option, other) }); k >= 0 {
			return fmt.Errorf("%s has the option %s twice: options %d and %d", c.Name, option, k+1, j+1)
		}
	}
	s.depend, s.equals = append(s.depend, nil), append(s.equals, nil)
	if c.When == "" {
		if len(c.Equals) > 0 {
			return fmt.Errorf("%s says Equals %q and not When", c.Name, c.Equals)
		}
		s.roots = append(s.roots, i)
		return nil
	}
	parent, ok := s.index[c.When]
	if !ok || parent == i {
		return fmt.Errorf("%s depends on %q, and no choice before it is called so", c.Name, c.When)
	}
	s.depend[parent] = append(s.depend[parent], i)
	s.equals[i] = make([]bool, len(s.choices[parent].Options))
	for _, option := range c.Equals {
		j := slices.Index(s.choices[parent].Options, option)
		if j < 0 {
			return fmt.Errorf("%s depends on %s being %q, which is none of its options %q", c.Name, c.When, option, s.choices[parent].Options)
		}
		s.equals[i][j] = true
	}
	if len(c.Equals) == 0 {
		return fmt.Errorf("%s depends on %s, and Equals has no options of it", c.Name, c.When)
	}
	return nil
}

// sameOption reports whether two options are one, as 1 and 1.0 are.
func sameOption(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return a == b || err1 == nil && err2 == nil && x == y
}

// count counts architectures. Choices stand after those they depend on.
func (s *choiceSpace) count() {
	s.ways = make([][]float64, len(s.choices))
	for i, c := range slices.Backward(s.choices) {
		s.ways[i] = slices.Repeat([]float64{1}, len(c.Options))
		for _, child := range s.depend[i] {
			for option := range c.Options {
				if s.equals[child][option] {
					s.ways[i][option] *= s.total(child)
				}
			}
		}
	}
	s.size = 1
	for _, root := range s.roots {
		s.size *= s.total(root)
	}
}

// total is the number of ways to decide a choice and what depends on it.
func (s *choiceSpace) total(i int) (sum float64) {
	for _, ways := range s.ways[i] {
		sum += ways
	}
	return sum
}

// layOut assigns classes, their numbers and heads. Choice i is node i.
func (s *choiceSpace) layOut() {
	s.schema.Nodes = len(s.choices)
	for i, c := range s.choices {
		s.class = append(s.class, s.schema.NodeTypes)
		s.schema.NodeTypes += len(c.Options)
		s.absent = append(s.absent, s.schema.NodeTypes)
		if c.When != "" {
			s.schema.NodeTypes++
		}
		s.schema.Heads = append(s.schema.Heads, Head{Name: c.Name, Groups: 1, Classes: max(2, len(c.Options)), Nodes: []int{i}})
	}
	s.schema.Numbers = make([][]float32, s.schema.NodeTypes)
	for i, c := range s.choices {
		if !c.Ordered {
			continue
		}
		for least := range len(c.Options) - 1 {
			for class := range s.schema.Numbers {
				reached := float32(0)
				if option := class - s.class[i]; option > least && option < len(c.Options) {
					reached = 1
				}
				s.schema.Numbers[class] = append(s.schema.Numbers[class], reached)
			}
		}
	}
	if len(s.schema.Numbers[0]) == 0 {
		s.schema.Numbers = nil
	}
}

package datasets

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
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
// To a network, a choice is a node whose class is its option, or that there is nothing to decide. An
// ordered choice of m options has m-1 nodes, which say of each option but the first whether the
// choice is that or more. All nodes exchange messages.
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
		return nil, fmt.Errorf("space %s: its choices make %d nodes for the networks, want at most 45; leave out Ordered, or choices", name, s.schema.Nodes)
	}
	if s.size <= maxFinite {
		return finiteChoices{s}, nil
	}
	return s, nil
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
	first  []int // node of each choice, the first of an ordered one
	class  []int // of the first option
	absent []int // class of a node of a choice that there is not
}

// Selection is an architecture of a space of choices. Copies are equal.
type Selection struct {
	space   *choiceSpace
	options string // option of each choice, absentOption where there is nothing to decide
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
		if slices.Contains(c.Options[:j], option) {
			return fmt.Errorf("%s has the option %s twice", c.Name, option)
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

// layOut assigns nodes, classes and heads.
func (s *choiceSpace) layOut() {
	classes := 0
	for _, c := range s.choices {
		s.first, s.class = append(s.first, s.schema.Nodes), append(s.class, classes)
		if c.Ordered && len(c.Options) > 1 {
			s.schema.Nodes += len(c.Options) - 1
			classes += 2 * (len(c.Options) - 1)
		} else {
			s.schema.Nodes++
			classes += len(c.Options)
		}
		s.absent = append(s.absent, classes)
		if c.When != "" {
			classes++
		}
		s.schema.Heads = append(s.schema.Heads, Head{Name: c.Name, Groups: 1, Classes: max(2, len(c.Options))})
	}
	s.schema.NodeTypes = classes
}

// Name implements Space.
func (s *choiceSpace) Name() string { return s.name }

// Schema implements Space.
func (s *choiceSpace) Schema() Schema {
	schema := s.schema
	schema.Heads = slices.Clone(schema.Heads)
	return schema
}

// Canonical implements Space. Every architecture stands for itself.
func (s *choiceSpace) Canonical(a Arch) Arch { return s.mine(a) }

func (s *choiceSpace) mine(a Arch) Selection {
	selection := a.(Selection)
	if selection.space != s {
		panic(fmt.Sprintf("%v is of %s, not of %s", a, selection.space.name, s.name))
	}
	return selection
}

// exists says whether there is something to decide, by the options of the choices before.
func (s *choiceSpace) exists(i int, options []byte) bool {
	if s.choices[i].When == "" {
		return true
	}
	parent := options[s.index[s.choices[i].When]]
	return parent != absentOption && s.equals[i][parent]
}

// complete makes an architecture of options, of which pick says those that there are.
func (s *choiceSpace) complete(pick func(i int, options []byte) byte) Selection {
	options := make([]byte, len(s.choices))
	for i := range options {
		options[i] = absentOption
		if s.exists(i, options) {
			options[i] = pick(i, options)
		}
	}
	return Selection{s, string(options)}
}

// Sample implements Space. All architectures are alike.
func (s *choiceSpace) Sample(rng *rand.Rand) Arch {
	return s.complete(func(i int, _ []byte) byte {
		at := rng.Float64() * s.total(i)
		for option, ways := range s.ways[i] {
			if at -= ways; at < 0 {
				return byte(option)
			}
		}
		return byte(len(s.ways[i]) - 1)
	})
}

// Neighbours implements Space.
func (s *choiceSpace) Neighbours(a Arch) []Arch {
	selection := s.mine(a)
	var neighbours []Arch
	for i, c := range s.choices {
		now := int(selection.options[i])
		if now == absentOption {
			continue
		}
		for option := range c.Options {
			if option == now || c.Ordered && option != now-1 && option != now+1 {
				continue
			}
			neighbours = append(neighbours, s.changed(selection, i, byte(option))...)
		}
	}
	return neighbours
}

// changed returns the architectures that have another option of a choice, and any of what that brings
// into being.
func (s *choiceSpace) changed(from Selection, at int, option byte) []Arch {
	var all []Arch
	options := []byte(from.options)
	options[at] = option
	var decide func(i int)
	decide = func(i int) {
		if i == len(options) {
			all = append(all, Selection{s, string(options)})
			return
		}
		was := options[i]
		defer func() { options[i] = was }()
		switch {
		case i == at || was != absentOption && s.exists(i, options):
			decide(i + 1)
		case !s.exists(i, options):
			options[i] = absentOption
			decide(i + 1)
		default:
			for o := range s.choices[i].Options {
				options[i] = byte(o)
				decide(i + 1)
			}
		}
	}
	decide(0)
	return all
}

// Mutate implements Space. An architecture without neighbours is its own mutant.
func (s *choiceSpace) Mutate(a Arch, rng *rand.Rand) Arch {
	neighbours := s.Neighbours(a)
	if len(neighbours) == 0 {
		return a
	}
	return neighbours[rng.IntN(len(neighbours))]
}

// Encode implements Space.
func (s *choiceSpace) Encode(a Arch) Graph {
	selection := s.mine(a)
	g := Graph{Nodes: make([]int32, s.schema.Nodes), Edges: make([]int32, s.schema.Pairs()), Labels: make([]int32, len(s.choices))}
	for i, c := range s.choices {
		option := int(selection.options[i])
		g.Labels[i] = int32(option)
		if option == absentOption {
			g.Labels[i] = -1
		}
		last := s.schema.Nodes
		if i+1 < len(s.choices) {
			last = s.first[i+1]
		}
		for node := s.first[i]; node < last; node++ {
			threshold := node - s.first[i] + 1
			switch {
			case option == absentOption:
				g.Nodes[node] = int32(s.absent[i])
			case !c.Ordered || len(c.Options) == 1:
				g.Nodes[node] = int32(s.class[i] + option)
			case option >= threshold:
				g.Nodes[node] = int32(s.class[i] + 2*threshold - 1)
			default:
				g.Nodes[node] = int32(s.class[i] + 2*threshold - 2)
			}
		}
	}
	return g
}

// Decode implements Space.
func (s *choiceSpace) Decode(scores []float32) (Arch, error) {
	if want := s.schema.Outputs(); len(scores) != want {
		return nil, fmt.Errorf("%s: %d scores, want %d", s.name, len(scores), want)
	}
	at := make([]int, len(s.choices))
	for i := range s.choices[1:] {
		at[i+1] = at[i] + s.schema.Heads[i].Classes
	}
	return s.complete(func(i int, _ []byte) byte {
		best := 0
		for option, score := range scores[at[i]:][:len(s.choices[i].Options)] {
			if score > scores[at[i]+best] {
				best = option
			}
		}
		return byte(best)
	}), nil
}

// String prints what is decided, such as "depth=3 optimizer=sgd momentum=0.9".
func (a Selection) String() string {
	var words []string
	for i, c := range a.space.choices {
		if option := a.options[i]; option != absentOption {
			words = append(words, c.Name+"="+c.Options[option])
		}
	}
	return strings.Join(words, " ")
}

// Option returns the option of a choice; ok is false if there is no such choice, or nothing to decide.
func (a Selection) Option(choice string) (option string, ok bool) {
	i, ok := a.space.index[choice]
	if !ok || a.options[i] == absentOption {
		return "", false
	}
	return a.space.choices[i].Options[a.options[i]], true
}

// Number returns the option of a choice as a number; ok is false if it is none.
func (a Selection) Number(choice string) (value float64, ok bool) {
	option, ok := a.Option(choice)
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(option, 64)
	return value, err == nil
}

// MarshalJSON returns what is decided, as an object in the order of the choices. Options that are
// numbers are numbers in it.
func (a Selection) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for i, c := range a.space.choices {
		if a.options[i] == absentOption {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		name, _ := json.Marshal(c.Name) // a string
		text = append(append(text, name...), ':')
		text = append(text, jsonOption(c.Options[a.options[i]])...)
	}
	return append(text, '}'), nil
}

// jsonOption is an option as JSON: a number if JSON would print it so.
func jsonOption(option string) []byte {
	if number := json.Number(option); json.Valid([]byte(option)) {
		if _, err := number.Float64(); err == nil {
			return []byte(option)
		}
	}
	text, _ := json.Marshal(option)
	return text
}

// Parse implements Space. It also reads the object that MarshalJSON prints, with its names in any
// order.
func (s *choiceSpace) Parse(text string) (Arch, error) {
	given, err := s.given(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	var wrong error
	a := s.complete(func(i int, _ []byte) byte {
		c := s.choices[i]
		option, ok := given[c.Name]
		delete(given, c.Name)
		j := slices.Index(c.Options, option)
		switch {
		case wrong != nil:
		case !ok:
			wrong = fmt.Errorf("%s: %q does not say what %s is, one of %q", s.name, text, c.Name, c.Options)
		case j < 0:
			wrong = fmt.Errorf("%s: %s is %q, want one of %q", s.name, c.Name, option, c.Options)
		}
		return byte(max(0, j))
	})
	if wrong != nil {
		return nil, wrong
	}
	for _, c := range s.choices {
		if option, ok := given[c.Name]; ok {
			return nil, fmt.Errorf("%s: %s is %s, though there is nothing to decide unless %s is one of %q", s.name, c.Name, option, c.When, c.Equals)
		}
	}
	for name := range given {
		return nil, fmt.Errorf("%s: there is no choice %q", s.name, name)
	}
	return a, nil
}

// given returns what a text says.
func (s *choiceSpace) given(text string) (map[string]string, error) {
	given := map[string]string{}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("%q is no object of JSON: %w", text, err)
		}
		for name, value := range object {
			given[name] = fmt.Sprint(value)
		}
		return given, nil
	}
	for _, word := range strings.Fields(text) {
		name, option, ok := strings.Cut(word, "=")
		if _, twice := given[name]; !ok || twice {
			return nil, fmt.Errorf("%q: want NAME=OPTION, each name once, and not %q", text, word)
		}
		given[name] = option
	}
	return given, nil
}

// finiteChoices is a space of choices that is small enough to list. Architectures are numbered with
// the last choice the fastest.
type finiteChoices struct{ *choiceSpace }

// Len implements FiniteSpace.
func (s finiteChoices) Len() int { return int(s.size) }

// At implements FiniteSpace.
func (s finiteChoices) At(i int) Arch {
	if i < 0 || i >= s.Len() {
		panic(fmt.Sprintf("%s: no architecture %d", s.name, i))
	}
	options := []byte(strings.Repeat(string([]byte{absentOption}), len(s.choices)))
	s.decide(s.roots, i, options)
	return Selection{s.choiceSpace, string(options)}
}

// decide sets choices, and what depends on them, to the way of that number.
func (s finiteChoices) decide(choices []int, number int, options []byte) {
	for _, i := range slices.Backward(choices) {
		total := int(s.total(i))
		rest := number % total
		number /= total
		for option, ways := range s.ways[i] {
			if rest < int(ways) {
				options[i] = byte(option)
				s.decide(s.existing(i, option), rest, options)
				break
			}
			rest -= int(ways)
		}
	}
}

// existing are the choices that there are by the option of another one.
func (s finiteChoices) existing(i, option int) (choices []int) {
	for _, child := range s.depend[i] {
		if s.equals[child][option] {
			choices = append(choices, child)
		}
	}
	return choices
}

// Index implements FiniteSpace.
func (s finiteChoices) Index(a Arch) int { return s.number(s.roots, s.mine(a).options) }

// number is the inverse of decide.
func (s finiteChoices) number(choices []int, options string) (number int) {
	for _, i := range choices {
		option := int(options[i])
		rest := s.number(s.existing(i, option), options)
		for _, ways := range s.ways[i][:option] {
			rest += int(ways)
		}
		number = number*int(s.total(i)) + rest
	}
	return number
}
